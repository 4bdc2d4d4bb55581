# SPDX-License-Identifier: GPL-2.0-or-later
"""What differs between two reports of a suite, such as of two machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.conform.results import Result, SuiteReport


def print_comparison(report: SuiteReport, other: SuiteReport) -> None:
    """Print each program that came to something else in *report* than in the *other* one, and each that one lacks."""
    there = {result.name: result for result in other.programs}
    here = {result.name for result in report.programs}
    lines = []
    for result in report.programs:
        compared = there.get(result.name)
        if compared is None:
            lines.append(f"only in this: {result.name}: {_came_to(result)}")
        elif _came_to(result) != _came_to(compared):
            lines.append(f"differs: {result.name}: {_came_to(result)}; in the other: {_came_to(compared)}")
    lines += [f"only in the other: {name}: {_came_to(result)}" for name, result in there.items() if name not in here]
    print(f"differences: {len(lines):,}", *lines, sep="\n")


def _came_to(result: Result) -> str:
    failed = f", {result.failed} failed" if result.failed else ""
    return f"{result.outcome.value}{failed}"
