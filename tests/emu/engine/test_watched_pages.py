# SPDX-License-Identifier: GPL-2.0-or-later
"""Watched pages: every access of the watched kind is executed alone, no other is, and nothing else changes."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu import snapshot
from emu.cpu import CpuState
from emu.engine.engine import Engine
from emu.engine.exits import StepExit
from emu.engine.record import SharedRecord
from emu.engine.record_limits import WATCHED_BITS
from emu.engine.tables import watched_index
from emu.engine.watched_pages import WatchedPages
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from emu.teid import Access
from emu.watched_areas import WatchedArea
from tests.emu.conftest import AddressSpace
from tests.support.general import lg, stg

CODE, WAIT_ADDRESS = 0x10000, 0x999
VIRTUAL, FRAME, OTHER = 0x40000, 0x50000, 0x42000
ROUNDS = 5
BOTH = frozenset((Access.FETCH, Access.STORE))
# STG 1,8(10); LG 2,8(10); STG 1,0(11); BRCT 3,*-18; and an operation exception.
LOOP = stg(1, 8, 10) + lg(2, 8, 10) + stg(1, 0, 11) + bytes.fromhex("a736fff7 0000")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The instructions that were executed alone."""
    found: list[bytes] = []
    step = Engine.step

    def note(engine: Engine, instruction: bytes) -> StepExit:
        found.append(instruction)
        return step(engine, instruction)

    monkeypatch.setattr(Engine, "step", note)
    return found


def run(machine: Machine, space: AddressSpace, *areas: WatchedArea) -> None:
    """Run the loop with *areas* watched."""
    cpu = machine.cpus[0]
    space.map(CODE, CODE)
    space.map(VIRTUAL, FRAME)
    space.map(OTHER, OTHER)
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())
    machine.storage.write(CODE, LOOP)
    cpu.set_control_register(1, space.asce)
    cpu.state = CpuState.OPERATING
    cpu.gr[3], cpu.gr[10], cpu.gr[11] = ROUNDS, VIRTUAL, OTHER
    cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.DAT, CODE))
    cpu.psw_loaded = False
    machine.configuration.translations.watch("a test", areas)
    assert machine.run(100).kind is StopKind.DISABLED_WAIT


@pytest.mark.parametrize(
    ("area", "watched"),
    (
        (WatchedArea(VIRTUAL + 8, VIRTUAL + 15, frozenset({Access.STORE})), [stg(1, 8, 10)]),
        (WatchedArea(VIRTUAL, VIRTUAL, frozenset({Access.FETCH})), [stg(1, 8, 10), lg(2, 8, 10)]),
        (WatchedArea(FRAME, FRAME, BOTH, is_absolute=True), [stg(1, 8, 10), lg(2, 8, 10)]),
        (WatchedArea(FRAME, FRAME, BOTH), []),
        (WatchedArea(VIRTUAL, VIRTUAL, BOTH, is_absolute=True), []),
        (WatchedArea(OTHER - 1, OTHER, BOTH), [stg(1, 0, 11)]),
        (WatchedArea(0, (1 << 64) - 1, BOTH), [stg(1, 8, 10), lg(2, 8, 10), stg(1, 0, 11)]),
    ),
)
def test_each_access_that_is_watched_is_executed_alone(
    machine: Machine, address_space: AddressSpace, alone: list[bytes], area: WatchedArea, watched: list[bytes]
) -> None:
    run(machine, address_space, area)
    assert alone == watched * ROUNDS


def test_instructions_of_a_watched_page_are_executed_alone(
    machine: Machine, address_space: AddressSpace, alone: list[bytes]
) -> None:
    run(machine, address_space, WatchedArea(CODE, CODE, frozenset({Access.INSTRUCTION_FETCH})))
    assert len(alone) == 4 * ROUNDS + 1


def test_the_machine_is_the_same(machine: Machine) -> None:
    snapshots = []
    for areas in ((), (WatchedArea(VIRTUAL, OTHER, BOTH),)):
        other = Machine(machine.memory)
        run(other, AddressSpace(other), *areas)
        snapshots.append(snapshot.take(other))
    assert snapshots[0] == snapshots[1]


def test_nobody_watches_any_more(machine: Machine, address_space: AddressSpace, alone: list[bytes]) -> None:
    translations = machine.configuration.translations
    run(machine, address_space, WatchedArea(VIRTUAL, VIRTUAL, BOTH))
    translations.watch("another test", [WatchedArea(OTHER, OTHER, BOTH)])
    alone.clear()
    run(machine, address_space)
    assert alone == [stg(1, 0, 11)] * ROUNDS
    translations.watch("another test", [])
    alone.clear()
    run(machine, address_space)
    assert not alone


def test_the_table_has_a_bit_for_each_watched_page() -> None:
    shared = SharedRecord()
    pages = WatchedPages(shared)
    assert pages.watch("one", [WatchedArea(0x5_FFF, 0x7_000, frozenset({Access.STORE}))])
    assert not pages.watch("one", [WatchedArea(0x5_FFF, 0x7_000, frozenset({Access.STORE}))])
    table = shared.table("watched_pages")
    found = {word << 6 | bit for word in range(WATCHED_BITS // 64) for bit in range(64) if int(table[word]) >> bit & 1}
    assert found == {watched_index(page, Access.STORE) for page in (5, 6, 7)}
    assert shared.fields.watches_storage
    assert pages.watch("one", [])
    assert not table.any()
    assert not shared.fields.watches_storage
