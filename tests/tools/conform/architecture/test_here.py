# SPDX-License-Identifier: GPL-2.0-or-later
"""Every case of the architecture passes on this machine, freely and step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emu.page_states import Profile
from tools.conform.architecture.case import KVM, Case
from tools.conform.architecture.collection import read_cases
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import make_image

CASES = read_cases()


@pytest.mark.parametrize("name", CASES)
def test_the_machine_keeps_the_rule(name: str) -> None:
    case = CASES[name]
    profile = Profile.KVM if KVM in case.needs else Profile.ZVM
    image = make_image(case)
    for stepped in (False, True):
        outcome = run_here(image, stepped=stepped, profile=profile)
        assert (outcome.verdict, outcome.text) == (CaseVerdict.PASSED, ""), f"stepped: {stepped}"


def test_a_case_that_needs_what_is_not_there_is_skipped() -> None:
    case = CASES["page-hinting/zvm-Sr-0"]
    assert run_here(make_image(case), profile=Profile.OFF).text == "needs page states as z/VM has them"
    assert run_here(make_image(case), profile=Profile.KVM).verdict is CaseVerdict.SKIPPED


def test_a_program_that_does_not_end(tiny: Case) -> None:
    outcome = run_here(make_image(replace(tiny, code="BRC 15,*", events=())), max_instructions=1000)
    assert outcome.verdict is CaseVerdict.NONE
    assert outcome.text.endswith("no interruption was taken")
