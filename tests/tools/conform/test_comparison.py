# SPDX-License-Identifier: GPL-2.0-or-later
"""What differs between two reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reports import RESULTS, report
from tools.command.cli import main
from tools.conform.comparison import print_comparison
from tools.conform.results import Check, Entry, Outcome, Result
from tools.conform.saved import write_json

RIGHT = Result(Entry("right"), Outcome.PASSED)
WRONG = Result(Entry("right"), Outcome.FAILED, checks=(Check("FAIL", "one"),))
ABSENT = Result(Entry("absent"), Outcome.SKIPPED)


def test_what_is_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    print_comparison(report(*RESULTS), report(*RESULTS))
    assert capfd.readouterr().out == "differences: 0\n"


def test_what_differs(capfd: pytest.CaptureFixture[str]) -> None:
    print_comparison(report(WRONG, ABSENT), report(RIGHT))
    print_comparison(report(RIGHT), report(WRONG, ABSENT))
    assert capfd.readouterr().out.splitlines() == [
        "differences: 2",
        "differs: right: failed, 1 failed; in the other: passed",
        "only in this: absent: skipped",
        "differences: 2",
        "differs: right: passed; in the other: failed, 1 failed",
        "only in the other: absent: skipped",
    ]


def test_it_is_printed_of_saved_reports(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, result in (("new", WRONG), ("old", RIGHT)):
        with (tmp_path / name).open("w") as file:
            write_json(file, report(result))
    assert main(["conform", "report", str(tmp_path / "new"), "--compare", str(tmp_path / "old")]) == 0
    assert capfd.readouterr().out.splitlines()[-2:] == [
        "differences: 1",
        "differs: right: failed, 1 failed; in the other: passed",
    ]
