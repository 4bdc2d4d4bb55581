# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes of a program that writes a line for each of its checks: these lines, how it ended, and both together.

The lines are those of kvm-unit-tests; a program without any is judged by its end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from emu.machine import StopKind
from tools.conform.results import FAILING, Check, Outcome
from tools.reports.verdict import ExitStatus, judge

if TYPE_CHECKING:
    from emu.machine import Stop

_CHECK: Final = re.compile(r"^(PASS|FAIL|XPASS|XFAIL|KFAIL|SKIP): (.*?)[ \r]*$", re.MULTILINE)
_SKIP_STATUS: Final = re.compile(r"^EXIT: STATUS=77\s*$", re.MULTILINE)
_PANICS: Final = (StopKind.PROGRAM_LOOP, StopKind.INTERRUPTION_LOOP)
_LONGEST_REASON: Final = 200


def read_checks(console: str) -> tuple[Check, ...]:
    """The checks that *console* tells of."""
    return tuple(Check(verdict, name) for verdict, name in _CHECK.findall(console))


def decide(stop: Stop, console: str, *, panics: bool) -> tuple[Outcome, str]:
    """The outcome of a program that ended in *stop* after writing *console*, and why.

    :param panics: whether it passes if it ends in a loop of interruptions.
    """
    checks = read_checks(console)
    verdict = judge(stop, console)
    if _SKIP_STATUS.search(console):
        return skipped(checks)
    if stop.kind is StopKind.BUDGET:
        return Outcome.TIMEOUT, "not ended in time"
    if panics:
        if stop.kind in _PANICS:
            return Outcome.PASSED, ""
        return Outcome.FAILED, f"expected a loop of interruptions, not: {verdict.text}"
    if verdict.status is ExitStatus.UNASKED_STOP:
        return Outcome.STOPPED, verdict.text
    if verdict.status is ExitStatus.FAILED or any(check.verdict in FAILING for check in checks):
        return Outcome.FAILED, first_check(checks, *FAILING) or verdict.text
    return Outcome.PASSED, ""


def skipped(checks: tuple[Check, ...]) -> tuple[Outcome, str]:
    """That a program has left everything out, and what it says of that."""
    return Outcome.SKIPPED, first_check(checks, "SKIP") or "the program left everything out"


def first_check(checks: tuple[Check, ...], *verdicts: str) -> str:
    """The text of the first of *checks* with one of these *verdicts*; empty if there is none."""
    return next((check.name for check in checks if check.verdict in verdicts), "")[:_LONGEST_REASON]
