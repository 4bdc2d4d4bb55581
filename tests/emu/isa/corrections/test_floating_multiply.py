# SPDX-License-Identifier: GPL-2.0-or-later
"""MDEB, MDEBR, MXDB and MXDBR: the first operand is in the shorter format."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode

SHORT_1_5 = 0x3FC0_0000
SHORT_INFINITY = 0x7F80_0000
SHORT_SIGNALING = 0x7F81_0000
LONG_1_5 = 0x3FF8_0000_0000_0000
INVALID_FLAG = 0x0080_0000


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)


def test_short_to_long(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[4] = SHORT_1_5 << 32 | 0xDEAD, SHORT_1_5 << 32
    execute("b30c0012")
    assert cpu.vr[2] == 0x4002_0000_0000_0000  # 2.25


def test_short_to_long_from_storage(execute, cpu) -> None:
    cpu.vr[2] = SHORT_1_5 << 32
    cpu.gr[3] = 0x2000
    execute("ed103000000c", x2000="c0000000")
    assert cpu.vr[2] == 0xC008_0000_0000_0000  # -3


def test_long_to_extended(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[6], cpu.vr[8] = LONG_1_5, 0xDEAD, LONG_1_5
    execute("b3070014")
    assert (cpu.vr[2], cpu.vr[6]) == (0x4000_2000_0000_0000, 0)


def test_long_to_extended_from_storage(execute, cpu) -> None:
    cpu.vr[2] = 1  # the smallest number
    cpu.gr[3] = 0x2000
    execute("ed1030000007", x2000="0000000000000001")
    assert (cpu.vr[2], cpu.vr[6]) == ((16383 - 2148) << 48, 0)


def test_infinity_times_zero(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[4] = SHORT_INFINITY << 32, 0
    execute("b30c0012")
    assert cpu.vr[2] == 0x7FF8_0000_0000_0000
    assert cpu.registers.fpc == INVALID_FLAG


def test_infinity_times_number(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[4] = SHORT_INFINITY << 32, (SHORT_1_5 | 1 << 31) << 32
    execute("b30c0012")
    assert cpu.vr[2] == 0xFFF0_0000_0000_0000


def test_signaling_nan_goes_before_quiet_nan(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[4] = 0x7FC0_0001 << 32, SHORT_SIGNALING << 32
    execute("b30c0012")
    assert cpu.vr[2] == 0x7FF8_2000_0000_0000
    assert cpu.registers.fpc == INVALID_FLAG


def test_pair_required(execute) -> None:
    assert execute("b3070024").interruption is ProgramInterruptionCode.SPECIFICATION


def test_access_exception(execute, cpu) -> None:
    cpu.gr[3] = 0x80_0000
    assert execute("ed103000000c").interruption is ProgramInterruptionCode.ADDRESSING
