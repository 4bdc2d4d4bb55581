# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-event recording (PoP 4, "Program-Event Recording"; 6, "Multiple Program-Interruption Conditions"): events of
single instructions, and what else comes with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from emu import psw as psw_bits
from emu.cpu import Cpu
from emu.engine.engine import Engine
from emu.machine import Machine, StopKind
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PER, Psw
from emu.running import run_loop, single
from tests.conftest import PROGRAM_ADDRESS as START

if TYPE_CHECKING:
    from tests.emu.conftest import AddressSpace

Code = ProgramInterruptionCode

BRANCHING, FETCHING, ALTERATION, REAL_STORE, NULLIFICATION = 1 << 31, 1 << 30, 1 << 29, 1 << 27, 1 << 24
EVERYWHERE = (0, (1 << 64) - 1)
NOWHERE = (0x300000, 0x300000)
HANDLER = Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x999)
DATA = 0x20000
MODE_64 = 0xE0
"""The byte of the addressing-and-translation mode in the 64-bit mode without DAT."""


@dataclass(frozen=True)
class Interruption:
    """What a program interruption has stored."""

    length: int
    code: int
    old: Psw
    events: int
    """The PER code."""
    mode: int
    """The byte behind it."""
    address: int
    """The PER address."""


def load(machine: Machine, code: str, mask: int = ADDRESSING_MODE | PER) -> None:
    """Make ready to execute *code* at START; every program interruption ends in a disabled wait."""
    machine.storage.write(0x1D0, HANDLER.to_bytes())
    machine.storage.write(0x96, bytes.fromhex("ffff ffffffffffffffff 00 ff"))
    machine.storage.write(START, bytes.fromhex(code))
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(mask, START))
    cpu.psw_loaded = False
    for register in range(4, 8):
        cpu.gr[register] = DATA + 0x100 * (register - 4)


def record(machine: Machine, events: int, area: tuple[int, int] = EVERYWHERE) -> None:
    for number, value in zip((9, 10, 11), (events, *area), strict=True):
        machine.cpus[0].set_control_register(number, value)


def run(machine: Machine) -> Interruption | None:
    """Run until an interruption, and give it; None if there is none in ten instructions."""
    if machine.run(10).kind is not StopKind.DISABLED_WAIT:
        return None
    return stored(machine)


def stored(machine: Machine) -> Interruption:
    read = machine.storage.read_integer
    return Interruption(
        read(0x8D, 1),
        read(0x8E, 2),
        Psw.from_bytes(machine.storage.read(0x150, 16)),
        read(0x96, 1),
        read(0x97, 1),
        read(0x98, 8),
    )


def event(events: int, address: int, length: int, next_address: int, *, code: int = 0, mask: int = 0) -> Interruption:
    """The interruption for *events*, by the bits of control register 9, of the instruction at *address*."""
    old = Psw(mask or ADDRESSING_MODE | PER, next_address)
    return Interruption(length, code | 0x80, old, events >> 24, MODE_64, address)


# Whether anything is recorded


def test_every_instruction_is_fetched(machine: Machine) -> None:
    load(machine, "a7190001 a7290002")
    record(machine, FETCHING)
    assert run(machine) == event(FETCHING, START, 4, START + 4)
    assert machine.cpus[0].gr[1] == 1
    assert machine.executed == 1


@pytest.mark.parametrize("events", (0, 0x04000000, 0x02000000, 0x10000000, REAL_STORE, NULLIFICATION, 0x00E00000))
def test_without_an_event_nothing_is_recorded(machine: Machine, events: int) -> None:
    # STG 1,0(5); BRC 15,*
    load(machine, "e31050000024 a7f40000")
    record(machine, events)
    assert run(machine) is None


def test_with_the_mask_of_the_psw_zero_nothing_is_recorded(machine: Machine) -> None:
    load(machine, "a7f40000", ADDRESSING_MODE)
    record(machine, BRANCHING | FETCHING | ALTERATION)
    assert run(machine) is None


@pytest.mark.parametrize("is_stepped", (False, True))
def test_events_after_others_that_were_not_designated(machine: Machine, *, is_stepped: bool) -> None:
    # NOP; NOP; LGHI 1,1
    load(machine, "0700 0700 a7190001")
    record(machine, FETCHING, (START + 4, START + 4))
    if is_stepped:
        for _ in range(3):
            assert machine.step() is None
        assert stored(machine) == event(FETCHING, START + 4, 4, START + 8)
    else:
        assert run(machine) == event(FETCHING, START + 4, 4, START + 8)


