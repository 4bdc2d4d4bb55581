# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the engine that runs freely comes back: at addresses by every way that leads there, and at opcodes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu.cpu import CpuState
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from emu.running.stopping.kinds import AtAddress, AtMnemonic, StopOn, StopSpace
from emu.snapshot import differences, take
from tests.conftest import make_ready
from tests.emu.conftest import AddressSpace
from tests.support.stopping import Stepwise

CODE, OTHER = 0x10000, 0x90000
LOOP = "a71a0001" * 3 + "a7f4fffa"
"""AHI 1,1 three times, and back to the first."""


def machine_with(code: str, *, at: int = CODE) -> Machine:
    machine = Machine(4 << 20)
    make_ready(machine.cpus[0])
    machine.storage.write(at, bytes.fromhex(code))
    machine.cpus[0].instruction_address = at
    return machine


def addresses(machine: Machine, *stops: StopOn, instructions: int = 40) -> list[int]:
    """Where it stops, in its next instructions."""
    for on in stops:
        machine.stops.add(on)
    found = []
    limit = machine.executed + instructions
    while machine.executed < limit:
        stop = machine.run(limit - machine.executed)
        if stop.kind is not StopKind.STOP_POINT:
            break
        assert stop.is_before
        found.append(stop.psw.address)
    return found


def test_an_address_that_has_run_before() -> None:
    machine = machine_with(LOOP)
    machine.run(1000)
    assert addresses(machine, AtAddress(CODE + 4)) == [CODE + 4] * 10


def test_all_instructions_of_a_block() -> None:
    stops = [AtAddress(CODE + 4 * number) for number in range(4)]
    assert addresses(machine_with(LOOP), *stops, instructions=8) == [CODE, CODE + 4, CODE + 8, CODE + 12] * 2


def test_many_addresses() -> None:
    machine = machine_with("a71a0001" * 600 + "07fe")
    stops = [AtAddress(CODE + 8 * number) for number in range(300)]
    assert addresses(machine, *stops, instructions=600) == [CODE + 8 * number for number in range(300)]


def test_what_stands_there_is_modified() -> None:
    # MVI of the second byte of the AHI behind it, whose register becomes 2, 3 ...
    machine = machine_with("92204005 a71a0001 a7f4fffc".replace(" ", ""))
    machine.cpus[0].gr[4] = CODE
    assert addresses(machine, AtAddress(CODE + 4), instructions=9) == [CODE + 4] * 3
    machine.storage.write(CODE + 4, bytes.fromhex("b9040011"))
    assert addresses(machine, instructions=6) == [CODE + 4] * 2


def test_an_address_that_is_not_executed_is_not_stopped_at() -> None:
    # BRC over an AHI.
    assert addresses(machine_with("a7f40004 a71a0001 a7f4fffc".replace(" ", "")), AtAddress(CODE + 4)) == []


def test_the_middle_of_an_instruction_is_none() -> None:
    assert addresses(machine_with(LOOP), AtAddress(CODE + 2), AtAddress(CODE + 5)) == []


@pytest.mark.parametrize(
    ("code", "mnemonic", "places"),
    (
        ("a71a0001b9040012a7f4fffc", "LGR", [4]),
        ("a71a0001b9040012a7f4fffc", "BRC", [8]),
        ("a71a0001a71a0001a7f4fffc", "AHI", [0, 4]),
        ("44003000c60000000ffea7f4fffb", "AHI", [0]),
        ("44003000a7f4fffe", "MVC", []),
        ("44003010a7f4fffe", "MVC", [0]),
        ("0a050700a7f4fffe", "SVC", [0]),
        ("e31030000004a7f4fffd", "LG", [0]),
        ("c01100000001a7f4fffd", "LGFI", [0]),
        ("b9ab0012a7f4fffe", "ESSA", [0]),
        ("44003018a7f4fffe", "ESSA", [0]),
        ("b2050000a7f4fffe", "STCK", [0]),
    ),
)  # fmt: skip
@pytest.mark.parametrize("way", ("freely", "stepped"))
def test_mnemonics(code: str, mnemonic: str, places: list[int], way: str) -> None:
    machine = machine_with(code)
    machine.cpus[0].gr[3] = 0x40000
    # Targets: AHI 1,1; MVC 0(8,3),8(3); ESSA 1,2,0.
    for offset, target in ((0, "a71a0001"), (0x10, "d20730003008"), (0x18, "b9ab0012")):
        machine.storage.write(0x40000 + offset, bytes.fromhex(target))
    machine.storage.write(0x1C0, Psw(ADDRESSING_MODE, CODE + 2).to_bytes())
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, CODE).to_bytes())
    if way == "stepped":
        machine.observers.append(Stepwise())
    found = addresses(machine, AtMnemonic(frozenset({mnemonic})), instructions=9)
    assert set(found) == {CODE + place for place in places}
    assert len(found) >= 3 * len(places)


