# SPDX-License-Identifier: GPL-2.0-or-later
"""JUnit's XML."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from tests.support.suite import conform


def test_a_suite_for_each_program_and_a_case_for_each_check(suite: Path, tmp_path: Path) -> None:
    saved = tmp_path / "out.xml"
    assert conform(suite, "--junit", str(saved)) == 1
    root = ET.fromstring(saved.read_text())
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("8", "2", "2")
    assert [each.get("name") for each in root] == ["passing", "failing", "leaving-out"]
    whole = root[1][0]
    assert (whole.findtext("system-out") or "").startswith("PASS: one\nFAIL: three: it is 4\n")
