# SPDX-License-Identifier: GPL-2.0-or-later
"""Which programs are meant."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.support.reports import report
from tests.support.suite import PASSING, conform, lines_of
from tools.conform.saved import write_json


@pytest.mark.parametrize(
    ("options", "names"),
    (
        ((), "passing failing leaving-out"),
        (("--only", "passing"), "passing"),
        (("--only", "fast"), "passing"),
        (("--only", "fast", "--only", "failing"), "passing failing"),
        (("--exclude", "fast"), "failing leaving-out"),
        (("-k", "ing"), "passing failing leaving-out"),
        (("-k", "p*s?ng"), "passing"),
        (("-k", "PASS"), "passing"),
        (("--only", "fast", "--only", "failing", "-k", "fail"), "failing"),
        (("--only", "fast", "--only", "failing", "--exclude", "fast"), "failing"),
        (("-k", "ing", "--exclude", "failing", "--exclude", "passing"), "leaving-out"),
    ),
)
def test_what_is_chosen(suite: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], names: str) -> None:
    conform(suite, *options)
    lines = [line for line in capfd.readouterr().out.splitlines() if " (" in line]
    assert [line.split()[1] for line in lines] == names.split()


def test_only_what_failed_before(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = str(tmp_path / "before.json")
    assert conform(suite, "--json", saved) == 1
    capfd.readouterr()
    assert conform(suite, "--last-failed", saved) == 1
    assert lines_of(capfd.readouterr().out)[-1] == "1 failed"
    (suite / "s390x" / "failing.elf").write_bytes(PASSING.to_bytes())
    assert conform(suite, "--json", saved) == 0
    assert conform(suite, "--last-failed", saved) == 2
    assert f"--last-failed: none of these failed in {saved}" in capfd.readouterr().err


def test_what_was_not_run_before_is_run_again(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "before.json"
    with saved.open("w") as file:
        write_json(file, msgspec.structs.replace(report(not_run=("passing",)), suite="kvm-unit-tests"))
    assert conform(suite, "--last-failed", str(saved)) == 0
    assert lines_of(capfd.readouterr().out)[-1] == "1 passed"


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("--only", "pasing"), "--only: expected a program or a group, not 'pasing': did you mean passing "),
        (("--exclude", "nothing"), "--exclude: expected a program or a group, not 'nothing'"),
        (("-k", "nothing"), "expected at least one program to be left of --only, --exclude and -k"),
        (("--last-failed", "missing"), "--last-failed: missing cannot be read: No such file or directory"),
    ),
)
def test_a_choice_of_nothing(
    suite: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert conform(suite, *options) == 2
    assert message in capfd.readouterr().err


def test_what_failed_in_another_suite(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "before.json"
    with saved.open("w") as file:
        write_json(file, report(not_run=("passing",)))
    assert conform(suite, "--last-failed", str(saved)) == 2
    assert f"--last-failed: {saved}: expected a report of kvm-unit-tests, not of a suite" in capfd.readouterr().err
