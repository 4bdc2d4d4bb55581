# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program's lines and its end mean together."""

from __future__ import annotations

import pytest

from emu.machine import Stop, StopKind
from emu.psw import Psw
from tools.conform.console_lines import decide, read_checks
from tools.conform.results import Outcome

PASSED = Stop(StopKind.DISABLED_WAIT, 0, Psw(0, 0xFFF), "disabled wait at 0xfff")
ELSEWHERE = Stop(StopKind.DISABLED_WAIT, 0, Psw(0, 0x77), "disabled wait at 0x77")
LOOP = Stop(StopKind.PROGRAM_LOOP, 0, Psw(0, 0), "program-interruption loop")
BUDGET = Stop(StopKind.BUDGET, 0, Psw(0, 0), "instruction budget used up")


@pytest.mark.parametrize(
    ("stop", "console", "panics", "expected"),
    (
        (PASSED, "PASS: a\n", False, (Outcome.PASSED, "")),
        (PASSED, "PASS: a\nXFAIL: b\n", False, (Outcome.PASSED, "")),
        (PASSED, "PASS: a\nFAIL: b\r\n", False, (Outcome.FAILED, "b")),
        (PASSED, "FAIL: b  c  \r\n\nPASS: a\n", False, (Outcome.FAILED, "b  c")),
        (PASSED, "XPASS: b\n", False, (Outcome.FAILED, "b")),
        (PASSED, "SKIP: no such facility\nEXIT: STATUS=77\n", False, (Outcome.SKIPPED, "no such facility")),
        (PASSED, "EXIT: STATUS=77\n", False, (Outcome.SKIPPED, "the program left everything out")),
        (ELSEWHERE, "SKIP: a\n", False, (Outcome.STOPPED, "disabled wait at 0x77")),
        (BUDGET, "", False, (Outcome.TIMEOUT, "not ended in time")),
        (LOOP, "", False, (Outcome.STOPPED, "program-interruption loop")),
        (LOOP, "", True, (Outcome.PASSED, "")),
        (PASSED, "", True, (Outcome.FAILED, "expected a loop of interruptions, not: passed")),
    ),
)
def test_outcome(stop: Stop, console: str, *, panics: bool, expected: tuple[Outcome, str]) -> None:
    assert decide(stop, console, panics=panics) == expected


def test_lines_of_other_kinds_are_no_checks() -> None:
    checks = read_checks("PASS: a\nFAIL: b\nXFAIL: c\nSKIP: d\r\nnothing\nINFO: e\n")
    assert [(check.verdict, check.name) for check in checks] == [
        ("PASS", "a"),
        ("FAIL", "b"),
        ("XFAIL", "c"),
        ("SKIP", "d"),
    ]
