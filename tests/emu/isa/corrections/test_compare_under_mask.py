# SPDX-License-Identifier: GPL-2.0-or-later
"""CLM, CLMY and CLMH with a mask of zero: access exceptions are recognized for one byte."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode

FORMS = {"CLM": "bd{}02000", "CLMY": "eb{}020000021", "CLMH": "eb{}020000020"}


@pytest.mark.parametrize("mnemonic", FORMS)
@pytest.mark.parametrize("r1", "13")
def test_without_a_mask_one_byte_is_fetched(execute, cpu, mnemonic: str, r1: str) -> None:
    cpu.gr[2] = 1 << 40
    code = FORMS[mnemonic].format(r1)
    assert execute(code).interruption is ProgramInterruptionCode.ADDRESSING


@pytest.mark.parametrize("mnemonic", FORMS)
def test_without_a_mask_the_operands_are_equal(execute, cpu, mnemonic: str) -> None:
    cpu.gr[2] = 0x2000
    # CGHI 2,0 makes the condition code 2.
    assert execute("a72f0000" + FORMS[mnemonic].format("1"), x2000="ff").condition_code == 0


@pytest.mark.parametrize(
    ("code", "condition_code"),
    (("bd162000", 1), ("eb1620000021", 1), ("bd112000", 0), ("eb1120000020", 2)),
)
def test_with_a_mask(execute, cpu, code: str, condition_code: int) -> None:
    cpu.gr[1], cpu.gr[2] = 0x0000_0043_0001_0242, 0x2000
    assert execute(code, x2000="4203").condition_code == condition_code
