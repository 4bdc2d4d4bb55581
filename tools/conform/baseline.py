# SPDX-License-Identifier: GPL-2.0-or-later
"""What has become worse since an earlier run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tools.conform.results import FAILING, Entry, Outcome, Result
from tools.conform.saved import read_report

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tools.conform.results import SuiteReport


def read_baseline(name: str | None, suite: str) -> SuiteReport | None:
    """The report in the file *name* that one of *suite* is held against, if one is given.

    :raises UsageError: if it is none.
    """
    return None if name is None else read_report("--baseline", name, suite)


def print_differences(report: SuiteReport, baseline: SuiteReport, meant: Collection[str]) -> bool:
    """Print what differs in *report* from *baseline*; give whether any program does worse.

    A program that the baseline does not have does worse if it fails.  One that has vanished does, and so does one of
    whose checks one has vanished, or fails where it did not.

    :param meant: the names of the entries of the baseline that were to be run, if there were such.
    """
    earlier = {result.name: result for result in baseline.programs}
    worse = False
    for result in report.programs:
        before = earlier.get(result.name) or Result(Entry(result.name), Outcome.UNSUPPORTED)
        is_worse = (result.outcome.rank, result.failed) > (before.outcome.rank, before.failed)
        if is_worse or ((result.outcome.rank, result.failed) != (before.outcome.rank, before.failed)):
            word = "worse" if is_worse else "better"
            if is_worse or result.name in earlier:
                print(f"{word} than before: {result.name}: {before.outcome.value}, {before.failed} failed")
        if result.name in earlier:
            for name in _newly_failing(result, before):
                is_worse = True
                print(f"fails now: {result.name}: {name}")
        for name in _vanished(result, before):
            is_worse = True
            print(f"vanished: {result.name}: {name}")
        worse = worse or is_worse
    ended = {result.name for result in report.programs} | {*report.not_run}
    for name in earlier:
        if name in meant and name not in ended:
            worse = True
            print(f"vanished: {name}")
    return worse


def _vanished(result: Result, before: Result) -> Iterator[str]:
    """The names of the checks that *before* had come to, and that *result* does not have.

    What has not come to its checks any more is worse by its outcome, and has lost none.
    """
    if result.outcome is not Outcome.FAILED and result.outcome.rank > before.outcome.rank:
        return
    present = Counter(name for check in result.checks for name in check.names)
    for check in before.checks:
        for name in check.names:
            if present[name]:
                present[name] -= 1
            elif check.verdict != "SKIP":
                yield name


def _newly_failing(result: Result, before: Result) -> Iterator[str]:
    """The names of the checks that fail in *result*, and that passed in *before* or were not there.

    One that was not there is what has been found out beyond a worse end, if the program has come to a better one; none
    is meant if all that fail are known.
    """
    if result.outcome is Outcome.KNOWN:
        return
    failed = _failing(before)
    present = {name for check in before.checks if check.verdict != "SKIP" for name in check.names}
    is_further = result.outcome.rank < before.outcome.rank
    for name, count in _failing(result).items():
        if count > failed[name] and (name in present or not is_further):
            yield name


def _failing(result: Result) -> Counter[str]:
    """How many checks fail of each name."""
    return Counter(name for check in result.checks if check.verdict in FAILING for name in check.names)
