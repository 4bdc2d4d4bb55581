# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from tests.support.command import ROOT
from tests.support.suite import conform
from tools.conform.results import Check, CoveredMatrix, Entry, Outcome, Result, SuiteReport
from tools.conform.saved import read_report


def test_what_is_written_is_read_again(suite: Path, tmp_path: Path) -> None:
    saved, logs = tmp_path / "out.json", tmp_path / "logs"
    assert conform(suite, "--json", str(saved), "--logs", str(logs)) == 1
    document = json.loads(saved.read_text())
    assert (document["suite"], document["totals"]["failed"]) == ("kvm-unit-tests", 1)
    assert document["machine"].endswith(", profile kvm")
    passing, failing, leaving = document["programs"]
    assert (passing["entry"], passing["outcome"]) == ({"name": "passing", "groups": ["fast"]}, "passed")
    assert failing["checks"][1] == {"verdict": "FAIL", "name": "three: it is 4"}
    assert (leaving["outcome"], leaving["reason"]) == ("skipped", "no such facility")
    report = read_report("--baseline", str(saved))
    assert [result.outcome for result in report.programs] == [Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED]
    assert (logs / "passing.log").read_text() == report.programs[0].console


@pytest.mark.parametrize(
    "text",
    (
        '{"programs": [{"name": 1}]}',
        "[",
        '{"suite": 1}',
        "[" * 100_000,
        '{"suite": "x", "machine": "x", "totals": {"passed": 1}, "programs": []}',
        '{"suite": "x", "machine": "x", "totals": {"bogus": 3}, "programs": []}',
        (
            '{"suite": "", "machine": "", "totals": {"passed": 1}, "programs": '
            '[{"entry": {"name": ""}, "outcome": "passed", "checks": [{"verdict": "BANANA", "name": "b"}]}]}'
        ),
    ),
)
def test_what_is_no_report(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text)
    assert conform(suite, "--baseline", str(wrong)) == 2
    assert f"--baseline: {wrong}: expected what --json has written: " in capfd.readouterr().err


def test_what_was_exercised_is_in_the_report(suite: Path, tmp_path: Path) -> None:
    saved, covered = tmp_path / "out.json", tmp_path / "covered"
    assert conform(suite, "--json", str(saved), "--coverage", str(covered)) == 1
    matrices = {each.name: each for each in read_report("--baseline", str(saved)).coverage}
    instructions = matrices["instructions"]
    assert 0 < instructions.reached < instructions.expected
    assert any("AGHI" in gap for gap in instructions.gaps)
    # A report without says nothing of it.
    assert conform(suite, "--json", str(saved)) == 1
    assert "coverage" not in json.loads(saved.read_text())


def test_every_field_is_in_the_readme() -> None:
    text = (ROOT / "tools" / "conform" / "README.md").read_text()
    _, _, schema = text.partition("The JSON is an object")
    for kind in (SuiteReport, CoveredMatrix, Result, Entry, Check):
        for field in msgspec.structs.fields(kind):
            assert f"`{field.name}`" in schema, f"{kind.__name__}.{field.name}"
    assert all(f"`{outcome.value}`" in text for outcome in Outcome)
