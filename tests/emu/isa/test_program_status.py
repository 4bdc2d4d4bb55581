# SPDX-License-Identifier: GPL-2.0-or-later
"""LPSW, LPSWE, SSM, STNSM, STOSM, SPKA, IPK, EPSW, IAC, SAC, SACF, LPP, MC, TRACE and TRACG (PoP chapters 4, 7 and 10).

What follows an instruction, an early specification exception or an event with completion, is seen by stepping the
machine; the rest by the instruction alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.access import NotModelled
from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.isa.declaration import INSTRUCTIONS
from emu.machine import Machine
from emu.program_interruption import Ending, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, PROBLEM_STATE, AddressSpaceControl, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

START = 0x10000
OPERAND = 0x3000
TARGET = 0x10100
HANDLER = 0x700
BEYOND = 0x400000
"""The first byte that is not in storage."""
ONES = 0xFFFF_FFFF_FFFF_FFFF

SSM_SUPPRESSION = 1 << 30
EXTRACTION_AUTHORITY = 1 << 27
SECONDARY_SPACE = 1 << 26
LOW_ADDRESS_PROTECTION = 1 << 28
SPACE_SWITCH = 1 << 6
"""In an address-space-control element: bit 57."""
SHORT = 1 << 51
"""Bit 12, which the eight-byte form of the PSW has."""

HOME_MODE = DAT | 3 << 46
SECONDARY_MODE = DAT | 2 << 46
ACCESS_REGISTER_MODE = DAT | 1 << 46

PRIVILEGED = ("LPSW", "LPSWE", "SSM", "STNSM", "STOSM", "LPP", "TRACE", "TRACG")


def in_mode(cpu: Cpu, mask: int) -> None:
    """Load a PSW with *mask*; the instruction address stays."""
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, cpu.instruction_address))
    cpu.psw_loaded = False


def compose(mnemonic: str, **operands: int) -> bytes:
    """The bytes of a declared instruction; fields that are not named are zero."""
    declared = INSTRUCTIONS.by_mnemonic(mnemonic)
    fields = {field.name: 0 for field in declared.format.fields} | operands
    return declared.format.compose(declared.opcode, fields).to_bytes(declared.format.length, "big")


def step(machine: Machine, code: bytes) -> Psw:
    """Execute *code* at the current address, with what it causes; give the program old PSW."""
    machine.storage.write(machine.cpus[0].instruction_address, code)
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    assert machine.step() is None
    return Psw.from_bytes(machine.storage.read(0x150, 16))


def interruption(machine: Machine) -> tuple[int, int]:
    """Length in bytes and code of the program interruption taken."""
    assert machine.cpus[0].instruction_address == HANDLER
    word = machine.storage.read_integer(0x8C, 4)
    return word >> 16, word & 0xFFFF


@pytest.mark.parametrize("mnemonic", PRIVILEGED)
def test_problem_state(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_mode(cpu, PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic, **({"d1": 1} if mnemonic in {"STNSM", "STOSM"} else {"d2": 1}))


# An operand that is on a smaller boundary than it must be.
@pytest.mark.parametrize(("mnemonic", "address"), (("LPSW", 4), ("LPSWE", 4), ("LPP", 4), ("TRACE", 2), ("TRACG", 2)))
def test_operand_off_its_boundary(cpu: Cpu, run: Run, expect: Expect, mnemonic: str, address: int) -> None:
    with expect(Code.SPECIFICATION):
        run(cpu, mnemonic, d2=address)


@pytest.mark.parametrize("mnemonic", ("LPSW", "LPSWE", "SSM", "STNSM", "STOSM", "LPP", "TRACE", "TRACG"))
def test_operand_not_in_storage(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.gr[5] = BEYOND
    before = cpu.psw
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, **({"b1": 5} if mnemonic in {"STNSM", "STOSM"} else {"b2": 5}))
    assert cpu.psw == before


# LOAD PSW, LOAD PSW EXTENDED


@pytest.mark.parametrize(
    ("word", "mask", "address"),
    (
        # 64-bit mode; DAT, key 5, wait, problem state, condition code 2, program mask 6.
        (0x045B_2601_8000_1234, 0x0453_2601_8000_0000, 0x1234),
        (0x0008_0000_FFFF_FFFE, 0x0000_0000_8000_0000, 0x7FFF_FFFE),
        (0x0008_0000_00FF_FFFE, 0, 0xFF_FFFE),
    ),
)
def test_lpsw(cpu: Cpu, run: Run, word: int, mask: int, address: int) -> None:
    cpu.configuration.storage.write_integer(OPERAND, 8, word)
    cpu.gr[5] = OPERAND
    run(cpu, "LPSW", b2=5)
    assert cpu.psw == Psw(mask, address)


def test_lpsw_without_bit_12(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.storage.write_integer(OPERAND, 8, 0x0000_0001_8000_1234)
    cpu.gr[5] = OPERAND
    before = cpu.psw
    with expect(Code.SPECIFICATION):
        run(cpu, "LPSW", b2=5)
    assert cpu.psw == before


def test_lpswe(cpu: Cpu, run: Run) -> None:
    new = Psw(0x0703_3D01_8000_0000, 0x1234_5678_9ABC_DEF0)
    cpu.configuration.storage.write(OPERAND, new.to_bytes())
    cpu.gr[5] = OPERAND
    run(cpu, "LPSWE", b2=5)
    assert cpu.psw == new
    assert cpu.key == 0
    assert cpu.problem_state
    assert cpu.is_waiting


def test_lpswe_from_a_doubleword_that_is_no_quadword(cpu: Cpu, run: Run) -> None:
    new = Psw(ADDRESSING_MODE, 0x2222)
    cpu.configuration.storage.write(OPERAND + 8, new.to_bytes())
    cpu.gr[5] = OPERAND
    run(cpu, "LPSWE", b2=5, d2=8)
    assert cpu.psw == new


@pytest.mark.parametrize("mnemonic", ("LPSW", "LPSWE"))
def test_a_key_other_than_zero_without_storage_keys(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL}
    short = SHORT if mnemonic == "LPSW" else 0
    cpu.configuration.storage.write(OPERAND, Psw(ADDRESSING_MODE | short | 3 << 52, 0x2000).to_bytes())
    cpu.gr[5] = OPERAND
    before = cpu.psw
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, mnemonic, b2=5)
    assert cpu.psw == before


def test_early_exception_after_lpswe_has_length_zero_and_the_whole_new_psw(machine: Machine) -> None:
    invalid = Psw(ADDRESSING_MODE | 1 << 63, 0xFFFF_FFFF_FFFF_FFFF)
    machine.storage.write(OPERAND, invalid.to_bytes())
    machine.cpus[0].gr[5] = OPERAND
    assert step(machine, compose("LPSWE", b2=5)) == invalid
    assert interruption(machine) == (0, Code.SPECIFICATION)


def test_early_exception_after_lpsw_has_length_zero(machine: Machine) -> None:
    # Bit 31 one and bit 32 zero is no addressing mode.
    machine.storage.write_integer(OPERAND, 8, SHORT | 1 << 32 | 0x1234)
    machine.cpus[0].gr[5] = OPERAND
    assert step(machine, compose("LPSW", b2=5)) == Psw(1 << 32, 0x1234)
    assert interruption(machine) == (0, Code.SPECIFICATION)


def test_early_exception_after_an_executed_lpswe_has_length_zero(machine: Machine) -> None:
    invalid = Psw(ADDRESSING_MODE | 1 << 63, 0x1234)
    machine.storage.write(OPERAND, invalid.to_bytes())
    machine.storage.write(TARGET, compose("LPSWE", b2=5))
    machine.cpus[0].gr[5], machine.cpus[0].gr[6] = OPERAND, TARGET
    # EX 0,0(0,6)
    assert step(machine, bytes.fromhex("44006000")) == invalid
    assert interruption(machine) == (0, Code.SPECIFICATION)


# SET SYSTEM MASK, STORE THEN AND SYSTEM MASK, STORE THEN OR SYSTEM MASK


def test_ssm_replaces_bits_0_to_7_alone(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, 1 << 62 | 5 << 52 | 2 << 44)
    cpu.configuration.storage.write(OPERAND, b"\x03")
    # The byte is fetched with the key of the PSW.
    cpu.configuration.keys.bytes[OPERAND >> 12] = 0x58
    cpu.gr[5] = OPERAND
    run(cpu, "SSM", b2=5)
    assert cpu.psw == Psw(ADDRESSING_MODE | 3 << 56 | 5 << 52 | 2 << 44, START + 4)


def test_ssm_suppression(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.set_control_register(0, SSM_SUPPRESSION)
    cpu.gr[5] = BEYOND
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "SSM", b2=5)


def test_ssm_suppression_comes_after_the_problem_state(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.set_control_register(0, SSM_SUPPRESSION)
    in_mode(cpu, PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "SSM", d2=0)


def test_ssm_cannot_fetch_what_the_key_forbids(cpu: Cpu, run: Run, expect: Expect) -> None:
    in_mode(cpu, 1 << 52)
    cpu.configuration.keys.bytes[OPERAND >> 12] = 0x28
    cpu.gr[5] = OPERAND
    with expect(Code.PROTECTION):
        run(cpu, "SSM", b2=5)


@pytest.mark.parametrize(
    ("mnemonic", "immediate", "before", "after"),
    (
        ("STNSM", 0xFC, 0x47, 0x44),
        ("STNSM", 0x00, 0x47, 0x00),
        ("STOSM", 0x03, 0x44, 0x47),
        ("STOSM", 0x00, 0x43, 0x43),
    ),
)
def test_store_then_and_or(cpu: Cpu, run: Run, mnemonic: str, immediate: int, before: int, after: int) -> None:
    # DAT on needs a space: a real-space designation.
    cpu.set_control_register(1, 0x20)
    in_mode(cpu, before << 56)
    cpu.gr[5] = OPERAND
    run(cpu, mnemonic, b1=5, i2=immediate)
    assert cpu.configuration.storage.read(OPERAND, 1) == bytes((before,))
    assert cpu.psw == Psw(ADDRESSING_MODE | after << 56, START + 4)


@pytest.mark.parametrize("mnemonic", ("STNSM", "STOSM"))
def test_store_then_and_or_changes_nothing_if_it_cannot_store(
    cpu: Cpu, run: Run, expect: Expect, mnemonic: str
) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    in_mode(cpu, 1 << 57)
    before = cpu.psw
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, d1=0x100, i2=0x01)
    assert cpu.psw == before


@pytest.mark.parametrize("code", (compose("SSM", b2=5), compose("STOSM", b1=5, i2=0x80)), ids=("SSM", "STOSM"))
def test_early_exception_after_a_system_mask_has_the_length_of_the_instruction(machine: Machine, code: bytes) -> None:
    machine.storage.write(OPERAND, b"\x80")
    machine.cpus[0].gr[5] = OPERAND
    assert step(machine, code) == Psw(ADDRESSING_MODE | 1 << 63, START + 4)
    assert interruption(machine) == (4, Code.SPECIFICATION)


@pytest.mark.parametrize("target", (compose("SSM", b2=5), compose("STOSM", b1=5, i2=0x80)), ids=("SSM", "STOSM"))
@pytest.mark.parametrize("execute", ("44006000", "c60000000080"), ids=("EX", "EXRL"))
def test_early_exception_after_an_executed_system_mask_has_the_length_of_execute(
    machine: Machine, target: bytes, execute: str
) -> None:
    code = bytes.fromhex(execute)
    machine.storage.write(OPERAND, b"\x80")
    machine.storage.write(TARGET, target)
    machine.cpus[0].gr[5], machine.cpus[0].gr[6] = OPERAND, TARGET
    assert step(machine, code) == Psw(ADDRESSING_MODE | 1 << 63, START + len(code))
    assert interruption(machine) == (len(code), Code.SPECIFICATION)


# SET PSW KEY FROM ADDRESS, INSERT PSW KEY


def test_spka(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, 5 << 52)
    cpu.gr[5] = 0x1230
    run(cpu, "SPKA", b2=5, d2=0x6F)
    # 0x1230 + 0x06F = 0x129F
    assert cpu.psw == Psw(ADDRESSING_MODE | 9 << 52, START + 4)
    assert cpu.key == 9


def test_spka_in_the_problem_state_needs_the_psw_key_mask(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.set_control_register(3, 1 << 31 - 9)
    in_mode(cpu, PROBLEM_STATE | 8 << 52)
    run(cpu, "SPKA", d2=0x90)
    assert cpu.key == 9
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "SPKA", d2=0x80)
    assert cpu.key == 9


def test_spka_without_storage_keys(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL}
    run(cpu, "SPKA", d2=0x00)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "SPKA", d2=0x10)
    assert cpu.key == 0


@pytest.mark.parametrize(("mask", "authority"), ((0, 0), (PROBLEM_STATE, EXTRACTION_AUTHORITY)))
def test_ipk(cpu: Cpu, run: Run, mask: int, authority: int) -> None:
    cpu.set_control_register(0, authority)
    in_mode(cpu, mask | 0xA << 52)
    cpu.gr[2] = ONES
    run(cpu, "IPK")
    assert cpu.gr[2] == 0xFFFF_FFFF_FFFF_FFA0


def test_ipk_without_extraction_authority(cpu: Cpu, run: Run, expect: Expect) -> None:
    in_mode(cpu, PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "IPK")


# EXTRACT PSW


def test_epsw(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, PROBLEM_STATE | 7 << 56 & ~DAT | 0xB << 52 | 1 << 44 | 4 << 40)
    cpu.gr[1] = cpu.gr[2] = ONES
    run(cpu, "EPSW", r1=1, r2=2)
    assert cpu.gr[1] == 0xFFFF_FFFF_03B1_1401
    assert cpu.gr[2] == 0xFFFF_FFFF_8000_0000
    assert cpu.cc == 1


def test_epsw_without_a_second_register(cpu: Cpu, run: Run) -> None:
    cpu.gr[0] = ONES
    run(cpu, "EPSW", r1=1, r2=0)
    assert cpu.gr[0] == ONES
    assert cpu.gr[1] == 1


def test_epsw_of_a_register_0_as_the_first(cpu: Cpu, run: Run) -> None:
    run(cpu, "EPSW", r1=0, r2=3)
    assert (cpu.gr[0], cpu.gr[3]) == (1, 0x8000_0000)


def test_epsw_shows_the_problem_state_bit_of_the_guest_and_not_of_the_engine(machine: Machine) -> None:
    cpu = machine.cpus[0]
    machine.storage.write(START, compose("EPSW", r1=1))
    machine.step()
    assert not cpu.gr[1] & 1 << 16
    cpu.instruction_address = START
    in_mode(cpu, PROBLEM_STATE)
    machine.step()
    assert cpu.gr[1] & 1 << 16


# INSERT ADDRESS SPACE CONTROL

# PSW bits 16 and 17, and the code that IAC gives and SAC takes for them.
SPACES = ((0, 0), (2, 1), (1, 2), (3, 3))


@pytest.mark.parametrize(("control", "code"), SPACES)
def test_iac(cpu: Cpu, run: Run, control: int, code: int) -> None:
    in_mode(cpu, DAT | control << 46)
    cpu.gr[4] = ONES
    run(cpu, "IAC", r1=4)
    assert cpu.gr[4] == 0xFFFF_FFFF_FFFF_00FF | code << 8
    assert cpu.cc == code


def test_iac_with_extraction_authority(cpu: Cpu, run: Run, expect: Expect) -> None:
    in_mode(cpu, DAT | PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "IAC", r1=4)
    cpu.set_control_register(0, EXTRACTION_AUTHORITY)
    run(cpu, "IAC", r1=4)


# PoP 10, figure "Priority of Execution: INSERT ADDRESS SPACE CONTROL": DAT off comes before the authority.
@pytest.mark.parametrize("state", (0, PROBLEM_STATE))
def test_iac_with_dat_off(cpu: Cpu, run: Run, expect: Expect, state: int) -> None:
    in_mode(cpu, state)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "IAC", r1=4)


# SET ADDRESS SPACE CONTROL, SET ADDRESS SPACE CONTROL FAST


@pytest.mark.parametrize("mnemonic", ("SAC", "SACF"))
@pytest.mark.parametrize(("control", "code"), SPACES)
@pytest.mark.parametrize("before", (0, 3))
def test_sac(cpu: Cpu, run: Run, mnemonic: str, control: int, code: int, before: int) -> None:
    cpu.set_control_register(0, SECONDARY_SPACE)
    in_mode(cpu, DAT | before << 46 | 2 << 44)
    run(cpu, mnemonic, d2=code << 8 | 0xFF)
    assert cpu.psw == Psw(ADDRESSING_MODE | DAT | control << 46 | 2 << 44, START + 4)
    assert cpu.space == control


@pytest.mark.parametrize("mnemonic", ("SAC", "SACF"))
def test_sac_with_dat_off(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.set_control_register(0, SECONDARY_SPACE)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, mnemonic, d2=0)


@pytest.mark.parametrize("mnemonic", ("SAC", "SACF"))
@pytest.mark.parametrize("code", range(4))
def test_sac_without_secondary_space_control(cpu: Cpu, run: Run, expect: Expect, mnemonic: str, code: int) -> None:
    in_mode(cpu, DAT)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, mnemonic, d2=code << 8)


@pytest.mark.parametrize("mnemonic", ("SAC", "SACF"))
@pytest.mark.parametrize("code", (4, 8, 15))
def test_sac_of_an_unassigned_code(cpu: Cpu, run: Run, expect: Expect, mnemonic: str, code: int) -> None:
    cpu.set_control_register(0, SECONDARY_SPACE)
    in_mode(cpu, DAT)
    with expect(Code.SPECIFICATION):
        run(cpu, mnemonic, d2=code << 8)


@pytest.mark.parametrize("mnemonic", ("SAC", "SACF"))
def test_sac_in_the_problem_state(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.set_control_register(0, SECONDARY_SPACE)
    in_mode(cpu, DAT | PROBLEM_STATE)
    run(cpu, mnemonic, d2=0x100)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic, d2=0x300)
    assert cpu.space is AddressSpaceControl.SECONDARY


# PoP 6, "Space-Switch Event": the primary ASN is stored on the way to the home space, zero on the way back, each with
# the control of the space that is left in bit 32.
@pytest.mark.parametrize(
    ("before", "code", "primary", "home", "identification"),
    (
        (DAT, 3, SPACE_SWITCH, 0, 0x8000_ABCD),
        (DAT, 3, 0, SPACE_SWITCH, 0x0000_ABCD),
        (SECONDARY_MODE, 3, SPACE_SWITCH, 0, 0x8000_ABCD),
        (HOME_MODE, 0, 0, SPACE_SWITCH, 0x8000_0000),
        (HOME_MODE, 1, SPACE_SWITCH, 0, 0x0000_0000),
    ),
)
def test_space_switch_event(
    cpu: Cpu, run: Run, expect: Expect, before: int, code: int, primary: int, home: int, identification: int
) -> None:
    cpu.set_control_register(0, SECONDARY_SPACE)
    cpu.set_control_register(1, primary)
    cpu.set_control_register(4, 0x1234_ABCD)
    cpu.set_control_register(13, home)
    in_mode(cpu, before)
    with expect(Code.SPACE_SWITCH_EVENT) as event:
        run(cpu, "SAC", d2=code << 8)
    assert event.value.ending is Ending.COMPLETION
    assert event.value.translation_exception == identification
    assert cpu.space == {0: 0, 1: 2, 3: 3}[code]


@pytest.mark.parametrize(("before", "code"), ((DAT, 1), (SECONDARY_MODE, 0), (HOME_MODE, 3), (DAT, 0)))
def test_no_space_switch_event_unless_the_home_space_is_entered_or_left(
    cpu: Cpu, run: Run, before: int, code: int
) -> None:
    cpu.set_control_register(0, SECONDARY_SPACE)
    for register in (1, 7, 13):
        cpu.set_control_register(register, SPACE_SWITCH)
    in_mode(cpu, before)
    run(cpu, "SAC", d2=code << 8)


def test_space_switch_event_is_taken_behind_the_instruction(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.set_control_register(0, SECONDARY_SPACE)
    # Real-space designations.
    cpu.set_control_register(1, 0x20)
    cpu.set_control_register(13, 0x20 | SPACE_SWITCH)
    in_mode(cpu, DAT)
    cpu.set_control_register(4, 0xABCD)
    machine.storage.write_integer(0xA8, 8, ONES)
    assert step(machine, compose("SAC", d2=0x300)) == Psw(ADDRESSING_MODE | HOME_MODE, START + 4)
    assert interruption(machine) == (4, Code.SPACE_SWITCH_EVENT)
    # PoP 3: real locations 168-171 stay.
    assert machine.storage.read_integer(0xA8, 8) == 0xFFFF_FFFF_0000_ABCD


# LOAD PROGRAM PARAMETER


def test_lpp(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write_integer(OPERAND, 8, 0x0123_4567_89AB_CDEF)
    cpu.gr[5] = OPERAND
    run(cpu, "LPP", b2=5)
    assert cpu.program_parameter == 0x0123_4567_89AB_CDEF


def test_lpp_not_installed(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES - {Facility.LOAD_PROGRAM_PARAMETER}
    with expect(Code.OPERATION):
        run(cpu, "LPP")


# MONITOR CALL


def test_mc_of_a_class_that_is_not_enabled(cpu: Cpu, run: Run) -> None:
    cpu.set_control_register(8, ~(1 << 15 - 6) & ONES)
    run(cpu, "MC", d1=0x123, i2=6)
    assert cpu.instruction_address == START + 4


@pytest.mark.parametrize("number", (0, 6, 15))
def test_mc_of_an_enabled_class(cpu: Cpu, run: Run, expect: Expect, number: int) -> None:
    cpu.set_control_register(8, 1 << 15 - number)
    in_mode(cpu, PROBLEM_STATE)
    cpu.gr[5] = 0x1234_5678_9ABC_D000
    with expect(Code.MONITOR_EVENT) as event:
        run(cpu, "MC", b1=5, d1=0x123, i2=number)
    assert event.value.monitor_class == number
    assert event.value.monitor_code == 0x1234_5678_9ABC_D123


def test_monitor_code_is_cut_by_the_addressing_mode(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.set_control_register(8, 0x8000)
    cpu.load_psw(Psw(BASIC_ADDRESSING, START))
    cpu.gr[5] = 0x1234_5678_9ABC_D000
    with expect(Code.MONITOR_EVENT) as event:
        run(cpu, "MC", b1=5, d1=0x123)
    assert event.value.monitor_code == 0x1ABC_D123


@pytest.mark.parametrize("immediate", (0x10, 0x1F, 0x86))
def test_mc_with_ones_in_bits_8_to_11(cpu: Cpu, run: Run, expect: Expect, immediate: int) -> None:
    cpu.set_control_register(8, 0xFFFF)
    with expect(Code.SPECIFICATION):
        run(cpu, "MC", i2=immediate)


def test_monitor_event_is_taken_behind_the_instruction(machine: Machine) -> None:
    machine.cpus[0].set_control_register(8, 1 << 15 - 7)
    assert step(machine, compose("MC", d1=0x123, i2=7)).address == START + 4
    assert interruption(machine) == (4, Code.MONITOR_EVENT)
    assert machine.storage.read_integer(0x94, 2) == 7
    assert machine.storage.read_integer(0xB0, 8) == 0x123


# TRACE

TABLE = 0x5000
TRACING = 1


@pytest.fixture
def operand(cpu: Cpu) -> int:
    """Register 5 designates the operand word, which is the value of this fixture; explicit tracing is on."""
    word = 0x0123_4567
    cpu.configuration.storage.write_integer(OPERAND, 4, word)
    cpu.gr[5] = OPERAND
    cpu.set_control_register(12, 1 << 63 | TABLE | TRACING)
    return word


def trace_entry(cpu: Cpu, length: int, address: int = TABLE) -> bytes:
    """The *length* bytes of an entry, behind which nothing was stored."""
    assert cpu.configuration.storage.read(address + length, 8) == bytes(8)
    return cpu.configuration.storage.read(address, length)


# PoP 4, "Trace Entries": X'7n', X'00', bits 16-63 of the TOD clock, the operand, bits 32-63 of the registers.
def test_trace(cpu: Cpu, run: Run, operand: int) -> None:
    cpu.gr[15], cpu.gr[0], cpu.gr[1] = 0xF << 32 | 0xFFFF, ONES, 0x1111
    run(cpu, "TRACE", r1=15, r3=1, b2=5)
    clock = cpu.configuration.timing.tod.to_bytes(8, "big")[2:]
    expected = b"\x72\x00" + clock + bytes.fromhex("01234567 0000ffff ffffffff 00001111")
    assert trace_entry(cpu, 24) == expected
    # The branch-trace and ASN-trace controls stay.
    assert cpu.cr[12] == 1 << 63 | TABLE + 24 | TRACING


# PoP 4: X'7n', X'80', bits 0-79 of the TOD clock, the operand, the registers.
def test_tracg(cpu: Cpu, run: Run, operand: int) -> None:
    cpu.gr[15], cpu.gr[0] = 0xF << 32 | 0xFFFF, ONES
    run(cpu, "TRACG", r1=15, r3=0, b2=5)
    clock = cpu.configuration.timing.tod.to_bytes(8, "big") + bytes(2)
    expected = b"\x71\x80" + clock + bytes.fromhex("01234567 0000000f0000ffff ffffffffffffffff")
    assert trace_entry(cpu, 32) == expected
    assert cpu.cr[12] == 1 << 63 | TABLE + 32 | TRACING


@pytest.mark.parametrize("mnemonic", ("TRACE", "TRACG"))
def test_no_trace_entry_if_tracing_is_off_or_the_operand_says_so(
    cpu: Cpu, run: Run, operand: int, mnemonic: str
) -> None:
    cpu.set_control_register(12, TABLE)
    run(cpu, mnemonic, b2=5)
    cpu.set_control_register(12, TABLE | TRACING)
    cpu.configuration.storage.write_integer(OPERAND, 4, 0x8000_0000 | operand)
    run(cpu, mnemonic, b2=5)
    assert cpu.cr[12] == TABLE | TRACING
    assert trace_entry(cpu, 0) == b""


# PoP 6, "Trace-Table Exception": an explicit entry is treated as being 76 bytes long, and 144 with 64-bit registers.
@pytest.mark.parametrize(
    ("mnemonic", "length", "longest"), (("TRACE", 16, 76), ("TRACG", 24, 144)), ids=("TRACE", "TRACG")
)
def test_trace_table_exception(
    cpu: Cpu, run: Run, expect: Expect, operand: int, mnemonic: str, length: int, longest: int
) -> None:
    last = TABLE + 0x1000 - longest
    cpu.set_control_register(12, last | TRACING)
    with expect(Code.TRACE_TABLE) as condition:
        run(cpu, mnemonic, r1=1, r3=1, b2=5)
    assert condition.value.ending is Ending.NULLIFICATION
    assert cpu.cr[12] == last | TRACING
    cpu.set_control_register(12, last - 4 | TRACING)
    run(cpu, mnemonic, r1=1, r3=1, b2=5)
    assert cpu.cr[12] == last - 4 + length | TRACING


def test_trace_table_is_real_and_outside_key_controlled_protection(cpu: Cpu, run: Run, operand: int) -> None:
    cpu.set_prefix(0x8000)
    cpu.set_control_register(12, 0x1000 | TRACING)
    cpu.configuration.keys.bytes[9] = 0x30
    cpu.configuration.keys.bytes[OPERAND >> 12] = 0x40
    in_mode(cpu, 4 << 52)
    run(cpu, "TRACE", r1=1, r3=1, b2=5)
    assert trace_entry(cpu, 16, 0x9000)[0] == 0x70
    assert cpu.configuration.keys.bytes[9] == 0x36


def test_low_address_protection_holds_for_the_trace_table(cpu: Cpu, run: Run, expect: Expect, operand: int) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    cpu.set_control_register(12, 0x100 | TRACING)
    with expect(Code.PROTECTION):
        run(cpu, "TRACE", b2=5)


@pytest.mark.parametrize("offset", (0, 0xFFC))
def test_trace_table_outside_storage(cpu: Cpu, run: Run, expect: Expect, operand: int, offset: int) -> None:
    cpu.set_control_register(12, BEYOND + offset | TRACING)
    with expect(Code.ADDRESSING):
        run(cpu, "TRACE", b2=5)


def test_tracg_needs_no_facility_and_takes_a_negative_displacement(cpu: Cpu, run: Run, operand: int) -> None:
    cpu.gr[5] = OPERAND + 0x80000
    run(cpu, "TRACG", b2=5, d2=-0x80000)
    assert cpu.cr[12] & 0xFFFF == TABLE + 24 | TRACING


def test_an_operand_in_access_register_mode_is_not_modelled(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, ACCESS_REGISTER_MODE)
    with pytest.raises(NotModelled):
        run(cpu, "SSM", d2=0)
