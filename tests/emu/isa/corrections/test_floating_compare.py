# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE and COMPARE AND SIGNAL of BFP data."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode

ONE, QUIET, SIGNALING = 0x3FF0 << 48, 0x7FF8 << 48, 0x7FF4 << 48


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)


@pytest.mark.parametrize("masks", (0, 0x80))
@pytest.mark.parametrize(
    ("code", "second", "condition_code", "is_invalid"),
    (
        ("b3190012", ONE, 0, False),
        ("b3190012", SIGNALING | 1 << 63, 3, True),
        ("b3190012", 0, 2, False),
        ("b3190012", 0x7FE0 << 48, 1, False),
        ("b3190012", QUIET, 3, False),
        ("b3190012", SIGNALING, 3, True),
        ("b3180012", ONE, 0, False),
        ("b3180012", QUIET, 3, True),
        ("b3180012", SIGNALING, 3, True),
    ),
)
def test_compare_with_one(execute, cpu, masks, code, second, condition_code, is_invalid) -> None:
    cpu.vr[2], cpu.vr[4] = ONE, second
    cpu.registers.fpc = masks << 24
    outcome = execute(code)
    if is_invalid and masks:
        assert (outcome.interruption, outcome.condition_code) == (ProgramInterruptionCode.DATA, 0)
        assert cpu.registers.fpc == 0x8000_8000
    else:
        assert (outcome.interruption, outcome.condition_code) == (None, condition_code)
        assert cpu.registers.fpc == masks << 24 | is_invalid << 23
