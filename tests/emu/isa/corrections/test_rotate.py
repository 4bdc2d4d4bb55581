# SPDX-License-Identifier: GPL-2.0-or-later
"""RNSBG, ROSBG and RXSBG with and without the test-results control; RISBHG and RISBLG."""

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


OLD = 0x1111_2222_3333_4444
NEW = 0xAAAA_BBBB_CCCC_DDDD
# opcode, I3, I4, I5, result
INSERTIONS = (
    ("5d", 0, 15, 0, 0xAAAA_2222_3333_4444),
    ("5d", 16, 31, 0, 0x1111_BBBB_3333_4444),
    ("5d", 0, 31, 32, 0xCCCC_DDDD_3333_4444),
    ("5d", 28, 3, 0, 0xA111_222B_3333_4444),
    ("5d", 0, 0x80 | 15, 0, 0xAAAA_0000_3333_4444),
    ("5d", 0x20, 0x60 | 15, 16, 0xBBBB_2222_3333_4444),
    ("51", 0, 15, 0, 0x1111_2222_CCCC_4444),
    ("51", 16, 31, 0, 0x1111_2222_3333_DDDD),
    ("51", 0, 31, 32, 0x1111_2222_AAAA_BBBB),
    ("51", 28, 3, 0, 0x1111_2222_C333_444D),
    ("51", 24, 0x80 | 31, 8, 0x1111_2222_0000_00AA),
    ("51", 0, 0x80 | 31, 0, 0x1111_2222_CCCC_DDDD),
)


@pytest.mark.parametrize(("opcode", "i3", "i4", "i5", "result"), INSERTIONS)
def test_insert_in_half(execute, cpu, opcode, i3, i4, i5, result) -> None:
    cpu.gr[1], cpu.gr[2] = OLD, NEW
    # CGHI 1,0 makes the condition code 2, and it stays.
    assert execute(f"a71f0000 ec12{i3:02x}{i4:02x}{i5:02x}{opcode}").condition_code == 2
    assert cpu.gr[1] == result
