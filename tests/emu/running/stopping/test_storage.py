# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops at accesses to storage: to the byte, by every kind of instruction, by logical, real and absolute address."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu.isa.assembler import assemble
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, WAIT, Psw
from emu.running.stopping.kinds import StopSpace, StorageAccess
from emu.snapshot import differences
from tests.conftest import make_ready
from tests.emu.conftest import AddressSpace
from tests.support.stopping import DATA, HANDLER, PLACES, TURNS, WAYS, Stepwise, program, stops_of

CODE, FIRST, SECOND = 0x10000, 0x40000, 0x42000
"""Where general registers 4 and 5 lead."""

STORES = {
    "MVI": ("92104000", 0, 1),
    "STG": ("e31040030024", 3, 8),
    "STM": ("90134ffc", 0xFFC, 12),
    "MVC": ("d20f40005000", 0, 16),
    "MVC into two pages": ("d20f4ff85000", 0xFF8, 16),
    "XC": ("d7ff40004000", 0, 256),
    "OI that changes nothing": ("96004008", 8, 1),
    "CS": ("ba134010", 0x10, 4),
    "LAA": ("eb13401000f8", 0x10, 4),
    "CVD": ("4e104018", 0x18, 8),
    "STCK": ("b2054020", 0x20, 8),
    "STCKE": ("b2784020", 0x20, 16),
    "STAM": ("9b134000", 0, 12),
    "VST": ("e7004030000e", 0x30, 16),
    "PACK": ("f27740005000", 0, 8),
    "TR": ("dc0340005000", 0, 4),
    "STCTG": ("eb0140000025", 0, 16),
    "STURA": ("b2460034", 0, 4),
}
FETCHES = {
    "L": ("58104000", 0, 4),
    "L off its boundary": ("58104003", 3, 4),
    "LG off its boundary": ("e31040010004", 1, 8),
    "L from two pages": ("58104ffd", 0xFFD, 4),
    "LM": ("98134008", 8, 12),
    "CLC": ("d50740005000", 0, 8),
    "MVC": ("d20f50004000", 0, 16),
    "CLI": ("95004007", 7, 1),
    "IC": ("43104007", 7, 1),
    "LCTLG": ("eb224008002f", 8, 8),
    "LPSWE": ("b2b24100", 0x100, 16),
    "TM": ("91ff4005", 5, 1),
    "VL": ("e70040300006", 0x30, 16),
    "LURA": ("b24b0034", 0, 4),
}


def about_to(code: str, way: str, first: int = FIRST) -> Machine:
    """A machine about to execute *code*."""
    machine = Machine(1 << 20)
    cpu = machine.cpus[0]
    make_ready(cpu)
    machine.storage.write(CODE, bytes.fromhex(code))
    machine.storage.write(FIRST + 0x100, Psw(ADDRESSING_MODE, CODE + 0x100).to_bytes())
    cpu.set_control_register(0, 1 << 63 - 45 | 1 << 63 - 46)
    cpu.instruction_address = CODE
    cpu.gr[4], cpu.gr[5] = first, SECOND
    if way == "stepped":
        machine.observers.append(Stepwise())
    return machine


def happens(code: str, on: StorageAccess, way: str, first: int = FIRST) -> bool:
    """Whether the stop *on* comes after the instruction."""
    machine = about_to(code, way, first)
    machine.stops.add(on)
    stop = machine.run(1)
    assert machine.executed == 1
    if stop.kind is StopKind.STOP_POINT:
        assert not stop.is_before
        assert [hit.number for hit in stop.hits] == [1]
    return stop.kind is StopKind.STOP_POINT


CASES = [(*each, True) for each in STORES.values()] + [(*each, False) for each in FETCHES.values()]
NAMES = [*STORES, *(f"{name}, fetching" for name in FETCHES)]


@pytest.mark.parametrize("way", ("freely", "stepped"))
@pytest.mark.parametrize("space", (StopSpace.LOGICAL, StopSpace.ABSOLUTE, StopSpace.REAL))
@pytest.mark.parametrize(("code", "offset", "length", "is_store"), CASES, ids=NAMES)
def test_just_the_bytes_that_are_accessed(
    code: str, offset: int, length: int, is_store: bool, space: StopSpace, way: str
) -> None:
    def stops_at(first: int, last: int, *, other_kind: bool = False) -> bool:
        stores = is_store is not other_kind
        on = StorageAccess(FIRST + first, FIRST + last, space, stores=stores, fetches=not stores)
        return happens(code, on, way)

    end = offset + length - 1
    assert stops_at(offset, offset)
    assert stops_at(end, end)
    assert stops_at(end, end + 100)
    assert not stops_at(end + 1, end + 1)
    assert not offset or not stops_at(0, offset - 1)


@pytest.mark.parametrize("way", ("freely", "stepped"))
def test_of_an_instruction_that_does_both_each_counts_by_itself(way: str) -> None:
    fetching = StorageAccess(SECOND, SECOND, stores=False, fetches=True)
    assert happens("d20f40005000", fetching, way)
    assert not happens("d20f40005000", StorageAccess(SECOND, SECOND), way)
    assert not happens("d20f40005000", StorageAccess(FIRST, FIRST, stores=False, fetches=True), way)
    assert happens("d20f40005000", StorageAccess(FIRST, SECOND, fetches=True), way)


