# SPDX-License-Identifier: GPL-2.0-or-later
"""Held pages: what is noted of one is good until it is released, or all are."""

from __future__ import annotations

import pytest

from emu.engine.held_pages import HeldPages
from emu.engine.record import SharedRecord
from emu.engine.tables import LAST_MARK
from emu.machine import Machine

PAGE, FRAME = 5, 0x7_000


@pytest.fixture
def shared() -> SharedRecord:
    return SharedRecord()


@pytest.fixture
def held(shared: SharedRecord, machine: Machine) -> HeldPages:
    return HeldPages(shared, machine.storage)


def test_none_is_held_at_first(held: HeldPages) -> None:
    assert held.is_empty
    assert held.frame(PAGE) is None
    assert not held.may_write(PAGE)


def test_a_page_that_is_held_for_stores_stays_so(held: HeldPages) -> None:
    held.hold(PAGE, FRAME, is_store=False)
    assert not held.may_write(PAGE)
    held.hold(PAGE, FRAME, is_store=True)
    held.hold(PAGE, FRAME, is_store=False)
    assert held.may_write(PAGE)
    assert held.frame(PAGE) == FRAME
    assert not held.is_empty


def test_it_is_no_more_held_for_stores(held: HeldPages) -> None:
    held.hold(PAGE, FRAME, is_store=True)
    held.release_writable(PAGE)
    assert not held.may_write(PAGE)
    assert held.frame(PAGE) == FRAME
    held.release(PAGE)
    assert held.frame(PAGE) is None


@pytest.mark.parametrize("mark", (1, 2, LAST_MARK - 1, LAST_MARK))
def test_all_are_released(shared: SharedRecord, held: HeldPages, mark: int) -> None:
    shared.fields.held_mark = mark
    held.hold(PAGE, FRAME, is_store=True)
    held.release_all()
    assert held.is_empty
    assert held.frame(PAGE) is None
    assert not held.may_write(PAGE)
    assert 0 < shared.fields.held_mark <= LAST_MARK
    held.hold(PAGE, FRAME, is_store=False)
    assert not held.may_write(PAGE)
