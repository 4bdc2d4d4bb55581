# SPDX-License-Identifier: GPL-2.0-or-later
"""What people read of a result."""

from __future__ import annotations

import pytest

from tools.conform.lines import print_result, result_line, totals_line
from tools.conform.results import Check, Entry, Outcome, Result, SuiteReport


def test_the_line_of_a_program_has_its_time_and_its_instructions() -> None:
    result = Result(Entry("cmm"), Outcome.PASSED, notes=("2 migrations",), instructions=1234567, seconds=1.25)
    assert result_line(result) == "PASS    cmm (1.2 s, 1,234,567 instructions, 2 migrations)"


@pytest.mark.parametrize(
    ("outcome", "word"),
    (
        (Outcome.KNOWN, "KNOWN  "),
        (Outcome.UNSUPPORTED, "UNSUPP "),
        (Outcome.TIMEOUT, "TIMEOUT"),
        (Outcome.STOPPED, "STOPPED"),
    ),
)
def test_words(outcome: Outcome, word: str) -> None:
    assert result_line(Result(Entry("one"), outcome, "because")) == f"{word} one (because)"


def test_what_failed_and_what_was_left_out_is_told_with_its_reason(capfd: pytest.CaptureFixture[str]) -> None:
    checks = (
        Check("PASS", "first"),
        Check("FAIL", "second", text="register 1 is 2, not 3"),
        Check("SKIP", "third", text="no such facility"),
        Check("XPASS", "fourth"),
        Check("FAIL", "it is 4"),
    )
    print_result(Result(Entry("one"), Outcome.FAILED, "it is 4", checks=checks))
    assert capfd.readouterr().out.splitlines() == [
        "FAIL    one (5 tests, 3 failed, 1 skipped, it is 4)",
        "        FAIL: second: register 1 is 2, not 3",
        "        SKIP: third: no such facility",
        "        XPASS: fourth",
    ]


def test_ways_of_running_stand_before_what_was_found(capfd: pytest.CaptureFixture[str]) -> None:
    checks = (
        Check("FAIL", "cc", text="expected 2", ways=("free", "stepped")),
        Check("FAIL", "register 1", text="expected 3", ways=("free", "stepped")),
        Check("FAIL", "register 2", text="expected 4", ways=("free",)),
        Check("PASS", "register 2", ways=("stepped",)),
    )
    print_result(Result(Entry("one"), Outcome.FAILED, "cc: expected 2", checks=checks))
    assert capfd.readouterr().out.splitlines()[1:] == [
        "        FAIL: free, stepped: register 1: expected 3",
        "        FAIL: free: register 2: expected 4",
    ]


def test_totals() -> None:
    results = [Result(Entry(str(number)), Outcome.PASSED) for number in range(2)]
    totals = {"passed": 2, "known": 0, "failed": 1}
    assert totals_line(SuiteReport("a", "b", totals, tuple(results), seconds=1.25)) == "2 passed, 1 failed; 1.2 s"


def test_totals_by_what_the_expected_values_rest_on() -> None:
    outcomes = {"inferred": (Outcome.SKIPPED,), "verified": (Outcome.PASSED, Outcome.PASSED, Outcome.FAILED)}
    results = [Result(Entry("x", basis=basis), outcome) for basis, found in outcomes.items() for outcome in found]
    totals = {"passed": 2, "skipped": 1, "failed": 1}
    line = totals_line(SuiteReport("a", "b", totals, tuple(results)))
    assert line == "2 passed, 1 skipped, 1 failed; 2 of 3 verified, 0 of 1 inferred passed; 0.0 s"