# The designated area


@pytest.mark.parametrize(
    ("start", "end", "is_in"),
    (
        (START, START, True),
        (START + 1, START + 3, False),
        (0, START - 1, False),
        (0, START, True),
        (START, (1 << 64) - 1, True),
        # The end is lower than the start: the area wraps around.
        (START + 1, START - 1, False),
        (START + 1, START, True),
        (START, START - 1, True),
    ),
)
def test_the_first_byte_of_an_instruction_counts(machine: Machine, start: int, end: int, *, is_in: bool) -> None:
    load(machine, "a7190001 0000")
    record(machine, FETCHING, (start, end))
    # The instruction behind it is none.
    machine.run(2)
    assert (stored(machine).address == START) is is_in


@pytest.mark.parametrize(
    ("start", "end", "is_in"),
    (
        (DATA + 8, DATA + 0xFFF, False),
        (DATA + 7, DATA + 0xFFF, True),
        (0, DATA - 1, False),
        (0, DATA, True),
        (DATA + 3, DATA + 4, True),
        (DATA + 8, DATA - 1, False),
        (DATA + 8, DATA, True),
        (DATA + 7, DATA - 1, True),
    ),
)
def test_any_byte_that_is_stored_counts(machine: Machine, start: int, end: int, *, is_in: bool) -> None:
    # STG 1,0(4)
    load(machine, "e31040000024" + "0700" * 16)
    record(machine, ALTERATION, (start, end))
    assert run(machine) == (event(ALTERATION, START, 6, START + 6) if is_in else None)


def test_storing_what_was_there_is_an_alteration(machine: Machine) -> None:
    # MVC 0(8,4),0(4)
    load(machine, "d20740004000")
    record(machine, ALTERATION, (DATA, DATA))
    assert run(machine) == event(ALTERATION, START, 6, START + 6)


def test_fetching_is_no_alteration(machine: Machine) -> None:
    # LG 1,0(4); CLC 0(8,4),0(4); CLI 0(4),0; BRC 15,*
    load(machine, "e31040000004 d50740004000 95004000 a7f40000")
    record(machine, ALTERATION)
    assert run(machine) is None


# Branches


@pytest.mark.parametrize(
    ("code", "address", "target"),
    (
        # BRC 15,*+8
        ("a7f40004", 0, 8),
        # BRC 15,*+4: to the next instruction
        ("a7f40002", 0, 4),
        # LARL 6,*+12; BCR 15,6
        ("c06000000006 07f6", 6, 12),
        # LARL 6,*+10; EX 0,6(6), of BCR 15,6
        ("c06000000005 44006000 07f6", 6, 10),
        # LARL 6,*+12; EXRL 0,*+8, of BRC 15,*+6
        ("c06000000006 c60000000004 0700 a7f40003", 6, 20),
        # LARL 6,*+12; BASSM 14,6, to the 24-bit mode
        ("c06000000006 0ce6", 6, 12),
    ),
)
@pytest.mark.parametrize("is_stepped", (False, True))
def test_a_successful_branch(machine: Machine, code: str, address: int, target: int, *, is_stepped: bool) -> None:
    load(machine, code + "0700" * 8)
    record(machine, BRANCHING, NOWHERE)
    if is_stepped:
        machine.step()
        if address:
            machine.step()
        found: Interruption | None = stored(machine)
    else:
        found = run(machine)
    assert found is not None
    assert (found.code, found.events, found.address - START, found.old.address - START) == (0x80, 0x80, address, target)


@pytest.mark.parametrize(
    "code",
    (
        # BRC 0,*+8
        "a7040004",
        # BALR 14,0; BCR 15,0; BCTR 1,0; BASSM 14,0; BSM 14,0
        "05e0 07f0 0610 0ce0 0be0",
        # LGHI 1,1; BRCT 1,*+8
        "a7190001 a7160004",
    ),
)
def test_what_is_no_successful_branch(machine: Machine, code: str) -> None:
    load(machine, code + "0700" * 16)
    record(machine, BRANCHING)
    assert run(machine) is None


