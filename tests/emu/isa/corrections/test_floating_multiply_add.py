# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY AND ADD and MULTIPLY AND SUBTRACT: the order of three NaNs, infinity times zero, and traps."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode

Q1, Q2, Q3 = 0x7FF8_0000_0000_0001, 0x7FF8_0000_0000_0002, 0x7FF8_0000_0000_0003
S1, S2, S3 = 0x7FF0_0000_0000_0001, 0x7FF0_0000_0000_0002, 0x7FF0_0000_0000_0003
ONE, INFINITY, DEFAULT_NAN = 0x3FF0 << 48, 0x7FF0 << 48, 0x7FF8 << 48


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)


@pytest.mark.parametrize("opcode", ("b31e", "b31f"), ids=("MADBR", "MSDBR"))
@pytest.mark.parametrize(
    ("first", "second", "third", "result", "flags"),
    (
        (Q1, Q2, Q3, Q2, 0),
        (Q1, ONE, Q3, Q3, 0),
        (Q1, ONE, ONE, Q1, 0),
        (S1, Q2, Q3, Q1, 0x80),
        (S1, S2, S3, Q2, 0x80),
        (S1, Q2, S3, Q3, 0x80),
        (Q1, INFINITY, 0, DEFAULT_NAN, 0x80),
        (Q1, 0, INFINITY, DEFAULT_NAN, 0x80),
        (S1, INFINITY, 0, DEFAULT_NAN, 0x80),
        (Q1, INFINITY, ONE, Q1, 0),
        (INFINITY, 0, Q3, Q3, 0),
    ),
)
def test_nans(execute, cpu, opcode, first, second, third, result, flags) -> None:
    """The NaN of the product comes before the addend, a signaling one before a quiet one."""
    cpu.vr[2], cpu.vr[4], cpu.vr[6] = first, second, third
    execute(f"{opcode}1032")
    assert (cpu.vr[2], cpu.registers.fpc) == (result, flags << 16)


def test_short_in_storage(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[6], cpu.gr[3] = 0x7FC0_0001 << 32, 0x7FC0_0003 << 32, 0x2000
    execute("ed303000100e", x2000="7fc00002")
    assert cpu.vr[2] == 0x7FC0_0002 << 32


def test_it_is_rounded_once(execute, cpu) -> None:
    """(1 + 2 ** -52) ** 2 - (1 + 2 ** -51) is 2 ** -104."""
    cpu.vr[2], cpu.vr[4], cpu.vr[6] = ONE + 2, ONE + 1, ONE + 1
    execute("b31f1032")
    assert cpu.vr[2] == (1023 - 104) << 52


def test_exact_underflow_traps(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[4], cpu.vr[6], cpu.gr[3] = 0, 0x0010 << 48, 0x3FE0 << 48, 0x2000
    outcome = execute("b29d3000 b31e1032", x2000="10000000")
    assert outcome.interruption is ProgramInterruptionCode.DATA
    assert (cpu.vr[2], cpu.registers.fpc) == (1536 << 52, 0x1000_1000)
