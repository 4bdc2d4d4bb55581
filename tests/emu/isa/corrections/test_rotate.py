"""RNSBG, ROSBG and RXSBG with and without the test-results control."""

from __future__ import annotations

import pytest

FIRST = 0xFF00_0000_0000_00F0
SECOND = 0x0FF0_0000_0000_0003


# opcode, I3, I4, I5, result, condition code; the selected bits of R2 rotated left by I5 meet those of R1.
CASES = (
    ("54", 0, 15, 0, 0x0F00_0000_0000_00F0, 1),
    ("56", 0, 15, 0, 0xFFF0_0000_0000_00F0, 1),
    ("57", 0, 15, 0, 0xF0F0_0000_0000_00F0, 1),
    ("57", 56, 63, 4, 0xFF00_0000_0000_00C0, 1),
    ("54", 60, 63, 0, 0xFF00_0000_0000_00F0, 0),
    ("56", 62, 3, 0, 0xFF00_0000_0000_00F3, 1),
)


@pytest.mark.parametrize(("opcode", "i3", "i4", "i5", "result", "condition_code"), CASES)
@pytest.mark.parametrize("test", (False, True))
def test_selected_bits(execute, cpu, test, opcode, i3, i4, i5, result, condition_code) -> None:
    cpu.gr[1], cpu.gr[2] = FIRST, SECOND
    outcome = execute(f"ec12{i3 | test << 7:02x}{i4:02x}{i5:02x}{opcode}")
    assert outcome.condition_code == condition_code
    assert cpu.gr[1] == (FIRST if test else result)
    assert cpu.gr[2] == SECOND