def test_load_psw_is_no_branch(machine: Machine) -> None:
    # LPSWE 0(4), to START + 0x100
    load(machine, "b2b24000")
    machine.storage.write(DATA, Psw(ADDRESSING_MODE | PER, START + 0x100).to_bytes())
    machine.storage.write(START + 0x100, bytes.fromhex("0700" * 16))
    record(machine, BRANCHING)
    assert run(machine) is None


@pytest.mark.parametrize(
    ("area", "is_in"),
    (
        ((START + 8, START + 8), True),
        ((START, START + 7), False),
        ((START + 9, START + 7), False),
        ((START + 9, START + 8), True),
    ),
)
def test_with_address_control_the_target_counts(machine: Machine, area: tuple[int, int], *, is_in: bool) -> None:
    # BRC 15,*+8
    load(machine, "a7f40004 0700 0700" + "0700" * 12)
    record(machine, BRANCHING | 0x00800000, area)
    assert run(machine) == (event(BRANCHING, START, 4, START + 8) if is_in else None)


# EXECUTE


@pytest.mark.parametrize(
    ("area", "is_in"),
    (
        ((START + 6, START + 6), True),
        ((START + 0x100, START + 0x100), True),
        ((START + 0x101, START + 0x103), False),
        ((START + 7, START + 9), False),
    ),
)
def test_the_address_of_execute_or_of_its_target_counts(
    machine: Machine, area: tuple[int, int], *, is_in: bool
) -> None:
    # LARL 1,*+0x100; EX 0,0(1), of LGHI 2,7
    load(machine, "c01000000080 44001000" + "0700" * 12)
    machine.storage.write(START + 0x100, bytes.fromhex("a7290007"))
    record(machine, FETCHING, area)
    assert run(machine) == (event(FETCHING, START + 6, 4, START + 10) if is_in else None)


def test_a_store_by_the_target_of_execute(machine: Machine) -> None:
    # EXRL 1,*+8, of MVC 0(1,4),0(5), of eight bytes
    load(machine, "c61000000004 0700 d20040005000")
    machine.cpus[0].gr[1] = 7
    record(machine, ALTERATION, (DATA + 7, DATA + 7))
    assert run(machine) == event(ALTERATION, START, 6, START + 6)


# What else comes of the instruction


@pytest.mark.parametrize(
    ("code", "condition", "length", "next_address"),
    (
        # Operation; specification: LPSWE 1(4); addressing: LG 1,0(8)
        ("0000", Code.OPERATION, 2, 2),
        ("b2b24001", Code.SPECIFICATION, 4, 4),
        ("e31080000004", Code.ADDRESSING, 6, 6),
        # Fixed-point divide: DR 2,9; data: CVB 1,0(4); EX 0,1, odd; EX 0,0(7), of EX
        ("1d29", Code.FIXED_POINT_DIVIDE, 2, 2),
        ("4f104000", Code.DATA, 4, 4),
        ("44000001", Code.SPECIFICATION, 4, 4),
        ("44007000", Code.EXECUTE, 4, 4),
    ),
)
def test_of_a_suppressed_instruction_the_fetching_is_an_event(
    machine: Machine, code: str, condition: Code, length: int, next_address: int
) -> None:
    load(machine, code)
    machine.cpus[0].gr[8] = 1 << 40
    machine.storage.write(DATA, b"\x0a" * 8)
    machine.storage.write(DATA + 0x300, bytes.fromhex("44000000"))
    record(machine, FETCHING | ALTERATION | BRANCHING)
    assert run(machine) == event(FETCHING, START, length, START + next_address, code=condition)


def test_a_branch_that_is_suppressed_is_not_successful(machine: Machine) -> None:
    # TRAP2, without DAT a special-operation exception
    load(machine, "01ff")
    record(machine, BRANCHING)
    found = run(machine)
    assert found is not None
    assert (found.code, found.events) == (Code.SPECIAL_OPERATION, 0xFF)


def test_a_store_that_was_undone_is_no_alteration(machine: Machine) -> None:
    # STM 0,15,0(8), of which the second page is not there
    load(machine, "900f8000")
    machine.cpus[0].gr[8] = machine.memory - 32
    record(machine, ALTERATION)
    found = run(machine)
    assert found is not None
    assert (found.code, found.events, found.mode) == (Code.ADDRESSING, 0xFF, 0xFF)


