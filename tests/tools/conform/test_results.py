# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program's lines and its end mean together."""

from __future__ import annotations

import pytest

from emu.machine import Stop, StopKind
from emu.psw import Psw
from tools.conform.results import Outcome, Result, decide, read_checks, totals

PASSED = Stop(StopKind.DISABLED_WAIT, 0, Psw(0, 0xFFF), "disabled wait at 0xfff")
LOOP = Stop(StopKind.PROGRAM_LOOP, 0, Psw(0, 0), "program-interruption loop")
BUDGET = Stop(StopKind.BUDGET, 0, Psw(0, 0), "instruction budget used up")


@pytest.mark.parametrize(
    ("stop", "console", "panics", "expected"),
    (
        (PASSED, "PASS: a\n", False, (Outcome.PASSED, "")),
        (PASSED, "PASS: a\nXFAIL: b\n", False, (Outcome.PASSED, "")),
        (PASSED, "PASS: a\nFAIL: b\r\n", False, (Outcome.FAILED, "b")),
        (PASSED, "XPASS: b\n", False, (Outcome.FAILED, "b")),
        (PASSED, "SKIP: no such facility\nEXIT: STATUS=77\n", False, (Outcome.SKIPPED, "no such facility")),
        (PASSED, "EXIT: STATUS=77\n", False, (Outcome.SKIPPED, "the program left everything out")),
        (BUDGET, "", False, (Outcome.TIMEOUT, "not ended in time")),
        (LOOP, "", False, (Outcome.STOPPED, "program-interruption loop")),
        (LOOP, "", True, (Outcome.PASSED, "")),
        (PASSED, "", True, (Outcome.FAILED, "expected a loop of interruptions, not: passed")),
    ),
)
def test_outcome(stop: Stop, console: str, *, panics: bool, expected: tuple[Outcome, str]) -> None:
    assert decide(stop, console, panics=panics) == expected


def test_counts() -> None:
    checks = read_checks("PASS: a\nFAIL: b\nXFAIL: c\nSKIP: d\nnothing\n")
    result = Result("program", Outcome.FAILED, checks=checks)
    assert (result.passed, result.failed, result.skipped) == (2, 1, 1)
    assert totals([result, result])["failed"] == 2


def test_outcomes_are_ranked_from_best_to_worst() -> None:
    assert sorted(Outcome, key=lambda outcome: outcome.rank) == list(Outcome)
