# SPDX-License-Identifier: GPL-2.0-or-later
"""What is counted of results."""

from __future__ import annotations

from tools.conform.results import Check, Entry, Outcome, Result, totals


def test_counts() -> None:
    checks = tuple(Check(verdict, verdict) for verdict in ("PASS", "FAIL", "XPASS", "XFAIL", "KFAIL", "SKIP"))
    result = Result(Entry("program"), Outcome.FAILED, checks=checks)
    assert (result.passed, result.failed, result.skipped) == (3, 2, 1)
    assert totals([result, result])["failed"] == 2


def test_outcomes_are_ranked_from_best_to_worst() -> None:
    assert sorted(Outcome, key=lambda outcome: outcome.rank) == list(Outcome)


def test_what_fails_the_suite() -> None:
    assert [outcome.value for outcome in Outcome if outcome.is_failure] == ["failed", "timeout", "stopped"]
