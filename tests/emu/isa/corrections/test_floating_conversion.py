# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT TO FIXED and TO LOGICAL: rounding, results that do not fit, IEEE exceptions."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode

INVALID_FLAG = 0x0080_0000
INEXACT_FLAG = 0x0008_0000
BOTH_FLAGS = INVALID_FLAG | INEXACT_FLAG
UNTOUCHED = 0x5555_5555_5555_5555

SHORT_ONE = 0x3F80_0000
SHORT_NAN = 0x7FC1_0000
SHORT_2_63 = 0x5F00_0000
SHORT_2_31 = 0x4F00_0000
LONG_MINUS_2_5 = 0xC004_0000_0000_0000
LONG_MINUS_1 = 0xBFF0_0000_0000_0000
LONG_NAN = 0x7FF8_0000_0000_0000
LONG_SIGNALING = 0x7FF4_0000_0000_0000
LONG_2_64 = 0x43F0_0000_0000_0000
LONG_MINUS_INFINITY = 0xFFF0_0000_0000_0000


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
    cpu.gr[1] = UNTOUCHED


# opcode, M3, datum, result, condition code, flags
SHORT_CASES = (
    ("b3a8", 0, SHORT_ONE, 1, 2, 0),
    ("b3a8", 0, SHORT_NAN, 1 << 63, 3, BOTH_FLAGS),
    ("b3a8", 0, SHORT_2_63, (1 << 63) - 1, 3, BOTH_FLAGS),
    ("b398", 0, SHORT_2_31, 0x5555_5555_7FFF_FFFF, 3, BOTH_FLAGS),
    ("b398", 0, SHORT_NAN, 0x5555_5555_8000_0000, 3, BOTH_FLAGS),
    ("b3ac", 0, SHORT_2_63, 1 << 63, 2, 0),
    ("b3ac", 0, SHORT_NAN, 0, 3, BOTH_FLAGS),
    ("b39c", 0, SHORT_2_31, 0x5555_5555_8000_0000, 2, 0),
    ("b39c", 0, SHORT_NAN, 0x5555_5555_0000_0000, 3, BOTH_FLAGS),
)
LONG_CASES = (
    ("b3a9", 0, 0, 0, 0, 0),
    ("b3a9", 0, LONG_MINUS_2_5, -2, 1, INEXACT_FLAG),
    ("b3a9", 1, LONG_MINUS_2_5, -3, 1, INEXACT_FLAG),
    ("b3a9", 3, LONG_MINUS_2_5, -3, 1, INEXACT_FLAG),
    ("b3a9", 4, LONG_MINUS_2_5, -2, 1, INEXACT_FLAG),
    ("b3a9", 5, LONG_MINUS_2_5, -2, 1, INEXACT_FLAG),
    ("b3a9", 6, LONG_MINUS_2_5, -2, 1, INEXACT_FLAG),
    ("b3a9", 7, LONG_MINUS_2_5, -3, 1, INEXACT_FLAG),
    ("b3a9", 0, LONG_SIGNALING, -1 << 63, 3, BOTH_FLAGS),
    ("b399", 0, LONG_MINUS_INFINITY, 0x5555_5555_8000_0000, 3, BOTH_FLAGS),
    ("b3ad", 0, LONG_2_64, (1 << 64) - 1, 3, BOTH_FLAGS),
    ("b3ad", 0, LONG_MINUS_1, 0, 3, BOTH_FLAGS),
    ("b3ad", 0, LONG_NAN, 0, 3, BOTH_FLAGS),
    ("b39d", 0, LONG_2_64, 0x5555_5555_FFFF_FFFF, 3, BOTH_FLAGS),
)


@pytest.mark.parametrize(("opcode", "m3", "datum", "result", "condition_code", "flags"), SHORT_CASES)
def test_short(execute, cpu, opcode, m3, datum, result, condition_code, flags) -> None:
    cpu.vr[4] = datum << 32
    outcome = execute(f"{opcode}{m3}012")
    assert (outcome.interruption, outcome.condition_code) == (None, condition_code)
    assert cpu.gr[1] == result & (1 << 64) - 1
    assert cpu.registers.fpc == flags


@pytest.mark.parametrize(("opcode", "m3", "datum", "result", "condition_code", "flags"), LONG_CASES)
def test_long(execute, cpu, opcode, m3, datum, result, condition_code, flags) -> None:
    cpu.vr[4] = datum
    outcome = execute(f"{opcode}{m3}012")
    assert (outcome.interruption, outcome.condition_code) == (None, condition_code)
    assert cpu.gr[1] == result & (1 << 64) - 1
    assert cpu.registers.fpc == flags


@pytest.mark.parametrize(
    ("opcode", "high", "low", "result", "condition_code"),
    (
        ("b3aa", 0x3FFF_8000_0000_0000, 0, 2, 2),
        ("b39a", 0xBFFF_8000_0000_0000, 0, 0x5555_5555_FFFF_FFFE, 1),
        ("b3aa", 0x7FFF_8000_0000_0000, 0, 1 << 63, 3),
        ("b3ae", 0x403E_FFFF_FFFF_FFFF, 0xFFFE_0000_0000_0000, (1 << 64) - 1, 2),
        ("b39e", 0x401F_0000_0000_0000, 0, 0x5555_5555_FFFF_FFFF, 3),
    ),
)
def test_extended(execute, cpu, opcode, high, low, result, condition_code) -> None:
    cpu.vr[2 * 4], cpu.vr[2 * 6] = high, low
    assert execute(f"{opcode}0014").condition_code == condition_code
    assert cpu.gr[1] == result


def test_rounding_mode_of_the_fpc(execute, cpu) -> None:
    cpu.registers.fpc = 3
    cpu.vr[4] = 0xBFE0_0000_0000_0000
    execute("b3a90012")
    assert cpu.gr[1] == (1 << 64) - 1


def test_inexact_suppressed_by_m4(execute, cpu) -> None:
    cpu.vr[4] = LONG_MINUS_2_5
    execute("b3a95412")
    assert cpu.registers.fpc == 0
    assert cpu.gr[1] == (1 << 64) - 2


def test_invalid_trap_suppresses(execute, cpu, machine) -> None:
    cpu.registers.fpc = 0x8000_0000
    cpu.vr[4] = LONG_NAN
    assert execute("b3a90012").interruption is ProgramInterruptionCode.DATA
    assert machine.storage.read_integer(0x90, 4) == 0x80
    assert cpu.registers.fpc == 0x8000_8000
    assert cpu.gr[1] == UNTOUCHED


def test_inexact_trap_completes(execute, cpu, machine) -> None:
    cpu.registers.fpc = 0x0800_0000
    cpu.vr[4] = LONG_MINUS_2_5
    outcome = execute("b3a97012")
    assert (outcome.interruption, outcome.condition_code) == (ProgramInterruptionCode.DATA, 1)
    assert machine.storage.read_integer(0x90, 4) == 0x0C
    assert cpu.gr[1] == (1 << 64) - 3


def test_undefined_rounding_mode(execute) -> None:
    assert execute("b3a92012").interruption is ProgramInterruptionCode.SPECIFICATION


def test_no_pair(execute) -> None:
    assert execute("b3aa0012").interruption is ProgramInterruptionCode.SPECIFICATION


def test_without_afp_control(execute, cpu, machine) -> None:
    cpu.set_control_register(0, cpu.cr[0] & ~CR0_AFP)
    assert execute("b3a90012").interruption is ProgramInterruptionCode.DATA
    assert machine.storage.read_integer(0x90, 4) == 2
