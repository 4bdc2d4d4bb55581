# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT FROM FIXED and CONVERT FROM LOGICAL: rounding modes, inexact, its control, and its trap."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode

TIE = (1 << 24) + 1
"""Half-way between two short data."""


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)


@pytest.mark.parametrize(
    ("m3", "result"),
    ((1, 0x4B80_0001), (3, 0x4B80_0001), (4, 0x4B80_0000), (5, 0x4B80_0000), (6, 0x4B80_0001), (7, 0x4B80_0000)),
)
def test_rounding_methods(execute, cpu, m3, result) -> None:
    cpu.gr[2] = TIE
    execute(f"b394{m3}012")
    assert (cpu.vr[2] >> 32, cpu.registers.fpc) == (result, 0x0008_0000)


@pytest.mark.parametrize("m3", (2, 8, 15))
def test_reserved_rounding_methods(execute, m3) -> None:
    assert execute(f"b394{m3:x}012").interruption is ProgramInterruptionCode.SPECIFICATION


def test_inexact_traps(execute, cpu) -> None:
    cpu.gr[2], cpu.registers.fpc = TIE, 0x0800_0000
    assert execute("b3946012").interruption is ProgramInterruptionCode.DATA
    assert (cpu.vr[2] >> 32, cpu.registers.fpc) == (0x4B80_0001, 0x0800_0C00)


def test_inexact_is_suppressed(execute, cpu) -> None:
    cpu.gr[2], cpu.registers.fpc = TIE, 0x0800_0000
    assert execute("b3946412").interruption is None
    assert (cpu.vr[2] >> 32, cpu.registers.fpc) == (0x4B80_0001, 0x0800_0000)


def test_logical_to_extended(execute, cpu) -> None:
    cpu.gr[2] = (1 << 64) - 1
    execute("b3a20012")
    assert (cpu.vr[2], cpu.vr[6]) == (0x403E_FFFF_FFFF_FFFF, 0xFFFE << 48)
