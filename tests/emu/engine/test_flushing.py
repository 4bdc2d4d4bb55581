# SPDX-License-Identifier: GPL-2.0-or-later
"""What compiled code flushes of Unicorn's own buffer is all that was filled, and nothing of it is used afterwards."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.engine.compiled_instructions import NAMES, CompiledInstructions
from emu.engine.record_limits import MOST_FILLED
from emu.isa.assembler import assemble
from emu.machine import Machine, StopKind
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, AddressSpaceControl, Psw
from tests.emu.conftest import AddressSpace
from tests.support.general import lg, stg

PRIMARY, SECONDARY, HOME = AddressSpaceControl.PRIMARY, AddressSpaceControl.SECONDARY, AddressSpaceControl.HOME
START, TABLES = 0x10000, 0x200000
MOVED, OLD, NEW = 0x300000, 0x40000, 0x41000
FIRST_TOUCHED = 0x500000
SAME_ENTRY = 0x100000
"""How far apart pages are that share an entry, while there are 256 of them."""
BRANCH_BACK = bytes.fromhex("07fe")
CALL = bytes.fromhex("0de5")
"""BASR 14,5, with the address of the page that is moved in register 5."""
TOUCH = (
    # LG 3,0(4); AGFI 4,4096; BRCTG 6,*-12
    lg(3, 0, 4) + bytes.fromhex("c24800001000") + bytes.fromhex("a767fffa")
)


def entered(machine: Machine, space: AddressSpaceControl, touched: int) -> AddressSpace:
    """An address space in which the page MOVED leads to OLD, and so many others are there to be touched."""
    mapped = AddressSpace(machine, TABLES)
    for page in (0, START, *range(TABLES, TABLES + 0x20000, 0x1000)):
        mapped.map(page, page)
    for number in range(touched):
        mapped.map(FIRST_TOUCHED + 0x1000 * number, 0x42000)
    cpu = machine.cpus[0]
    cpu.gr[8] = mapped.map(MOVED, OLD)
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = FIRST_TOUCHED, MOVED, touched, NEW
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    mapped.enter(cpu, space=space)
    cpu.state = CpuState.OPERATING
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x1D0).to_bytes())
    return mapped


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often PTLB and SPKA were executed compiled, in each burst."""
    leave = CompiledInstructions.leave
    found: list[int] = []

    def note(instructions: CompiledInstructions, cpu: object) -> int:
        found.append(sum(int(instructions._counts[NAMES.index(name)]) for name in ("PTLB", "SPKA")))
        beyond = leave(instructions, cpu)  # type: ignore[arg-type]
        instructions.count_executed()
        return beyond

    monkeypatch.setattr(CompiledInstructions, "leave", note)
    return found


def run(machine: Machine, code: bytes) -> None:
    machine.storage.write(START, code + bytes(2))
    assert machine.run(10_000).kind is StopKind.DISABLED_WAIT


@pytest.mark.parametrize("space", (PRIMARY, SECONDARY, HOME))
@pytest.mark.parametrize("touched", (1, 12, MOST_FILLED + 1, 300))
def test_an_operand_is_translated_anew(flushed: list[int], space: AddressSpaceControl, touched: int) -> None:
    """With many pages, of which some share an entry, more fills are noted than there is room for."""
    machine = Machine(8 << 20)
    for page, value in ((OLD, 1), (NEW, 2)):
        machine.storage.write_integer(page, 8, value)
    entered(machine, space, touched)
    # Warm: all is known when the flush comes.
    run(machine, lg(1, 0, 5) + TOUCH + lg(1, 0, 5) + stg(7, 0, 8) + assemble("PTLB") + lg(2, 0, 5))
    assert list(machine.cpus[0].gr[1:3]) == [1, 2]
    assert sum(flushed) == 1


@pytest.mark.parametrize("space", (PRIMARY, HOME))
@pytest.mark.parametrize("touched", (1, MOST_FILLED + 1))
def test_instructions_are_fetched_anew(flushed: list[int], space: AddressSpaceControl, touched: int) -> None:
    machine = Machine(8 << 20)
    for page, value in ((OLD, 1), (NEW, 2)):
        # LGHI 2,value; BR 14
        machine.storage.write(page, bytes.fromhex(f"a729{value:04x}") + BRANCH_BACK)
    entered(machine, space, touched)
    run(machine, CALL + bytes.fromhex("b9040012") + TOUCH + stg(7, 0, 8) + assemble("PTLB") + CALL)
    assert list(machine.cpus[0].gr[1:3]) == [1, 2]
    assert sum(flushed) == 1


def test_pages_that_have_given_way_are_forgotten_too(flushed: list[int]) -> None:
    """Few fills, but two pages that share an entry: the first one is then among those that are kept beside it."""
    machine = Machine(8 << 20)
    for page, value in ((OLD, 1), (NEW, 2)):
        machine.storage.write_integer(page, 8, value)
    mapped = entered(machine, PRIMARY, 1)
    mapped.map(MOVED + SAME_ENTRY, 0x42000)
    machine.cpus[0].gr[9] = MOVED + SAME_ENTRY
    both = lg(1, 0, 5) + lg(3, 0, 9)
    run(machine, both + both + stg(7, 0, 8) + assemble("PTLB") + lg(2, 0, 5))
    assert list(machine.cpus[0].gr[1:3]) == [1, 2]
    assert sum(flushed) == 1


@pytest.mark.parametrize("touched", (1, MOST_FILLED + 1))
def test_another_access_key_is_denied_what_the_one_before_was_allowed(flushed: list[int], touched: int) -> None:
    machine = Machine(8 << 20)
    entered(machine, PRIMARY, touched)
    machine.keys.bytes[OLD >> 12] = 0x10
    # The second store is in a block of its own.
    code = assemble("SPKA 0x10(0)") + TOUCH + stg(7, 0, 5) + assemble("SPKA 0x20(0)") + stg(8, 0, 5)
    run(machine, code)
    assert machine.storage.read_integer(OLD, 8) == NEW
    assert machine.storage.read_integer(0x8E, 2) == ProgramInterruptionCode.PROTECTION
    assert sum(flushed) == 2


@pytest.mark.parametrize("touched", (1, MOST_FILLED + 1))
def test_another_access_key_may_not_fetch_instructions(flushed: list[int], touched: int) -> None:
    machine = Machine(8 << 20)
    entered(machine, PRIMARY, touched)
    machine.storage.write(OLD, BRANCH_BACK)
    machine.keys.bytes[OLD >> 12] = 0x18
    run(machine, assemble("SPKA 0x10(0)") + TOUCH + CALL + assemble("SPKA 0x20(0)") + CALL)
    assert machine.storage.read_integer(0x8E, 2) == ProgramInterruptionCode.PROTECTION
    assert machine.storage.read_integer(0x158, 8) & -0x1000 == MOVED
    assert sum(flushed) == 2
