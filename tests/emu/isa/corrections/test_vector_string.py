# SPDX-License-Identifier: GPL-2.0-or-later
"""VISTR: elements of the size that M3 says, executed by the engine itself."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.program_interruption import ProgramInterruptionCode

WORDS = (0x1122_3300_0506_0708, 0x0000_0102_0304_0506)
# M3, the two halves of V1, condition code.
CASES = ((0, 0x1122_3300_0000_0000, 0, 0), (1, 0x1122_3300_0506_0708, 0, 0), (2, *WORDS, 3))


@pytest.mark.parametrize(("m3", "left", "right", "condition_code"), CASES)
@pytest.mark.parametrize("m4", (0, 1, 2, 9))
def test_elements(execute, cpu, m3, m4, left, right, condition_code) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    cpu.vr[4], cpu.vr[5] = WORDS
    assert execute(f"e712001{m4}{m3}05c").condition_code == condition_code
    assert (cpu.vr[2], cpu.vr[3]) == (left, right)


@pytest.mark.parametrize(("m3", "m5"), ((3, 1), (15, 0), (0, 2), (1, 8)))
def test_reserved(execute, cpu, m3, m5) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    assert execute(f"e71200{m5:x}0{m3:x}05c").interruption is ProgramInterruptionCode.SPECIFICATION
