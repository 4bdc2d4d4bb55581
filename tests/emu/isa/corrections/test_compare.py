# SPDX-License-Identifier: GPL-2.0-or-later
"""CLC: the condition code is right, and stays when the second operand cannot be accessed."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode


@pytest.mark.parametrize("length", (1, 2, 3, 4, 8))
@pytest.mark.parametrize(("last", "condition_code"), ((0x55, 0), (0x56, 1), (0x54, 2)))
def test_lengths(execute, cpu, length, last, condition_code) -> None:
    cpu.gr[2], cpu.gr[3] = 0x2000, 0x3000
    outcome = execute(f"d5{length - 1:02x}20003000", x2000="55" * 8, x3000="55" * (length - 1) + f"{last:02x}")
    assert outcome.condition_code == condition_code


@pytest.mark.parametrize("length", (1, 2, 4, 8, 9))
def test_condition_code_survives_an_access_exception(execute, cpu, length) -> None:
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = 5, 0x2000, 0x1000_0000
    # CGHI 1,9: low.
    outcome = execute(f"a71f0009 d5{length - 1:02x}20003000", x2000="55" * 9)
    assert outcome.interruption is ProgramInterruptionCode.ADDRESSING
    assert outcome.condition_code == 1
