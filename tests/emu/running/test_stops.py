# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a run ends: the exception that carries it, and what can be read in it."""

from __future__ import annotations

import dataclasses

import pytest

from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, Psw
from emu.running.stops import Stop, StopKind, StopRun

PSW = Psw(ADDRESSING_MODE, 0x1234)


def test_a_stop_says_on_which_cpu_and_with_which_psw() -> None:
    cpu = Machine(MEGABYTE, cpus=3).cpus[2]
    cpu.load_psw(PSW)
    stop = StopRun(StopKind.ENDLESS_LOOP, cpu, "at 0x1234").stop
    assert stop == Stop(StopKind.ENDLESS_LOOP, 2, PSW, "at 0x1234")


def test_the_psw_of_a_stop_is_that_of_its_moment() -> None:
    cpu = Machine(MEGABYTE).cpus[0]
    cpu.load_psw(PSW)
    stop = StopRun(StopKind.BUDGET, cpu).stop
    cpu.instruction_address = 0x5678
    assert stop.psw == PSW


@pytest.mark.parametrize("kind", tuple(StopKind))
def test_a_stop_without_words_of_its_own_has_those_of_its_kind(kind: StopKind) -> None:
    ended = StopRun(kind, Machine(MEGABYTE).cpus[0])
    assert ended.stop.text == str(ended) == kind.value


def test_the_words_of_the_exception_are_those_of_the_stop() -> None:
    assert str(StopRun(StopKind.HOST_FAILURE, Machine(MEGABYTE).cpus[0], "no frame")) == "no frame"


def test_no_two_kinds_have_the_same_words() -> None:
    assert len({kind.value for kind in StopKind}) == len(list(StopKind.__members__))


def test_a_stop_cannot_be_changed() -> None:
    stop = Stop(StopKind.BUDGET, 0, PSW, "used up")
    with pytest.raises(dataclasses.FrozenInstanceError):
        stop.text = "other"  # type: ignore[misc]
