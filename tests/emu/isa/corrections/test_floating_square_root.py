# SPDX-License-Identifier: GPL-2.0-or-later
"""SQXBR: exact and rounded roots, and what has none."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode

INEXACT_FLAG = 0x0008_0000
INVALID_FLAG = 0x0080_0000


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)


# datum, FPC, root, FPC afterwards
CASES = (
    (0x4001 << 112, 0, 0x4000 << 112, 0),  # 4, 2
    (0x4000_2 << 108, 0, 0x3FFF_8 << 108, 0),  # 2.25, 1.5
    (0, 0, 0, 0),
    (0x8000 << 112, 0, 0x8000 << 112, 0),
    (0x7FFF << 112, 0, 0x7FFF << 112, 0),
    (1, 0, (16383 - 8247) << 112, 0),  # 2 ** -16494, the smallest number
    # The root of 2 is 1.6A09E667F3BCC908B2FB1366EA957D3E3ADEC... hexadecimal.
    (0x4000 << 112, 0, 0x3FFF_6A09_E667_F3BC_C908_B2FB_1366_EA95, INEXACT_FLAG),
    (0x4000 << 112, 2, 0x3FFF_6A09_E667_F3BC_C908_B2FB_1366_EA96, INEXACT_FLAG | 2),
    (0xBFFF << 112, 0, 0x7FFF_8 << 108, INVALID_FLAG),
    (0xFFFF << 112, 0, 0x7FFF_8 << 108, INVALID_FLAG),
    (0x7FFF << 112 | 1, 0, 0x7FFF_8 << 108 | 1, INVALID_FLAG),
    (0xFFFF_8 << 108 | 5, 0, 0xFFFF_8 << 108 | 5, 0),
)


@pytest.mark.parametrize(("datum", "before", "root", "after"), CASES)
def test_root(execute, cpu, datum, before, root, after) -> None:
    cpu.registers.fpc = before
    cpu.vr[8], cpu.vr[12] = datum >> 64, datum & (1 << 64) - 1
    assert execute("b3160014").interruption is None
    assert cpu.vr[2] << 64 | cpu.vr[6] == root
    assert cpu.registers.fpc == after


def test_inexact_trap_completes(execute, cpu, machine) -> None:
    cpu.registers.fpc = 0x0800_0000
    cpu.vr[8] = 0x4000 << 48
    assert execute("b3160014").interruption is ProgramInterruptionCode.DATA
    assert machine.storage.read_integer(0x90, 4) == 0x08
    assert cpu.vr[2] == 0x3FFF_6A09_E667_F3BC


@pytest.mark.parametrize("code", ("b3160024", "b3160012"))
def test_pairs(execute, code) -> None:
    assert execute(code).interruption is ProgramInterruptionCode.SPECIFICATION
