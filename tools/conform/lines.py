# SPDX-License-Identifier: GPL-2.0-or-later
"""What people read while a suite runs: a line for each program as it ends, and what it found below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.conform.results import FAILING, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.conform.results import Result

WORDS: Final = {
    Outcome.PASSED: "PASS",
    Outcome.KNOWN: "KNOWN",
    Outcome.SKIPPED: "SKIP",
    Outcome.UNSUPPORTED: "UNSUPP",
    Outcome.FAILED: "FAIL",
    Outcome.TIMEOUT: "TIMEOUT",
    Outcome.STOPPED: "STOPPED",
}
_TOLD: Final = (*FAILING, "SKIP")


def result_line(result: Result) -> str:
    """One line about *result*, in the words that users of kvm-unit-tests know."""
    counts = [
        f"{number} {word}"
        for number, word in (
            (len(result.checks), "tests"),
            (result.failed, "failed"),
            (result.skipped, "skipped"),
        )
        if number
    ]
    if result.instructions:
        counts += [f"{result.seconds:.1f} s", f"{result.instructions:,} instructions"]
    details = ", ".join(counts + ([result.reason] if result.reason else []) + list(result.notes))
    return f"{WORDS[result.outcome]:7} {result.name}" + (f" ({details})" if details else "")


def print_result(result: Result) -> None:
    """The line, and below it the checks that failed or were left out."""
    print(result_line(result))
    for check in result.checks:
        # What the line has as its reason is not told again.
        if check.verdict in _TOLD and result.reason not in (check.told, check.told_with_ways):
            print(f"        {check.verdict}: {check.told_with_ways}")
    # Whoever reads a pipe sees it at once, too.
    print(end="", flush=True)


def totals_line(counted: Mapping[str, int]) -> str:
    """How many programs there are of each outcome."""
    return ", ".join(f"{count} {outcome}" for outcome, count in counted.items() if count)