def test_a_compiled_instruction_is_counted_exactly() -> None:
    machine = machine_with("b2053000a7f4fffe")
    machine.cpus[0].gr[3] = 0x40000
    number = machine.stops.add(AtMnemonic(frozenset({"STCK"}), count=1000))
    stop = machine.run(10_000)
    assert (stop.kind, machine.executed, machine.counts.instructions["STCK"]) == (StopKind.STOP_POINT, 1998, 999)
    assert machine.stops[number].hits == 1000


def test_several_compiled_instructions_are_counted_together() -> None:
    machine = machine_with("b2053000b2783000a7f4fffc")
    machine.cpus[0].gr[3] = 0x40000
    machine.stops.add(AtMnemonic(frozenset({"STCK", "STCKE"}), count=1001))
    machine.run(10_000)
    assert machine.counts.instructions == {"STCK": 500, "STCKE": 500}


def test_a_count_of_several_cpus() -> None:
    machine = Machine(4 << 20, cpus=3)
    for cpu in machine.cpus:
        make_ready(cpu)
        cpu.set_prefix(0x100000 + 0x2000 * cpu.address)
        cpu.instruction_address, cpu.gr[3] = CODE, 0x40000
    machine.storage.write(CODE, bytes.fromhex("b2053000a7f4fffe"))
    number = machine.stops.add(AtMnemonic(frozenset({"STCK"}), count=250_000))
    machine.run(2_000_000)
    assert machine.counts.instructions["STCK"] == 249_999
    assert machine.stops[number].hits == 250_000


# Absolute and real addresses


@pytest.mark.parametrize("when", ("before it is shown", "after"))
@pytest.mark.parametrize("way", ("freely", "stepped"))
def test_an_absolute_address_at_every_virtual_one(
    machine: Machine, address_space: AddressSpace, when: str, way: str
) -> None:
    # LR, and branches between two virtual pages of one absolute page.
    code = bytes.fromhex("182207f3")
    machine.storage.write(CODE, code)
    cpu = machine.cpus[0]
    for virtual in (0x500000, 0x700000):
        address_space.map(virtual, CODE)
    address_space.enter(cpu)
    cpu.instruction_address, cpu.gr[3] = 0x500000, 0x700000
    cpu.state = CpuState.OPERATING
    if way == "stepped":
        machine.observers.append(Stepwise())
    if when == "after":
        machine.run(10)
        cpu.instruction_address = 0x500000
    found = addresses(machine, AtAddress(CODE, StopSpace.ABSOLUTE), instructions=6)
    assert found == [0x500000, 0x700000, 0x700000]
    machine.stops.clear()
    cpu.instruction_address = 0x500000
    assert addresses(machine, AtAddress(CODE), AtAddress(0x700000, asce=address_space.asce), instructions=6) == [
        0x700000,
        0x700000,
    ]


def test_a_real_address_follows_the_prefix() -> None:
    # SPX from 0(3), and a branch to real 0x600, which is in the prefix area.
    machine = machine_with("b210300047f00600")
    cpu = machine.cpus[0]
    cpu.gr[3] = 0x40000
    machine.storage.write_integer(0x40000, 4, 0x80000)
    machine.storage.write(0x80600, bytes.fromhex("a7f40000"))
    assert addresses(machine, AtAddress(0x600, StopSpace.REAL), instructions=4) == [0x600, 0x600]
    machine.stops.clear()
    assert addresses(machine, AtAddress(0x80600, StopSpace.REAL), instructions=4) == []
    machine.stops.clear()
    assert addresses(machine, AtAddress(0x80600, StopSpace.ABSOLUTE), instructions=4) == [0x600] * 4


# Nothing else changes


def _interruptible(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = 0x200000, 0x3000, 0x300000, 0x3000


@pytest.mark.parametrize(
    ("code", "prepare"),
    (
        ("0e46a71a0001a7f4fffd", _interruptible),
        ("a71a0001" * 200 + "a7f4ff38", None),
        ("44003000a71a0001a7f4fffc", None),
    ),
)  # fmt: skip
def test_a_machine_is_the_same_with_stops_that_go_on(code: str, prepare: Callable[[Machine], None] | None) -> None:
    def made() -> Machine:
        machine = machine_with(code)
        machine.cpus[0].gr[3] = 0x40000
        machine.storage.write(0x40000, bytes.fromhex("a71a0001"))
        if prepare is not None:
            prepare(machine)
        return machine

    without, machine = made(), made()
    without.run(2000)
    for on in (AtAddress(CODE), AtAddress(CODE + 4), AtMnemonic(frozenset({"MVCL", "BRC"}), count=7)):
        machine.stops.add(on)
    while machine.executed < 2000:
        machine.run(2000 - machine.executed)
    machine.stops.clear()
    assert not differences(take(without), take(machine))
