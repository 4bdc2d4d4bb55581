# SPDX-License-Identifier: GPL-2.0-or-later
"""VREP: all of I2 is the number of an element."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.program_interruption import ProgramInterruptionCode


@pytest.mark.parametrize(
    ("number", "m4", "is_valid"), ((1, 2, True), (4, 2, False), (0x100, 0, False), (0x8001, 3, False), (1, 4, False))
)
def test_number(execute, cpu, number, m4, is_valid) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    cpu.vr[6], cpu.vr[7] = 0x0102_0304_0506_0708, 0x090A_0B0C_0D0E_0F10
    ended = execute(f"e723{number:04x}{m4:x}04d")
    if is_valid:
        assert cpu.vr[4] == cpu.vr[5] == 0x0506_0708_0506_0708
    else:
        assert ended.interruption is ProgramInterruptionCode.SPECIFICATION
