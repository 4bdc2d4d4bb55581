# SPDX-License-Identifier: GPL-2.0-or-later
"""SET PROGRAM MASK (PoP 7): bits 34-35 and 36-39 of R1 become the condition code and the program mask."""

from __future__ import annotations

import pytest

from emu.isa.declaration import INSTRUCTIONS
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw

Code = ProgramInterruptionCode

START = 0x10000
REST = 0xC0FF_FFFF
"""The bits of the word that are ignored."""


@pytest.mark.parametrize("rest", (0, REST, REST | 0xFFFF_FFFF << 32))
@pytest.mark.parametrize("mask", (0, 1, 2, 4, 8, 15))
@pytest.mark.parametrize("condition_code", range(4))
def test_condition_code_and_program_mask_are_set_and_all_other_bits_ignored(
    run, cpu, condition_code: int, mask: int, rest: int
) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.gr[7] = condition_code << 28 | mask << 24 | rest
    run(cpu, "SPM", r1=7)
    assert cpu.psw == Psw(ADDRESSING_MODE | condition_code << 63 - 19 | mask << 63 - 23, START + 2)
    assert cpu.gr[7] == condition_code << 28 | mask << 24 | rest


def test_the_mask_before_is_replaced(run, cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | 3 << 63 - 19 | 15 << 63 - 23, START))
    cpu.gr[1] = 0
    run(cpu, "SPM", r1=1)
    assert cpu.psw == Psw(ADDRESSING_MODE, START + 2)


def test_general_register_0_is_a_register_like_any_other(run, cpu) -> None:
    cpu.gr[0] = 0x1500_0000
    run(cpu, "SPM", r1=0)
    assert cpu.psw.mask == ADDRESSING_MODE | 1 << 63 - 19 | 5 << 63 - 23


def test_it_is_executed_in_the_problem_state(run, cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, START))
    cpu.gr[1] = 0x2000_0000
    run(cpu, "SPM", r1=1)
    assert cpu.cc == 2


# The reason why the engine does not execute it: the overflow that the mask asks for


@pytest.mark.parametrize(("mask", "interruption"), ((0x0800_0000, Code.FIXED_POINT_OVERFLOW), (0x0700_0000, None)))
def test_an_overflow_after_it_interrupts_as_the_mask_says(execute, cpu, mask: int, interruption: Code | None) -> None:
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = mask, 0x7FFF_FFFF, 1
    # SPM 1; AR 2,3
    outcome = execute("0410 1a23")
    assert (outcome.interruption, outcome.condition_code) == (interruption, 3)
    assert cpu.gr[2] == 0x8000_0000


def test_every_form_is_executed_by_the_model() -> None:
    assert INSTRUCTIONS.by_mnemonic("SPM").only is None
