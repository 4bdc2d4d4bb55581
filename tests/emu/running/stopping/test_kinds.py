# SPDX-License-Identifier: GPL-2.0-or-later
"""Descriptions of stops: what they say, and what none of them can wait for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from emu.page_states import Content, Usage
from emu.running.stopping import kinds


@pytest.mark.parametrize(
    ("on", "text"),
    (
        (kinds.AtAddress(0x1234), "instruction at 0x1234"),
        (kinds.AtAddress(0x1234, kinds.StopSpace.REAL), "instruction at real 0x1234"),
        (kinds.AtTarget(0x1234), "execution of the target at 0x1234"),
        (kinds.AtMnemonic(frozenset({"SSKE", "ISKE"})), "instruction ISKE/SSKE"),
        (kinds.AtInterruption(), "any interruption"),
        (kinds.AtInterruption("svc", frozenset({5}), before=True), "svc interruption 0005, before it is delivered"),
        (kinds.PageStateChange(16, Usage.UNUSED), "page-state change of page 10 (10000), to unused"),
        (kinds.StorageKeyChange(), "storage-key change"),
        (kinds.ContentChange(16, Content.PRESERVED), "content change of page 10 (10000), to preserved"),
        (kinds.FirstTouch(16), "first touch of page 10 (10000)"),
        (kinds.ControlRegisterChange(0, 1 << 63), "change of control register 0, bits 8000000000000000"),
        (kinds.PswMaskChange(1), "change of the PSW, bits 0000000000000001"),
        (kinds.StorageAccess(0x10, 0x17), "store into 0x10 to 0x17"),
        (kinds.StorageAccess(0x10, 0x17, kinds.StopSpace.ABSOLUTE, fetches=True), "access to absolute 0x10 to 0x17"),
        (kinds.StorageAccess(0x10, 0x17, stores=False, fetches=True), "fetch from 0x10 to 0x17"),
        (kinds.ConsoleText(b"login: "), "console text 'login: '"),
        (kinds.AtInstructionCount(7), "7 instructions"),
        (kinds.AtTime(7), "virtual time 7"),
        (kinds.When(bool, name="gr2 > 7"), "gr2 > 7"),
    ),
)  # fmt: skip
def test_a_stop_says_what_it_waits_for(on: kinds.StopOn, text: str) -> None:
    assert str(on) == text


@pytest.mark.parametrize(
    ("make", "message"),
    (
        (lambda: kinds.AtAddress(0, count=0), "the count of a stop must be at least 1, not 0"),
        (lambda: kinds.AtInterruption("magic"), "expected a class of interruptions, one of program, .* not 'magic'"),
        (lambda: kinds.ControlRegisterChange(16), "expected the number of a control register, 0 to 15, not 16"),
        (lambda: kinds.StorageAccess(8, 7), "expected a range of addresses, not 0x8 to 0x7"),
        (lambda: kinds.StorageAccess(-1, 7), "expected a range of addresses, not -0x1 to 0x7"),
        (lambda: kinds.StorageAccess(7, 7, stores=False), "expected an access to stop at: stores, fetches or both"),
        (lambda: kinds.ConsoleText(b""), "expected a text of the console, which was empty"),
    ),
)
def test_what_nothing_can_wait_for_is_refused(make: Callable[[], kinds.StopOn], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_description_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        kinds.AtAddress(1).address = 2  # type: ignore[misc]
