# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run of a conformance suite came to: for people, as JUnit, as JSON, and against an earlier run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import junitparser
import msgspec

from emu.input_files.reading import read_whole
from tools.conform.results import Outcome, totals
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from tools.conform.results import Result

_WORDS: Final = {
    Outcome.PASSED: "PASS",
    Outcome.SKIPPED: "SKIP",
    Outcome.FAILED: "FAIL",
    Outcome.TIMEOUT: "TIMEOUT",
    Outcome.STOPPED: "STOPPED",
}
_NOT_IN_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Earlier(msgspec.Struct):
    """What is read of a program in a baseline."""

    name: str
    outcome: Outcome
    failed: int


class _Baseline(msgspec.Struct):
    programs: list[_Earlier]


Baseline = dict[str, _Earlier]


def result_line(result: Result) -> str:
    """One line about *result*, in the words that users of kvm-unit-tests know."""
    counts = [
        f"{number} {word}"
        for number, word in (
            (len(result.checks), "tests"),
            (result.failed, "failed"),
            (result.skipped, "skipped"),
            (result.migrations, "migrations"),
        )
        if number
    ]
    details = ", ".join(counts + ([result.reason] if result.reason else []) + list(result.notes))
    return f"{_WORDS[result.outcome]:7} {result.name}" + (f" ({details})" if details else "")


def print_results(results: Sequence[Result]) -> None:
    """A line for each, the names of the checks that failed below it, and the totals."""
    for result in results:
        print(result_line(result))
        for check in result.checks:
            if check.verdict in ("FAIL", "XPASS"):
                print(f"        {check.verdict}: {check.name}")
    print(", ".join(f"{count} {outcome}" for outcome, count in totals(results).items() if count))


def write_junit(file: TextIO, results: Sequence[Result]) -> None:
    """The results as JUnit's XML: a suite for each program, a case for each check."""
    document = junitparser.JUnitXml("kvm-unit-tests")
    for result in results:
        suite = junitparser.TestSuite(result.name)
        for case in _cases(result):
            suite.add_testcase(case)
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    document.write(file.buffer, pretty=True)


def _cases(result: Result) -> Iterator[junitparser.TestCase]:
    whole = junitparser.TestCase("the program", result.name, result.seconds)
    if result.outcome is Outcome.SKIPPED:
        whole.result = [junitparser.Skipped(_xml(result.reason))]
    elif result.outcome is Outcome.FAILED:
        whole.result = [junitparser.Failure(_xml(result.reason))]
    elif result.outcome is not Outcome.PASSED:
        whole.result = [junitparser.Error(_xml(result.reason), result.outcome.value)]
    if result.outcome.rank > Outcome.SKIPPED.rank:
        whole.system_out = _xml(result.console)
    yield whole
    for check in result.checks:
        case = junitparser.TestCase(_xml(check.name), result.name, 0)
        if check.verdict in ("FAIL", "XPASS"):
            case.result = [junitparser.Failure(check.verdict)]
        elif check.verdict == "SKIP":
            case.result = [junitparser.Skipped(check.verdict)]
        yield case


def _xml(text: str) -> str:
    """*text* without the characters that XML cannot have."""
    return _NOT_IN_XML.sub("\ufffd", text)


def write_json(file: TextIO, results: Sequence[Result]) -> None:
    """The results as JSON, which can be a baseline."""
    json.dump({"totals": totals(results), "programs": [result.as_dict() for result in results]}, file, indent=2)
    file.write("\n")


def read_baseline(name: str) -> Baseline:
    """What an earlier run came to, by the names of the programs.

    :raises UsageError: if it is not what :func:`write_json` writes.
    """
    try:
        found = msgspec.json.decode(read_whole(Path(name)), type=_Baseline)
    except OSError as reason:
        raise UsageError(f"--baseline: {name} cannot be read: {reason.strerror}") from None
    except (msgspec.DecodeError, RecursionError) as reason:
        raise UsageError(f"--baseline: {name}: expected what --json has written: {reason}") from None
    return {program.name: program for program in found.programs}


def compare_with_baseline(results: Sequence[Result], baseline: Baseline) -> bool:
    """Print what differs from *baseline*; give whether any program does worse.

    A program that the baseline does not have does worse if it neither passes nor is skipped.
    """
    worse = False
    for result in results:
        earlier = baseline.get(result.name)
        before = Outcome.SKIPPED if earlier is None else earlier.outcome
        failed_before = 0 if earlier is None else earlier.failed
        is_worse = (result.outcome.rank, result.failed) > (before.rank, failed_before)
        is_better = (result.outcome.rank, result.failed) < (before.rank, failed_before) and earlier is not None
        if is_worse or is_better:
            word = "worse" if is_worse else "better"
            print(f"{word} than before: {result.name}: {before.value}, {failed_before} failed")
        worse = worse or is_worse
    return worse
