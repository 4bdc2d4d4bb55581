# SPDX-License-Identifier: GPL-2.0-or-later
"""From outcomes in several ways to checks and a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tools.conform.architecture.case import Case, FinalState
from tools.conform.architecture.case_result import result_of
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.image import CaseImage, make_image
from tools.conform.architecture.outcome import RIGHT, CaseOutcome, Compared
from tools.conform.results import Check, Entry, Outcome

WAYS = ("free", "stepped")


@pytest.fixture
def image(tiny: Case) -> CaseImage:
    """An image that compares how many events there were, and one register."""
    return make_image(replace(tiny, code="LGHI 3,7", events=(), end=FinalState(registers={3: 7})))


def passed() -> CaseOutcome:
    return CaseOutcome(CaseVerdict.PASSED, "", (RIGHT, RIGHT), 10)


def failed(text: str) -> CaseOutcome:
    return CaseOutcome(CaseVerdict.FAILED, text, (RIGHT, Compared("FAIL", text)), 10)


def test_what_all_ways_have_found_stands_there_once(image: CaseImage) -> None:
    result = result_of(image, Entry("x"), dict.fromkeys(WAYS, failed("wrong")))
    assert (result.outcome, result.reason, result.instructions) == (
        Outcome.FAILED,
        "general register 3: wrong",
        20,
    )
    assert result.checks == (
        Check("PASS", "end", ways=WAYS),
        Check("PASS", "number of events", ways=WAYS),
        Check("FAIL", "general register 3", text="wrong", ways=WAYS),
    )


def test_what_the_ways_have_found_differently_stands_there_for_each(image: CaseImage) -> None:
    result = result_of(image, Entry("x"), {"free": passed(), "stepped": failed("wrong")})
    assert (result.outcome, result.reason) == (Outcome.FAILED, "stepped: general register 3: wrong")
    assert result.checks[2:] == (
        Check("PASS", "general register 3", ways=("free",)),
        Check("FAIL", "general register 3", text="wrong", ways=("stepped",)),
    )


@pytest.mark.parametrize(
    ("outcome", "word"),
    (
        (CaseOutcome(CaseVerdict.NONE, "it broke"), Outcome.STOPPED),
        (CaseOutcome(CaseVerdict.FAILED, "it broke"), Outcome.FAILED),
        (CaseOutcome(CaseVerdict.FAILED, "it broke", (RIGHT, RIGHT)), Outcome.FAILED),
    ),
)
def test_what_is_wrong_beside_all_comparisons_is_wrong_with_the_end(
    image: CaseImage, outcome: CaseOutcome, word: Outcome
) -> None:
    result = result_of(image, Entry("x"), {"free": passed(), "stepped": outcome})
    assert (result.outcome, result.reason) == (word, "stepped: end: it broke")
    assert result.checks[:2] == (
        Check("PASS", "end", ways=("free",)),
        Check("FAIL", "end", text="it broke", ways=("stepped",)),
    )


def test_what_is_left_out_has_no_checks(image: CaseImage) -> None:
    result = result_of(image, Entry("x"), dict.fromkeys(WAYS, CaseOutcome(CaseVerdict.SKIPPED, "needs it")))
    assert (result.outcome, result.reason, result.checks) == (Outcome.SKIPPED, "needs it", ())
