# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reports import report
from tests.support.suite import conform
from tools.command.cli import main
from tools.conform.saved import write_json


def test_a_saved_report_is_written_in_all_forms_as_at_once(
    suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    forms = ("json", "junit", "tap", "html", "badge")
    at_once = [f"--{form}={tmp_path / form}" for form in forms]
    later = [f"--{form}={tmp_path / form}.later" for form in forms]
    assert conform(suite, *at_once) == 1
    capfd.readouterr()
    assert main(["conform", "report", str(tmp_path / "json"), *later]) == 0
    assert capfd.readouterr().out.splitlines()[0].startswith("FAIL    failing (2 tests, 1 failed, ")
    for form in forms:
        assert (tmp_path / form).read_bytes() == (tmp_path / f"{form}.later").read_bytes(), form


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (
            ("--compare", "other.json"),
            "--compare: other.json: expected a report of kvm-unit-tests, not of a suite",
        ),
        (("--html", "x", "--tap", "x"), "--tap: expected a file of its own, not that of --html: x"),
        (
            ("--json", "old.json", "--baseline", "old.json"),
            "--json: expected a file of its own, not that of --baseline:",
        ),
        (("--html", "x", "--compare", "old.json"), "--compare: old.json: expected what --json has written: "),
        (("--json", "-", "--tap", "-"), "--tap: expected a file; standard output has another document"),
    ),
)
def test_what_does_not_go_together(
    suite: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if "--baseline" in options:
        assert conform(suite, "--json", "old.json") == 1
        options = (*options, "--exclude", "failing")
    else:
        Path("old.json").write_text("{}")
    with Path("other.json").open("w") as file:
        write_json(file, report())
    assert conform(suite, *options) == 2
    assert message in capfd.readouterr().err
