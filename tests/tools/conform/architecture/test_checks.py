# SPDX-License-Identifier: GPL-2.0-or-later
"""From an expectation to the doubleword that an image compares."""

from __future__ import annotations

from dataclasses import replace

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture import layout
from tools.conform.architecture.case import Case, FinalState, program
from tools.conform.architecture.checks import ImageCheck, checks_of


def test_a_field_is_a_part_of_a_doubleword(tiny: Case) -> None:
    event = program(Code.DATA, ilc=None, data_exception_code=0xFE, teid=("page1", 0xF000))
    checks = {
        each.name: each for each in checks_of(replace(tiny, events=(event,), end=FinalState()), {"page1": 0x41008})
    }
    low_core = layout.LOG + layout.LOG_LOW_CORE - 0x80
    assert checks["event 1: data exception code"] == ImageCheck(
        "event 1: data exception code", low_core + 0x90, 0xFFFFFFFF << 32, 0xFE << 32, 32
    )
    assert checks["event 1: teid"] == ImageCheck("event 1: teid", low_core + 0xA8, 0xF000, 0x1000)
    assert "event 1: instruction length" not in checks


def test_the_old_psw_has_the_mask_of_the_case_whatever_the_condition_code(tiny: Case) -> None:
    (check,) = [each for each in checks_of(tiny, {"after": 2}) if each.name == "event 1: old PSW mask"]
    assert check.expected == tiny.mask
    assert check.mask == ~(3 << 44) & (1 << 64) - 1


def test_numbers_have_the_width_of_their_field() -> None:
    assert ImageCheck("", 0, 0xFF << 32, 0, 32).text(0x1234_5678_9ABC_DEF0) == "78"
    assert ImageCheck("", 0, 0xFFFF, 0, 0, is_code=True).text(0x9A) == "009a (discard fault, with a PER event)"
    assert ImageCheck("", 0, 0xFFFF, 0, 0, is_code=True).text(0x80) == "0080 (per event)"
    assert ImageCheck("", 0, 0xFFFF, 0, 0, is_code=True).text(0x99) == "0099 (no assigned code, with a PER event)"