def test_a_vector_store_that_was_undone_is_no_alteration(machine: Machine) -> None:
    # VSTM 1,4,0(8), of which the second page is not there
    load(machine, "e7148000003e")
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | psw_bits.bit(45) | psw_bits.bit(46))
    cpu.gr[8] = machine.memory - 32
    record(machine, ALTERATION)
    found = run(machine)
    assert found is not None
    assert (found.code, found.events) == (Code.ADDRESSING, 0xFF)


def test_a_completing_condition_comes_with_all_events(machine: Machine) -> None:
    # AR 1,2 with overflow; MVI 0(4),0
    load(machine, "1a12", ADDRESSING_MODE | PER | psw_bits.bit(20))
    machine.cpus[0].gr[1], machine.cpus[0].gr[2] = 0x7FFF_FFFF, 1
    record(machine, FETCHING)
    mask = ADDRESSING_MODE | PER | psw_bits.bit(20) | 3 << 44
    expected = event(FETCHING, START, 2, START + 2, code=Code.FIXED_POINT_OVERFLOW, mask=mask)
    assert run(machine) == expected


def test_a_monitor_event_comes_with_the_events(machine: Machine) -> None:
    load(machine, "af010000")
    machine.cpus[0].set_control_register(8, 0xFFFF)
    record(machine, FETCHING)
    assert run(machine) == event(FETCHING, START, 4, START + 4, code=Code.MONITOR_EVENT)


def test_decimal_overflow_comes_with_the_alteration(machine: Machine) -> None:
    # AP 0(1,4),0(1,5): 9 + 9
    load(machine, "fa0040005000", ADDRESSING_MODE | PER | psw_bits.DECIMAL_OVERFLOW)
    machine.storage.write(DATA, b"\x9c")
    machine.storage.write(DATA + 0x100, b"\x9c")
    record(machine, ALTERATION, (DATA, DATA))
    mask = ADDRESSING_MODE | PER | psw_bits.DECIMAL_OVERFLOW | 3 << 44
    assert run(machine) == event(ALTERATION, START, 6, START + 6, code=Code.DECIMAL_OVERFLOW, mask=mask)


@pytest.mark.parametrize("address", (START + 1, 1 << 40))
def test_what_cannot_be_fetched_has_no_event(machine: Machine, address: int) -> None:
    load(machine, "0700")
    machine.cpus[0].instruction_address = address
    record(machine, FETCHING)
    found = run(machine)
    assert found is not None
    assert found.code in (Code.SPECIFICATION, Code.ADDRESSING)
    assert found.events == 0xFF


# Interruptible instructions


@pytest.mark.parametrize(("area", "is_in"), (((0x155FFF, 0x155FFF), True), ((0x156000, 0x156FFF), False)))
def test_what_was_moved_before_an_exception_has_been_altered(
    machine: Machine, address_space: AddressSpace, area: tuple[int, int], *, is_in: bool
) -> None:
    # MVCL 4,6, whose second page is not there
    load(machine, "0e46")
    address_space.map(START, START)
    address_space.map(DATA, DATA)
    address_space.map(0x155000, 0x55000)
    cpu = machine.cpus[0]
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = 0x155F00, 0x200, DATA, 0x200
    address_space.enter(cpu)
    mask = ADDRESSING_MODE | PER | psw_bits.DAT
    cpu.load_psw(Psw(mask, START))
    cpu.psw_loaded = False
    record(machine, ALTERATION, area)
    found = run(machine)
    assert found is not None
    assert (found.code, found.length, found.old) == (Code.PAGE_TRANSLATION | 0x80 * is_in, 2, Psw(mask, START))
    assert (cpu.gr[4], cpu.gr[5]) == (0x156000, 0x100)
    if is_in:
        assert (found.events, found.mode, found.address) == (0x20, 0xF0, START)
        assert machine.storage.read_integer(0xA8, 8) & -0x1000 == 0x156000


