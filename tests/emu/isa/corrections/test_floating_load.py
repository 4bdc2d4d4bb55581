# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD AND TEST of signaling NaNs; LOAD ROUNDED to a register that is no pair."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)


@pytest.mark.parametrize(
    ("datum", "result", "condition_code", "flags"),
    (
        (0, 0, 0, 0),
        (0xBFF0 << 48, 0xBFF0 << 48, 1, 0),
        (0x3FF0 << 48, 0x3FF0 << 48, 2, 0),
        (0x7FF8 << 48, 0x7FF8 << 48, 3, 0),
        (0x7FF4 << 48, 0x7FFC << 48, 3, 0x0080_0000),
    ),
)
def test_long(execute, cpu, datum, result, condition_code, flags) -> None:
    cpu.vr[4] = datum
    assert execute("b3120012").condition_code == condition_code
    assert (cpu.vr[2], cpu.registers.fpc) == (result, flags)


def test_short(execute, cpu) -> None:
    cpu.vr[2], cpu.vr[4] = 0x1111_1111_2222_2222, 0x7F81_0000_0000_0000
    assert execute("b3020012").condition_code == 3
    assert cpu.vr[2] == 0x7FC1_0000_2222_2222


def test_extended(execute, cpu) -> None:
    cpu.vr[8], cpu.vr[12] = 0x7FFF_0000_0000_0000, 1
    assert execute("b3420014").condition_code == 3
    assert (cpu.vr[2], cpu.vr[6]) == (0x7FFF_8000_0000_0000, 1)


def test_signaling_nan_traps(execute, cpu) -> None:
    cpu.registers.fpc = 0x8000_0000
    cpu.vr[2], cpu.vr[4] = 5, 0x7FF4 << 48
    assert execute("b3120012").interruption is ProgramInterruptionCode.DATA
    assert cpu.vr[2] == 5


@pytest.mark.parametrize("code", ("b3450024", "b3460024"))
def test_rounded_to_no_pair(execute, code) -> None:
    assert execute(code).interruption is ProgramInterruptionCode.SPECIFICATION


def test_rounded_to_a_pair(execute, cpu) -> None:
    cpu.vr[8] = 0x4000_8000_0000_0000
    assert execute("b3450014").interruption is None
    assert cpu.vr[2] == 0x4008_0000_0000_0000
