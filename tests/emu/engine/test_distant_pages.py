# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of large storage that share a place in what is noted of translations: none is forgotten that must be."""

from __future__ import annotations

import numpy as np
import pytest

from emu.cpu import CpuState
from emu.engine.engine import Engine
from emu.engine.held_pages import HeldPages
from emu.engine.record import SharedRecord
from emu.engine.tables import HELD_PAGES
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from emu.translations import (
    MANY_REACHED,
    REACHED_PAGES,
    may_be_reached,
    reached_by,
    reached_index,
    reached_with,
    reached_without,
)
from tests.support.general import lg, stg

GIGABYTES_20 = 20 << 30
CODE, NEAR = 0x10000, 0x40
FAR = NEAR + HELD_PAGES
OPERATION, PROTECTION = 1, 4


@pytest.fixture(scope="module")
def large() -> Machine:
    return Machine(GIGABYTES_20)


def test_of_pages_that_share_a_word_one_is_held(large: Machine) -> None:
    held = HeldPages(SharedRecord(), large.storage)
    held.hold(NEAR, 0x7000, is_store=True)
    assert (held.other_page(NEAR), held.other_page(FAR)) == (None, NEAR)
    assert held.frame(FAR) is None
    assert not held.may_write(FAR)
    held.release(NEAR)
    assert held.other_page(FAR) is None
    held.hold(FAR, 0x9000, is_store=False)
    assert (held.other_page(NEAR), held.other_page(FAR)) == (FAR, None)
    assert (held.frame(NEAR), held.frame(FAR)) == (None, 0x9000)
    assert not held.may_write(FAR)


def test_none_is_in_the_way_once_all_have_been_released(large: Machine) -> None:
    held = HeldPages(SharedRecord(), large.storage)
    held.hold(NEAR, 0x7000, is_store=True)
    held.release_all()
    assert held.other_page(FAR) is None
    held.hold(FAR, 0x9000, is_store=False)
    assert not held.may_write(FAR)


def test_a_byte_says_which_of_its_pages_is_reached_while_it_is_one() -> None:
    pages = [NEAR + number * REACHED_PAGES for number in range(3)]
    assert {reached_index(page) for page in pages} == {NEAR}
    one = reached_with(pages[1], 0)
    assert [may_be_reached(page, one) for page in pages] == [False, True, False]
    assert reached_with(pages[1], one) == one
    assert reached_without(one) == 0
    assert not any(may_be_reached(page, 0) for page in pages)


def test_a_byte_says_that_any_may_be_reached_once_two_are() -> None:
    pages = [NEAR + number * REACHED_PAGES for number in range(3)]
    both = reached_with(pages[2], reached_with(pages[1], 0))
    assert all(may_be_reached(page, both) for page in pages)
    assert reached_with(pages[1], both) == both
    # When the translations that lead to one have been dropped, those that lead to the other have not.
    assert reached_without(both) == both


def test_what_lies_too_far_apart_to_be_told_is_taken_for_reached() -> None:
    far = [NEAR + number * REACHED_PAGES for number in (MANY_REACHED - 1, MANY_REACHED)]
    assert {reached_by(page) for page in far} == {MANY_REACHED}
    assert may_be_reached(far[0], reached_with(far[1], 0))


def _run(machine: Machine, code: bytes) -> None:
    """Run *code* with access key 2 until it is interrupted: behind it is no instruction."""
    cpu = machine.cpus[0]
    machine.storage.write(CODE, code + bytes(2))
    cpu.state = CpuState.OPERATING
    cpu.load_psw(Psw(ADDRESSING_MODE | 2 << 52, CODE))
    cpu.psw_loaded = False
    assert machine.run(1000).kind is StopKind.DISABLED_WAIT


@pytest.mark.parametrize("by_python", (False, True))
def test_an_access_is_noticed_whatever_was_accessed_in_between(by_python: bool) -> None:
    """Both pages are stored into; then the storage key of the one that was first is another."""
    machine = Machine(GIGABYTES_20)
    cpu, engine = machine.cpus[0], machine.cpus[0].tlb
    assert isinstance(engine, Engine)
    engine._state.fields.asks_host |= by_python
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | 1 << 49, 0x999).to_bytes())
    machine.keys.bytes[CODE >> 12] = machine.keys.bytes[NEAR] = machine.keys.bytes[FAR] = 0x20
    cpu.gr[10], cpu.gr[11] = NEAR << 12, FAR << 12
    _run(machine, stg(10, 0, 10) + stg(11, 8, 11) + lg(1, 0, 10) + lg(2, 8, 11))
    assert machine.storage.read_integer(0x8E, 2) == OPERATION
    assert (cpu.gr[1], cpu.gr[2]) == (NEAR << 12, FAR << 12)
    assert list(np.flatnonzero(machine.keys.array == 0x26)) == [NEAR, FAR]
    for page in (NEAR, FAR):
        machine.keys.bytes[page] = 0x10
        machine.configuration.translations.page_changed(page)
        _run(machine, stg(10, 0, 10) if page == NEAR else stg(11, 8, 11))
        assert machine.storage.read_integer(0x8E, 2) == PROTECTION
