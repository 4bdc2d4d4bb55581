# SPDX-License-Identifier: GPL-2.0-or-later
"""From what came of a case in each way of running it to its place in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.outcome import RIGHT, Compared
from tools.conform.results import FAILING, Check, Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tools.conform.architecture.image import CaseImage
    from tools.conform.architecture.outcome import CaseOutcome
    from tools.conform.results import Entry

_OUTCOMES: Final = {
    CaseVerdict.PASSED: Outcome.PASSED,
    CaseVerdict.SKIPPED: Outcome.SKIPPED,
    CaseVerdict.FAILED: Outcome.FAILED,
    CaseVerdict.NONE: Outcome.STOPPED,
}
END: Final = "end"
"""What the check is called that the program has come to its end."""


def result_of(image: CaseImage, entry: Entry, outcomes: Mapping[str, CaseOutcome]) -> Result:
    """What came of *image*, which *entry* names: the worst of *outcomes*, by the ways of running it."""
    worst = max(outcomes.values(), key=lambda outcome: _OUTCOMES[outcome.verdict].rank)
    checks = tuple(_checks(image, outcomes))
    return Result(
        entry,
        _OUTCOMES[worst.verdict],
        _reason(worst, checks, len(outcomes)),
        checks,
        instructions=sum(outcome.instructions for outcome in outcomes.values()),
        # Whatever way it is run, it should write the same.
        console="".join(dict.fromkeys(outcome.console for outcome in outcomes.values())),
    )


def _reason(worst: CaseOutcome, checks: Iterable[Check], ways: int) -> str:
    """What the first check that fails tells, and in which of the *ways* if not in all; or why all is left out."""
    failing = next((check for check in checks if check.verdict in FAILING), None)
    if failing is None:
        return worst.text
    return failing.told if len(failing.ways) == ways else failing.told_with_ways


def _checks(image: CaseImage, outcomes: Mapping[str, CaseOutcome]) -> Iterator[Check]:
    """How it ended, and each comparison that was made; what all ways have found stands there once for all of them."""
    came = {way: outcome for way, outcome in outcomes.items() if outcome.verdict is not CaseVerdict.SKIPPED}
    yield from _check(END, {way: _end(outcome) for way, outcome in came.items()})
    for number, check in enumerate(image.checks):
        compared = {way: outcome.findings for way, outcome in came.items() if number < len(outcome.findings)}
        yield from _check(check.name, {way: findings[number] for way, findings in compared.items()})


def _end(outcome: CaseOutcome) -> Compared:
    """Whether it has come to its end, where its state is compared, as it should."""
    is_compared = any(finding.verdict in FAILING for finding in outcome.findings)
    return RIGHT if outcome.verdict is CaseVerdict.PASSED or is_compared else Compared("FAIL", outcome.text)


def _check(name: str, findings: Mapping[str, Compared]) -> Iterator[Check]:
    ways: dict[Compared, list[str]] = {}
    for way, finding in findings.items():
        ways.setdefault(finding, []).append(way)
    for finding, found in ways.items():
        yield Check(finding.verdict, name, text=finding.text, ways=tuple(found))
