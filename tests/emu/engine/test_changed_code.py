# SPDX-License-Identifier: GPL-2.0-or-later
"""Code that has changed is executed as it is now, whatever has been translated of it."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu.addresses import PAGE_SIZE
from emu.isa.assembler import assemble
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, AddressSpaceControl, Psw
from tests.emu.conftest import AddressSpace
from tests.support.every_instruction import EveryInstruction
from tests.support.free_and_stepped import CODE, Scene, agrees

PRIMARY, SECONDARY = AddressSpaceControl.PRIMARY, AddressSpaceControl.SECONDARY
START = 0x10000
WAIT_ADDRESS = 0x1D0
WAIT = Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes()
ODD_REGISTER = "1d10"
"""DR 1,0, a specification exception."""
SET_2 = "a7280002"
"""LHI 2,2."""


@pytest.fixture(params=["free", "stepped"])
def started(request: pytest.FixtureRequest, machine: Machine) -> Machine:
    """A machine that waits after any program interruption, running freely or step by step."""
    machine.storage.write(0x1D0, WAIT)
    if request.param == "stepped":
        machine.observers.append(EveryInstruction())
    return machine


def execute(machine: Machine, code: str, *, address: int = START, begin: int | None = None) -> int:
    """The same for *code*, which is put there, and zeros behind it."""
    machine.storage.write(address, bytes.fromhex(code) + bytes(2))
    return go_on(machine, address if begin is None else begin)


def go_on(machine: Machine, address: int = START, mode: int = 0) -> int:
    """Run what is at *address*, and give the interruption code."""
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | mode, address))
    cpu.psw_loaded = False
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    return machine.storage.read_integer(0x8E, 2)


def test_code_that_changes_while_the_engine_is_to_come_back(started: Machine) -> None:
    assert execute(started, "a7280001") == 1
    started.configuration.translations.end_soon()
    assert execute(started, SET_2) == 1
    assert started.cpus[0].gr[2] == 2


@pytest.mark.parametrize("begin", (START, START + 0xFFC))
def test_an_exception_at_the_start_of_a_page(started: Machine, begin: int) -> None:
    """The block that ends in it has no bytes."""
    if begin != START:
        started.storage.write(begin, bytes.fromhex("07000700"))
    address = START if begin == START else START + 0x1000
    assert execute(started, ODD_REGISTER, address=address, begin=begin) == 6
    assert execute(started, SET_2, address=address, begin=begin) == 1
    assert started.cpus[0].gr[2] == 2


def test_a_page_of_code_that_another_translation_mode_has_been_shown_last(
    started: Machine, address_space: AddressSpace
) -> None:
    """The primary-space and the secondary-space mode fetch instructions from the same space."""
    cpu = started.cpus[0]
    for page in (0, 0x40000):
        address_space.map(page, page)
    started.storage.write(0x40000, bytes.fromhex("18221822 0000"))
    started.storage.write(0x41000, bytes.fromhex("a7280002 0000"))
    found = []
    for frame, spaces in ((0x40000, (SECONDARY,)), (0x41000, (PRIMARY, SECONDARY))):
        address_space.map(START, frame)
        cpu.tlb.flush()
        for each in spaces:
            cpu.set_control_register(1, address_space.asce)
            cpu.set_control_register(7, address_space.asce)
            before = started.executed
            cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.DAT | each << 46, START))
            cpu.psw_loaded = False
            assert started.run(100).kind is StopKind.DISABLED_WAIT
            found.append(started.executed - before)
    assert found == [2, 1, 1]


EXECUTES = pytest.mark.parametrize("execute_it", ("c60000001000", "44005000"))
"""EXRL 0,*+X'2000' and EX 0,0(5)."""
MOVE, MOVE_WITHOUT_BASE = "d20030003008", "d20030000008"
"""MVC 0(1,3),8(3) and MVC 0(1,3),8, of which the second does not move what register 0 leads to."""
TARGET, OPERAND = START + 0x2000, 0x60000


def prepare_move(machine: Machine) -> None:
    machine.storage.write(OPERAND, bytes(16))
    machine.storage.write(OPERAND + 8, b"\1")
    machine.storage.write(8, b"\2")
    cpu = machine.cpus[0]
    cpu.gr[0], cpu.gr[3], cpu.gr[5] = OPERAND, OPERAND, TARGET


@EXECUTES
def test_the_target_of_an_execute_in_another_page(started: Machine, execute_it: str) -> None:
    started.storage.write(START, bytes.fromhex(execute_it))
    found = []
    for move in (MOVE, MOVE_WITHOUT_BASE):
        started.storage.write(TARGET, bytes.fromhex(move))
        for _ in range(2):
            prepare_move(started)
            assert go_on(started) == 1
            found += started.storage.read(OPERAND, 1)
    assert found == [1, 1, 2, 2]


@EXECUTES
@pytest.mark.parametrize("offset", (0, 0xFF4, 0xFFC))
def test_the_target_of_an_execute_in_a_page_that_is_mapped_elsewhere(
    started: Machine, address_space: AddressSpace, execute_it: str, offset: int
) -> None:
    """It may begin in the page before, which stays where it is."""
    for page in (0, START, START + 0x1000, TARGET, OPERAND):
        address_space.map(page, page)
    address_space.enter(started.cpus[0])
    started.storage.write(START + offset, bytes.fromhex(execute_it))
    last = TARGET + offset + 5 & ~0xFFF
    found = []
    for frame, move in ((0x40000, MOVE), (0x41000, MOVE_WITHOUT_BASE)):
        address_space.map(last, frame)
        started.cpus[0].tlb.flush()
        for at, byte in enumerate(bytes.fromhex(move), TARGET + offset):
            place = at - last + frame if at >= last else at
            if started.storage.read_integer(place, 1) != byte:
                started.storage.write_integer(place, 1, byte)
        for _ in range(2):
            prepare_move(started)
            started.cpus[0].gr[5] += offset
            assert go_on(started, START + offset, psw_bits.DAT) == 1
            found += started.storage.read(OPERAND, 1)
    assert found == [1, 1, 2, 2]


@pytest.mark.parametrize("before", ("", "e30030100024"))
def test_an_instruction_in_two_pages_of_which_the_second_is_mapped_elsewhere(
    started: Machine, address_space: AddressSpace, before: str
) -> None:
    """STPX 0(3) becomes STPX 8(3); a store before it leads to the page of the operand."""
    cpu = started.cpus[0]
    for page in (0, START, OPERAND):
        address_space.map(page, page)
    address_space.enter(cpu)
    cpu.gr[3] = OPERAND
    start = START + 0xFFE - len(before) // 2
    started.storage.write(start, bytes.fromhex(before + "b211"))
    for frame, displacement in ((0x40000, "3000"), (0x41000, "3008")):
        started.storage.write(frame, bytes.fromhex(displacement))
        address_space.map(START + 0x1000, frame)
        cpu.tlb.flush()
        for _ in range(2):
            started.storage.write(OPERAND, b"\1" * 16)
            assert go_on(started, start, psw_bits.DAT) == 1
            assert started.storage.read(OPERAND, 16).index(bytes(4)) == int(displacement, 16) & 0xFFF


def test_the_end_of_an_instruction_changes_in_another_page_than_that_where_its_block_begins() -> None:
    """SLLG, whose last two bytes lie in the next page, becomes CLMY with mask zero, which the model executes.

    Twice the byte that is stored is that of SLLG, so that the block is known when it changes.
    """
    change = assemble("STC 8,1(7)") + assemble("SRLG 8,8,8") + assemble("BRCT 5,*-16")
    crossing = assemble("SLLG 1,0,0")
    begin = assemble("LHI 5,4") + assemble(f"LGFI 8,{0x210D0D}") + assemble("BRC 15,*+4")
    code = assemble(f"BRC 15,*+{PAGE_SIZE - 4 - len(begin)}").ljust(PAGE_SIZE - 4 - len(begin), b"\0")
    scene = Scene(code + begin + crossing + change, {7: CODE + PAGE_SIZE}, mask=ADDRESSING_MODE)
    assert agrees(scene).counts.instructions["CLMY"] == 1