def test_nodes_that_were_updated_before_an_exception_have_been_altered(
    machine: Machine, address_space: AddressSpace
) -> None:
    # UPT, up a tree whose root's page is not there
    load(machine, "0102")
    address_space.map(START, START)
    address_space.map(0x156000, 0x56000)
    machine.storage.write_integer(0x56020, 8, 9)
    machine.storage.write_integer(0x56000, 8, 7)
    cpu = machine.cpus[0]
    cpu.gr[0], cpu.gr[4], cpu.gr[5] = 5, 0x156000 - 0x20, 0x80
    address_space.enter(cpu)
    cpu.load_psw(Psw(ADDRESSING_MODE | PER | psw_bits.DAT, START))
    cpu.psw_loaded = False
    record(machine, ALTERATION, (0x156020, 0x156020))
    found = run(machine)
    assert found is not None
    assert (found.code, found.events, found.old.address) == (Code.PAGE_TRANSLATION | 0x80, 0x20, START)


def test_a_move_of_many_pages_is_one_unit_of_operation(machine: Machine) -> None:
    load(machine, "0e46")
    cpu = machine.cpus[0]
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = 0x100000, 0x100000, DATA, 0
    record(machine, ALTERATION)
    assert run(machine) == event(ALTERATION, START, 2, START + 2, mask=ADDRESSING_MODE | PER | 2 << 44)
    assert cpu.gr[5] == 0


# Space-switch events


@pytest.mark.parametrize("is_recorded", (False, True))
def test_an_event_asks_for_a_space_switch_event(
    machine: Machine, address_space: AddressSpace, *, is_recorded: bool
) -> None:
    # SACF X'300', to the home space; no address-space-control element asks for anything
    load(machine, "b2790300 0700 0700 0700 0700 0700 0700 0700 0700 0700 0700 0700")
    address_space.map(START, START)
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | psw_bits.bit(37))
    cpu.set_control_register(4, 0x1234)
    address_space.enter(cpu)
    cpu.load_psw(Psw(ADDRESSING_MODE | PER | psw_bits.DAT, START))
    cpu.psw_loaded = False
    record(machine, FETCHING, (START, START) if is_recorded else NOWHERE)
    found = run(machine)
    if not is_recorded:
        assert found is None
        return
    old = Psw(ADDRESSING_MODE | PER | psw_bits.DAT | 3 << 46, START + 4)
    assert found == Interruption(4, Code.SPACE_SWITCH_EVENT | 0x80, old, 0x40, 0xF0, START)
    assert machine.storage.read_integer(0xAC, 4) == 0x1234


# Loading a PSW


def test_load_psw_is_judged_by_the_psw_before_it(machine: Machine) -> None:
    # LPSWE 0(4), which turns PER off
    load(machine, "b2b24000")
    new = Psw(ADDRESSING_MODE, START + 0x100)
    machine.storage.write(DATA, new.to_bytes())
    record(machine, FETCHING)
    assert run(machine) == Interruption(4, 0x80, new, 0x40, MODE_64, START)


def test_load_psw_that_turns_recording_on_has_no_event(machine: Machine) -> None:
    load(machine, "b2b24000", ADDRESSING_MODE)
    machine.storage.write(DATA, Psw(ADDRESSING_MODE | PER, START + 0x100).to_bytes())
    machine.storage.write(START + 0x100, bytes.fromhex("a7190001"))
    record(machine, FETCHING)
    assert run(machine) == event(FETCHING, START + 0x100, 4, START + 0x104)


def test_store_then_or_system_mask_turns_recording_on(machine: Machine) -> None:
    # STOSM 0(4),X'40'; NOP
    load(machine, "ad404000 0700", ADDRESSING_MODE)
    record(machine, FETCHING | ALTERATION)
    assert run(machine) == event(FETCHING, START + 4, 2, START + 6)


def test_load_control_that_asks_for_events_has_none(machine: Machine) -> None:
    # LCTLG 9,11,0(4); NOP
    load(machine, "eb9b4000002f 0700")
    machine.storage.write(DATA, b"".join(value.to_bytes(8, "big") for value in (FETCHING, *EVERYWHERE)))
    assert run(machine) == event(FETCHING, START + 6, 2, START + 8)


def test_load_control_that_asks_for_no_events_has_one(machine: Machine) -> None:
    load(machine, "eb9b4000002f")
    machine.storage.write(DATA, bytes(24))
    record(machine, FETCHING)
    assert run(machine) == event(FETCHING, START, 6, START + 6)


