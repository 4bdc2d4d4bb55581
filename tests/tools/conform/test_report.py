# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written about a suite, and how it compares with an earlier run."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.suite import FAILING, PASSING, conform


def test_results_are_saved(suite: Path, tmp_path: Path) -> None:
    junit, saved, logs = tmp_path / "out.xml", tmp_path / "out.json", tmp_path / "logs"
    assert conform(suite, "--junit", str(junit), "--json", str(saved), "--logs", str(logs)) == 1
    root = ET.fromstring(junit.read_text())
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("8", "2", "2")
    programs = {each["name"]: each for each in json.loads(saved.read_text())["programs"]}
    assert programs["failing"]["checks"][1] == {"verdict": "FAIL", "name": "three: it is 4"}
    assert [programs[name]["outcome"] for name in ("passing", "failing", "leaving-out")] == [
        "passed",
        "failed",
        "skipped",
    ]
    assert (logs / "passing.log").read_text().startswith("PASS: one\n")


def test_a_baseline_makes_only_what_is_worse_fail(
    suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "baseline.json"
    assert conform(suite, "--json", str(saved)) == 1
    assert conform(suite, "--baseline", str(saved)) == 0
    (suite / "s390x" / "passing.elf").write_bytes(FAILING.to_bytes())
    (suite / "s390x" / "failing.elf").write_bytes(PASSING.to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", str(saved)) == 1
    assert capfd.readouterr().out.splitlines()[-2:] == [
        "worse than before: passing: passed, 0 failed",
        "better than before: failing: failed, 1 failed",
    ]


def test_a_baseline_that_is_none(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"programs": [{"name": 1}]}')
    assert conform(suite, "--baseline", str(wrong)) == 2
    assert "expected what --json has written" in capfd.readouterr().err
