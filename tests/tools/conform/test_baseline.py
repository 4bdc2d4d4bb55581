# SPDX-License-Identifier: GPL-2.0-or-later
"""What is worse than in an earlier run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reports import report
from tests.support.suite import FAILING, LEAVING_OUT, conform, program
from tools.command.cli import main
from tools.conform.baseline import print_differences
from tools.conform.results import Check, Entry, Outcome, Result, SuiteReport
from tools.conform.saved import write_json

RIGHT = Check("PASS", "register 1")


@pytest.fixture
def baseline(suite: Path, tmp_path: Path) -> str:
    """What the suite comes to before anything is changed."""
    saved = str(tmp_path / "baseline.json")
    assert conform(suite, "--json", saved) == 1
    return saved


def told(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """What is said behind the totals."""
    lines = capfd.readouterr().out.splitlines()
    (last,) = [number for number, line in enumerate(lines) if line[:1].isdecimal()]
    return lines[last + 1 :]


def test_what_fails_as_before_is_no_failure(suite: Path, baseline: str, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert conform(suite, "--baseline", baseline) == 0
    assert told(capfd) == []


def test_only_what_is_worse_fails(suite: Path, baseline: str, capfd: pytest.CaptureFixture[str]) -> None:
    (suite / "s390x" / "passing.elf").write_bytes(program("PASS: one", "FAIL: two").to_bytes())
    (suite / "s390x" / "failing.elf").write_bytes(program("PASS: one", "PASS: three: it is 4").to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", baseline) == 1
    assert told(capfd) == [
        "worse than before: passing: passed, 0 failed",
        "fails now: passing: two",
        "better than before: failing: failed, 1 failed",
    ]


def test_a_check_that_is_mended_does_not_hide_one_that_is_broken(
    suite: Path, baseline: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (suite / "s390x" / "failing.elf").write_bytes(program("FAIL: one", "PASS: three: it is 4").to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", baseline) == 1
    assert told(capfd) == ["fails now: failing: one"]


def test_what_a_hang_has_kept_back_is_not_broken_now(
    suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    saved = str(tmp_path / "baseline.json")
    (suite / "s390x" / "failing.elf").write_bytes(program("PASS: one", ending=0x1234).to_bytes())
    assert conform(suite, "--json", saved) == 1
    (suite / "s390x" / "failing.elf").write_bytes(program("PASS: one", "FAIL: three: it is 4").to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", saved) == 0
    (suite / "s390x" / "failing.elf").write_bytes(program("FAIL: one", "FAIL: three: it is 4").to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", saved) == 1
    assert told(capfd) == [
        "better than before: failing: stopped, 0 failed",
        "fails now: failing: one",
    ]


def test_a_check_that_has_vanished_is_a_failure(suite: Path, baseline: str, capfd: pytest.CaptureFixture[str]) -> None:
    (suite / "s390x" / "passing.elf").write_bytes(program("PASS: one").to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", baseline) == 1
    assert told(capfd) == ["vanished: passing: two"]


def test_what_does_not_come_to_its_checks_has_lost_none(
    suite: Path, baseline: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (suite / "s390x" / "passing.elf").write_bytes(LEAVING_OUT.to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", baseline) == 1
    assert told(capfd) == ["worse than before: passing: passed, 0 failed"]


def test_a_check_that_fails_in_another_way_too_is_worse(capfd: pytest.CaptureFixture[str]) -> None:
    def failing(*ways: str) -> SuiteReport:
        return report(Result(Entry("one"), Outcome.FAILED, checks=(Check("FAIL", "cc", ways=ways), RIGHT)))

    assert print_differences(failing("free", "stepped"), failing("free"), ())
    assert capfd.readouterr().out == "fails now: one: stepped: cc\n"


def test_one_of_two_checks_of_the_same_name_has_vanished(
    suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (suite / "s390x" / "passing.elf").write_bytes(program("PASS: one", "PASS: one").to_bytes())
    saved = str(tmp_path / "baseline.json")
    conform(suite, "--json", saved)
    (suite / "s390x" / "passing.elf").write_bytes(program("PASS: one").to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", saved) == 1
    assert told(capfd) == ["vanished: passing: one"]


def test_a_program_that_has_vanished_is_a_failure(
    suite: Path, baseline: str, capfd: pytest.CaptureFixture[str]
) -> None:
    listed = suite / "s390x" / "unittests.cfg"
    listed.write_text(listed.read_text().replace("[passing]", "[renamed]"))
    capfd.readouterr()
    assert conform(suite, "--baseline", baseline) == 1
    assert told(capfd) == ["vanished: passing"]


def test_what_is_not_to_be_run_has_not_vanished(suite: Path, baseline: str, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert conform(suite, "--baseline", baseline, "--exclude", "failing") == 0
    assert told(capfd) == []


def test_a_new_program_is_worse_only_if_it_fails(suite: Path, baseline: str, capfd: pytest.CaptureFixture[str]) -> None:
    listed = suite / "s390x" / "unittests.cfg"
    listed.write_text(listed.read_text() + "[new]\nfile = passing.elf\n[newer]\nfile = newer.elf\n")
    (suite / "s390x" / "newer.elf").write_bytes(FAILING.to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", baseline) == 1
    assert told(capfd) == ["worse than before: newer: unsupported, 0 failed"]


def test_another_suite_is_no_baseline(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "other.json"
    with saved.open("w") as file:
        write_json(file, report())
    assert conform(suite, "--baseline", str(saved)) == 2
    assert f"--baseline: {saved}: expected a report of kvm-unit-tests, not of a suite" in capfd.readouterr().err


def test_a_saved_report_is_held_against_a_baseline(
    suite: Path, baseline: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    now = str(tmp_path / "now.json")
    assert conform(suite, "--exclude", "passing", "--json", now) == 1
    capfd.readouterr()
    assert main(["conform", "report", baseline, "--baseline", baseline]) == 0
    assert told(capfd) == []
    assert main(["conform", "report", now, "--baseline", baseline]) == 1
    assert told(capfd) == ["vanished: passing"]
    assert main(["conform", "report", now, "--baseline", baseline, "--json", baseline]) == 2
    assert "--json: expected a file of its own, not that of --baseline: " in capfd.readouterr().err
