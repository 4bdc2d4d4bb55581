# SPDX-License-Identifier: GPL-2.0-or-later
"""DIVIDE TO INTEGER: quotient, remainder and condition code; partial and scaled quotients."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)


# Dividend, divisor, M4; quotient, remainder, condition code.
SHORT = (
    pytest.param(0x41000000, 0xC0800000, 0, 0xC0000000, 0x00000000, 0, id="8 by -4"),
    pytest.param(0xC1000000, 0x40800000, 0, 0xC0000000, 0x80000000, 0, id="-8 by 4"),
    pytest.param(0x40E00000, 0x40800000, 0, 0x40000000, 0xBF800000, 0, id="7 by 4, to nearest"),
    pytest.param(0x40E00000, 0x40800000, 5, 0x3F800000, 0x40400000, 0, id="7 by 4, toward zero"),
    pytest.param(0x40A00000, 0x40800000, 6, 0x40000000, 0xC0400000, 0, id="5 by 4, up"),
    pytest.param(0x40C00000, 0x40800000, 4, 0x40000000, 0xC0000000, 0, id="6 by 4, ties to even"),
    pytest.param(0x40A00000, 0x40000000, 1, 0x40400000, 0xBF800000, 0, id="5 by 2, ties away"),
    pytest.param(0x3F800000, 0xC0800000, 0, 0x80000000, 0x3F800000, 0, id="1 by -4"),
    pytest.param(0x4C800000, 0x40400000, 0, 0x4BAAAAAA, 0x40800000, 2, id="2 ** 26 by 3: partial"),
    pytest.param(0x4C800000, 0x40000000, 0, 0x4C000000, 0x00000000, 0, id="2 ** 26 by 2: no remainder"),
    pytest.param(0x7F7FFFFF, 0x00000001, 0, 0x69FFFFFF, 0x00000000, 1, id="overflow without remainder"),
    pytest.param(0x7F7FFFFF, 0x0000000B, 0, 0x683A2E8A, 0x73A00000, 3, id="overflow with remainder"),
    pytest.param(0x40000000, 0xFF800000, 0, 0x80000000, 0x40000000, 0, id="by infinity"),
    pytest.param(0x7FCA0000, 0x7F8B0000, 0, 0x7FCB0000, 0x7FCB0000, 1, id="NaNs"),
    pytest.param(0xFF800000, 0x40000000, 0, 0x7FC00000, 0x7FC00000, 1, id="infinity"),
    pytest.param(0x40000000, 0x00000000, 0, 0x7FC00000, 0x7FC00000, 1, id="by zero"),
)


@pytest.mark.parametrize(("dividend", "divisor", "m4", "quotient", "remainder", "condition_code"), SHORT)
def test_short(execute, cpu, dividend, divisor, m4, quotient, remainder, condition_code) -> None:
    cpu.vr[2], cpu.vr[4] = dividend << 32, divisor << 32
    assert execute(f"b3533{m4}12").condition_code == condition_code
    assert (cpu.vr[6] >> 32, cpu.vr[2] >> 32) == (quotient, remainder)


def test_long(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[4] = 0x401C << 48, 0x4010 << 48
    assert execute("b35b3012").condition_code == 0
    assert (cpu.vr[6], cpu.vr[2]) == (0x4000 << 48, 0xBFF0 << 48)


def test_tiny_remainder_traps(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[4], cpu.registers.fpc = 0x00FF_FFFF << 32, 0x00FF_FFFE << 32, 0xF800_0000
    assert execute("b3533012").interruption is ProgramInterruptionCode.DATA
    assert (cpu.vr[6] >> 32, cpu.vr[2] >> 32) == (0x3F80_0000, 0x5500_0000)
    assert cpu.registers.fpc == 0xF800_1000


def test_invalid_traps(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[6], cpu.registers.fpc = 0x3F80_0000 << 32, 5, 0x8000_0000
    assert execute("b3533012").interruption is ProgramInterruptionCode.DATA
    assert (cpu.vr[2], cpu.vr[6], cpu.registers.fpc) == (0x3F80_0000 << 32, 5, 0x8000_8000)


@pytest.mark.parametrize("code", ("b3531012", "b3532012", "b3533011", "b3533212"))
def test_refused(execute, code) -> None:
    """Registers that are not different, and an M4 without meaning."""
    assert execute(code).interruption is ProgramInterruptionCode.SPECIFICATION