def test_an_invalid_psw_that_was_loaded_comes_with_the_events(machine: Machine) -> None:
    load(machine, "b2b24000")
    new = Psw(1 << 63 | ADDRESSING_MODE, START + 0x100)
    machine.storage.write(DATA, new.to_bytes())
    record(machine, FETCHING)
    assert run(machine) == Interruption(0, 0x86, new, 0x40, MODE_64, START)


def test_an_invalid_system_mask_comes_with_the_events(machine: Machine) -> None:
    # SSM 0(4)
    load(machine, "80004000")
    machine.storage.write(DATA, b"\x80")
    record(machine, FETCHING)
    assert run(machine) == Interruption(4, 0x86, Psw(1 << 63 | ADDRESSING_MODE, START + 4), 0x40, MODE_64, START)


# SUPERVISOR CALL


@pytest.mark.parametrize(("code", "length"), (("0a07", 2), ("c60000000003 0a07", 6)))
def test_the_interruption_of_a_supervisor_call_comes_first(machine: Machine, code: str, length: int) -> None:
    load(machine, code)
    new = Psw(ADDRESSING_MODE, START + 0x200)
    machine.storage.write(0x1C0, new.to_bytes())
    record(machine, FETCHING)
    assert run(machine) == Interruption(length, 0x80, new, 0x40, MODE_64, START)
    assert machine.storage.read_integer(0x88, 4) == length << 16 | 7
    assert Psw.from_bytes(machine.storage.read(0x140, 16)) == Psw(ADDRESSING_MODE | PER, START + length)


def test_an_invalid_new_psw_of_a_supervisor_call_comes_with_the_events(machine: Machine) -> None:
    load(machine, "0a07")
    new = Psw(1 << 60 | ADDRESSING_MODE, START)
    machine.storage.write(0x1C0, new.to_bytes())
    record(machine, FETCHING)
    assert run(machine) == Interruption(0, 0x86, new, 0x40, MODE_64, START)


# Other interruptions


def test_an_external_interruption_comes_after_the_events(machine: Machine) -> None:
    # STOSM 0(4),1, which enables for a pending external call
    load(machine, "ad014000")
    cpu = machine.cpus[0]
    cpu.set_control_register(0, 1 << 13)
    cpu.pending.external_call = 0
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.EXTERNAL_MASK, START + 0x100).to_bytes())
    machine.storage.write(0x1B0, HANDLER.to_bytes())
    record(machine, FETCHING)
    assert run(machine) == event(FETCHING, START, 4, START + 4, mask=ADDRESSING_MODE | PER | psw_bits.EXTERNAL_MASK)
    assert Psw.from_bytes(machine.storage.read(0x130, 16)).address == START + 0x100


def test_a_wait_comes_after_the_events(machine: Machine) -> None:
    load(machine, "b2b24000")
    new = Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x777)
    machine.storage.write(DATA, new.to_bytes())
    record(machine, FETCHING)
    assert run(machine) == Interruption(4, 0x80, new, 0x40, MODE_64, START)
    assert machine.cpus[0].instruction_address == HANDLER.address


def test_after_a_reset_nothing_of_the_instruction_is_left(machine: Machine) -> None:
    # DIAG 1,3,0x308 with the subcode 0: a reset; what is at absolute 0 is loaded as the PSW.
    load(machine, "83130308")
    machine.storage.write(0, bytes.fromhex("000a000080000777"))
    machine.cpus[0].gr[3] = 0
    record(machine, FETCHING)
    machine.run(1)
    assert machine.cpus[0].instruction_address == 0x777
    assert machine.storage.read_integer(0x8E, 2) == 0


# Nullification


@pytest.mark.parametrize(
    ("code", "area"),
    (
        ("a7190001", (START, START)),
        # What would be an operation exception; EXRL, by its own address and by its target's
        ("0000", (START, START)),
        ("c60000000004 0700 a7190001", (START, START)),
        ("c60000000004 0700 a7190001", (START + 8, START + 8)),
    ),
)
def test_instruction_fetching_nullification(machine: Machine, code: str, area: tuple[int, int]) -> None:
    load(machine, code)
    record(machine, FETCHING | NULLIFICATION, area)
    assert run(machine) == event(FETCHING | NULLIFICATION, START, 0, START)
    assert machine.cpus[0].gr[1] == 0
    assert machine.executed == 0