@pytest.mark.parametrize("way", ("freely", "stepped"))
def test_an_instruction_that_is_nullified_has_accessed_nothing(way: str) -> None:
    # The second page of the operand is outside the configuration.
    machine = about_to("d20f4ff85000", way, first=0xFF000)
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, CODE + 0x200).to_bytes())
    machine.storage.write(CODE + 0x200, bytes.fromhex("a71a0001"))
    machine.stops.add(StorageAccess(0xFF000, 0xFFFFF, fetches=True))
    stop = machine.run(1)
    assert stop.kind is StopKind.BUDGET
    assert machine.counts.program_interruptions.total() == 1


@pytest.mark.parametrize("space", (StopSpace.LOGICAL, StopSpace.ABSOLUTE))
@pytest.mark.parametrize("way", ("freely", "stepped"))
def test_what_was_stored_before_an_exception_stays_stored(
    machine: Machine, address_space: AddressSpace, way: str, space: StopSpace
) -> None:
    # UPT, up a tree whose root's page is not there.
    address_space.map(CODE, CODE)
    address_space.map(0x156000, 0x56000)
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, CODE + 0x200).to_bytes())
    machine.storage.write(CODE, bytes.fromhex("0102"))
    machine.storage.write_integer(0x56020, 8, 9)
    machine.storage.write_integer(0x56000, 8, 7)
    cpu = machine.cpus[0]
    cpu.gr[0], cpu.gr[4], cpu.gr[5] = 5, 0x156000 - 0x20, 0x80
    address_space.enter(cpu)
    cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.DAT, CODE))
    cpu.psw_loaded = False
    if way == "stepped":
        machine.observers.append(Stepwise())
    first = 0x156020 if space is StopSpace.LOGICAL else 0x56020
    machine.stops.add(StorageAccess(first, first + 7, space))
    stop = machine.run(10)
    assert [hit.event.is_store for hit in stop.hits] == [True]
    assert cpu.instruction_address == CODE + 0x200, "behind the interruption"


@pytest.mark.parametrize("way", WAYS)
def test_each_store_of_a_program_stops_it_and_changes_nothing(way: int | str | None) -> None:
    without = stops_of(program())
    # ST 4,4(3) stores at +4, MVC at +8, STNSM at +0x20, STCK at +0x28.
    for offset, behind in ((4, "move"), (8, "unused"), (0x20, "clock"), (0x28, "control")):
        seen, stop, state = stops_of(program(), StorageAccess(DATA + offset, DATA + offset), way=way)
        assert [each.address for each in seen] == [PLACES[behind]] * TURNS
        assert stop == without[1]
        assert not differences(without[2], state)


@pytest.mark.parametrize("way", WAYS)
def test_what_an_interruption_stores(way: int | str | None) -> None:
    seen, _, _ = stops_of(program(), StorageAccess(0x140, 0x14F, StopSpace.REAL), way=way)
    assert [each.address for each in seen] == [0x20000] * TURNS


@pytest.mark.parametrize("way", WAYS)
def test_a_real_address_is_one_of_each_cpu(way: int | str | None) -> None:
    seen, _, _ = stops_of(program(2), StorageAccess(0x140, 0x14F, StopSpace.REAL), way=way)
    assert sorted(each.cpu for each in seen) == [0] * TURNS + [1] * TURNS


@pytest.mark.parametrize("way", WAYS)
def test_a_real_address_after_another_prefix(way: int | str | None) -> None:
    """SET PREFIX goes to and fro, and each old PSW is stored where real address 320 is then."""
    machine, other = program(turns=4), 0x90000
    storage = machine.storage
    storage.write_integer(DATA, 4, other)
    storage.write_integer(DATA + 4, 4, 0)
    code = assemble("SPX 0(3)") + assemble("SVC 1") + assemble("SPX 4(3)") + assemble("SVC 2")
    storage.write(CODE, code + bytes.fromhex("a726") + (-len(code) // 2 & 0xFFFF).to_bytes(2, "big") + bytes(2))
    for prefix in (0, other):
        storage.write(prefix + 0x1C0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
        storage.write(prefix + 0x1D0, Psw(ADDRESSING_MODE | WAIT, 0xFFF).to_bytes())
    seen, _, _ = stops_of(machine, StorageAccess(0x140, 0x14F, StopSpace.REAL), way=way)
    assert [each.address for each in seen] == [HANDLER] * 8


@pytest.mark.parametrize("way", WAYS)
def test_a_watch_in_the_page_of_the_code(way: int | str | None) -> None:
    without = stops_of(program())
    seen, stop, state = stops_of(program(), StorageAccess(PLACES["add"], PLACES["add"] + 3, fetches=True), way=way)
    assert (seen, stop) == ([], without[1])
    assert not differences(without[2], state)


def test_more_addresses_than_a_word_has_bits_are_watched() -> None:
    machine = program()
    for offset in range(100):
        machine.stops.add(StorageAccess(0x200000 + 0x1000 * offset, 0x200000 + 0x1000 * offset))
    machine.stops.add(StorageAccess(DATA + 4, DATA + 4))
    assert [hit.number for hit in machine.run().hits] == [101]


def test_a_condition_knows_what_was_accessed() -> None:
    machine = program()
    machine.stops.add(StorageAccess(DATA, DATA + 0xFF, fetches=True, condition=lambda view: view.event.is_store))
    stop = machine.run()
    event = stop.hits[0].event
    assert (event.address, event.length, event.is_store) == (DATA + 4, 4, True)


def test_what_is_not_watched_any_more_stops_nothing() -> None:
    machine = program()
    number = machine.stops.add(StorageAccess(DATA + 4, DATA + 4, fetches=True))
    assert machine.run().kind is StopKind.STOP_POINT
    machine.stops.remove(number)
    assert machine.run().kind is StopKind.DISABLED_WAIT
