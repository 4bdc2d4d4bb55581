# SPDX-License-Identifier: GPL-2.0-or-later
"""What people read while a suite runs: a line for each program as it ends, and what it found below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.conform.results import FAILING, Outcome
from tools.conform.texts import printable
from tools.reports.how_many import how_many

if TYPE_CHECKING:
    from tools.conform.results import Result, SuiteReport

WORDS: Final = {
    Outcome.PASSED: "PASS",
    Outcome.KNOWN: "KNOWN",
    Outcome.SKIPPED: "SKIP",
    Outcome.UNSUPPORTED: "UNSUPP",
    Outcome.FAILED: "FAIL",
    Outcome.TIMEOUT: "TIMEOUT",
    Outcome.STOPPED: "STOPPED",
}
_WORTH_TELLING: Final = 0.05
"""Seconds."""
_TOLD: Final = (*FAILING, "SKIP")


def result_line(result: Result) -> str:
    """One line about *result*, in the words that users of kvm-unit-tests know."""
    counts = [how_many(len(result.checks), "test")] if result.checks else []
    counts += [
        f"{number} {word}" for number, word in ((result.failed, "failed"), (result.skipped, "skipped")) if number
    ]
    # What was decided before anything ran has no time; what ran elsewhere has no number of instructions.
    if result.instructions or result.seconds >= _WORTH_TELLING:
        counts.append(f"{result.seconds:.1f} s")
    if result.instructions:
        counts.append(how_many(result.instructions, "instruction"))
    details = ", ".join(counts + ([result.reason] if result.reason else []) + list(result.notes))
    return printable(f"{WORDS[result.outcome]:7} {result.name}" + (f" ({details})" if details else ""))


def print_result(result: Result) -> None:
    """The line, and below it the checks that failed or were left out."""
    print(result_line(result))
    for check in result.checks:
        # What the line has as its reason is not told again.
        if check.verdict in _TOLD and result.reason not in (check.told, check.told_with_ways):
            print(f"        {printable(f'{check.verdict}: {check.told_with_ways}')}")
    # Whoever reads a pipe sees it at once, too.
    print(end="", flush=True)


def totals_line(report: SuiteReport) -> str:
    """How many programs there are of each outcome, how many have passed of what the source says, and the time."""
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in report.totals.items() if count)
    bases = ", ".join(f"{passed} of {all_} {basis}" for basis, (passed, all_) in report.bases.items())
    return "; ".join(filter(None, (outcomes, bases and f"{bases} passed", f"{report.seconds:.1f} s")))
