# SPDX-License-Identifier: GPL-2.0-or-later
"""A report as a page that needs nothing but itself: sections, programs, checks, traces; another report beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tools.conform.lines import WORDS
from tools.conform.results import FAILING, Outcome
from tools.reports.self_contained import self_contained_page

if TYPE_CHECKING:
    from typing import TextIO

    from tools.conform.results import Result, SuiteReport

_PACKAGE: Final = "tools.conform.page"
_PROGRAMS: Final = ("elements.js", "filter.js", "main.js")
_NO_GROUP: Final = "all others"


def write_page(file: TextIO, report: SuiteReport, other: SuiteReport | None) -> None:
    """Write *report*, beside an *other* one if there is one."""
    file.write(self_contained_page(_PACKAGE, f"{report.suite}: conformance", _data(report, other), _PROGRAMS))


def _data(report: SuiteReport, other: SuiteReport | None) -> dict[str, Any]:
    """What the programs are given, as JSON."""
    before = {} if other is None else {result.name: result for result in other.programs}
    return {
        "suite": report.suite,
        "machine": report.machine,
        "outcomes": [{"name": each.value, "word": WORDS[each], "fails": each.is_failure} for each in Outcome],
        "totals": report.totals,
        "bases": report.bases,
        "seconds": report.seconds,
        "sections": {
            result.entry.groups[0]: result.entry.section for result in report.programs if result.entry.section
        },
        "notRun": report.not_run,
        "other": None if other is None else {"machine": other.machine, "totals": other.totals},
        "vanished": sorted(before.keys() - {each.name for each in report.programs} - {*report.not_run}),
        "coverage": [msgspec.to_builtins(each) for each in report.coverage],
        "programs": [_program(result, before.get(result.name)) for result in report.programs],
    }


def _program(result: Result, before: Result | None) -> dict[str, Any]:
    """One program; what is empty is left out, and so is the console of one that did not fail."""
    found = {
        "name": result.name,
        "group": next(iter(result.entry.groups), _NO_GROUP),
        "title": result.entry.title,
        "source": result.entry.source,
        "basis": result.entry.basis,
        "outcome": result.outcome.value,
        "reason": result.reason,
        "notes": result.notes,
        "seconds": result.seconds,
        "instructions": result.instructions,
        "checks": [msgspec.to_builtins(check) for check in result.checks],
        "steps": result.last_steps,
        "console": result.console if result.outcome.is_failure or result.outcome is Outcome.KNOWN else "",
    }
    if before is not None:
        found["before"] = before.outcome.value
        found["checksBefore"] = _changed(result, before)
    return {name: value for name, value in found.items() if value}


def _changed(result: Result, before: Result) -> list[dict[str, str]]:
    """The checks whose verdicts differ, with both; an empty one: there is no such check.

    They go by what they are of, in whatever way the program was run: on another machine that is another way.
    """
    now, then = _verdicts(result), _verdicts(before)
    return [
        {"name": name, "before": then.get(name, ""), "now": now.get(name, "")}
        for name in {**now, **then}
        if then.get(name) != now.get(name)
    ]


def _verdicts(result: Result) -> dict[str, str]:
    """The verdict of each check: where there are several of a name, that of one that failed."""
    found: dict[str, str] = {}
    for check in result.checks:
        if found.get(check.name) not in FAILING:
            found[check.name] = check.verdict
    return found