def test_of_a_nullified_execute_the_target_is_not_fetched(machine: Machine) -> None:
    # EX 0,0(4)
    load(machine, "44004000")
    machine.storage.write(DATA, bytes.fromhex("0700"))
    machine.keys.bytes[DATA >> 12] = 0
    record(machine, FETCHING | NULLIFICATION, (START, START))
    assert run(machine) == event(FETCHING | NULLIFICATION, START, 0, START)
    assert machine.keys.bytes[DATA >> 12] == 0


def test_what_is_not_designated_is_not_nullified(machine: Machine) -> None:
    load(machine, "a7190001 a7190002")
    record(machine, FETCHING | NULLIFICATION, (START + 4, START + 4))
    assert run(machine) == event(FETCHING | NULLIFICATION, START + 4, 0, START + 4)
    assert machine.cpus[0].gr[1] == 1


# Store using real address


@pytest.mark.parametrize("code", ("b2460014", "b9250014"))
@pytest.mark.parametrize(
    ("events", "found"),
    (
        (ALTERATION | REAL_STORE, ALTERATION | REAL_STORE),
        (ALTERATION, 0),
        (REAL_STORE, 0),
        (REAL_STORE | FETCHING, 1 << 30),
    ),
)
def test_store_using_real_address(machine: Machine, code: str, events: int, found: int) -> None:
    load(machine, code + "0700" * 12)
    record(machine, events, NOWHERE if not events & FETCHING else EVERYWHERE)
    assert run(machine) == (event(found, START, 4, START + 4) if found else None)


# The mode


@pytest.mark.parametrize(
    ("mask", "mode"),
    ((0, 0x40), (BASIC_ADDRESSING, 0x60), (ADDRESSING_MODE, 0xE0), (ADDRESSING_MODE | 3 << 46, 0xEC)),
)
def test_the_mode_is_that_before_the_instruction(machine: Machine, mask: int, mode: int) -> None:
    # SAM64; without DAT the space changes nothing
    load(machine, "010e", mask | PER)
    record(machine, FETCHING)
    found = run(machine)
    assert found is not None
    assert found.mode == mode
    assert found.old.mask == mask | ADDRESSING_MODE | PER


def test_the_access_identification_is_zero(machine: Machine) -> None:
    load(machine, "e31040000024")
    record(machine, ALTERATION)
    run(machine)
    assert machine.storage.read(0xA0, 2) == b"\0\0"


# Running freely


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The addresses of the instructions that the run loop has executed alone."""
    found: list[int] = []
    execute_alone = single.execute_alone

    def noted(cpu: Cpu, engine: Engine) -> None:
        found.append(cpu.instruction_address)
        execute_alone(cpu, engine)

    monkeypatch.setattr(run_loop, "execute_alone", noted)
    monkeypatch.setattr(single, "execute_alone", noted)
    return found


LOOP = "c01900002000 e310a0000024 e31050000024 a716fffa b2054000"
"""LGFI 1,8192; STG 1,0(10); STG 1,0(5); BRCT 1,*-12; STCK 0(4)"""


def test_only_what_stores_into_few_pages_is_executed_alone(machine: Machine, alone: list[int]) -> None:
    load(machine, LOOP)
    machine.cpus[0].gr[10] = DATA + 0x2000
    record(machine, ALTERATION, (DATA, DATA + 8))
    machine.run(100_000)
    assert stored(machine) == event(ALTERATION, START + 22, 4, START + 26)
    # Those into the page, which are no events, and the one that is.
    assert set(alone) <= {START + 12, START + 22}
    assert len(alone) == 8193


def test_where_many_pages_are_designated_each_instruction_is(machine: Machine, alone: list[int]) -> None:
    load(machine, "0700" * 40 + "50104000")
    record(machine, ALTERATION, (DATA, DATA + (1 << 21)))
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    assert stored(machine) == event(ALTERATION, START + 80, 4, START + 84)
    assert len(alone) == 41


def test_when_nothing_is_asked_for_any_more_nothing_is_watched(machine: Machine, alone: list[int]) -> None:
    load(machine, "50104000 50104000 a7f40000")
    record(machine, ALTERATION, (DATA + 8, DATA + 8))
    machine.run(2)
    alone.clear()
    machine.cpus[0].instruction_address = START
    record(machine, 0)
    machine.run(1000)
    assert alone == []
