# SPDX-License-Identifier: GPL-2.0-or-later
"""JUnit's XML."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper
from pathlib import Path
from xml.etree import ElementTree as ET

import junitparser
import pytest

from tests.support.reports import RESULTS, STEPS, report
from tests.support.suite import conform
from tools.conform.junit import write_junit
from tools.conform.results import Check, Entry, Outcome, Result


def test_a_suite_for_each_program_and_a_case_for_each_check(suite: Path, tmp_path: Path) -> None:
    saved = tmp_path / "out.xml"
    assert conform(suite, "--junit", str(saved)) == 1
    root = ET.fromstring(saved.read_text())
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("8", "2", "2")
    assert [each.get("name") for each in root] == ["passing", "failing", "leaving-out"]
    whole = root[1][0]
    assert (whole.findtext("system-out") or "").startswith("PASS: one\nFAIL: three: it is 4\n")


def test_each_check_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    present = junitparser.TestCase.result

    def look(case: junitparser.TestCase) -> object:
        nonlocal looked_at
        looked_at += 1
        return present.fget(case)

    monkeypatch.setattr(junitparser.TestCase, "result", property(look, present.fset))
    checks = tuple(Check("PASS", str(number)) for number in range(100))
    write_junit(TextIOWrapper(BytesIO()), report(Result(Entry("many"), Outcome.PASSED, checks=checks)))
    assert looked_at < 3 * len(checks)


def test_every_outcome(tmp_path: Path) -> None:
    file = tmp_path / "out.xml"
    with file.open("w", encoding="utf-8") as opened:
        write_junit(opened, report(*RESULTS))
    root = ET.fromstring(file.read_text())
    wholes = {suite.get("name"): next(suite.iter("testcase")) for suite in root}
    found = {name: [each.tag for each in case if each.tag != "system-out"] for name, case in wholes.items()}
    assert found == {
        "right": [],
        "wrong": ["failure"],
        "odd": ["skipped"],
        "absent": ["skipped"],
        "strange": ["skipped"],
        "slow": ["error"],
        "lost": ["error"],
    }
    assert wholes["wrong"][0].get("message") == "becomes"
    assert (wholes["wrong"][0].text or "").splitlines() == [*STEPS]
    names = [[case.get("name") for case in suite.iter("testcase")] for suite in root if suite.get("name") == "wrong"]
    assert names == [["the program", "becomes", "free: late", "stepped: late"]]
    told = {each.get("name"): each.get("value") for each in root[0].iter("property")}
    assert told == {
        "section": "Page hinting",
        "rule": "A page that is stable stays so.",
        "source": "reference 2.1",
        "basis": "verified",
    }
    # XML has no character 0.
    assert wholes["wrong"].findtext("system-out") == "FAIL: becomes\ufffd\n"
    # The check of a known failure is none.
    assert [case[0].tag for suite in root if suite.get("name") == "odd" for case in suite] == ["skipped", "skipped"]
