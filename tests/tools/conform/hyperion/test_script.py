# SPDX-License-Identifier: GPL-2.0-or-later
"""Test scripts as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.conform.hyperion.script import read_script
from tools.usage.errors import UsageError

SCRIPT = """\
# a comment
* another one
*
defsym  where "2000"
sysclear
*Testcase first case
r $(where)=00 01   # with a comment
loadcore "$(testpath)/x.core" 0x0
*Want "a # b" 00000001
*Want "$(where)" $(where) 01
*Done nowait
*Testcase
ARCHMODE z$(nothing)
"""


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "one.tst"
    path.write_text(SCRIPT)
    cases = read_script(path)
    assert [case.name for case in cases] == ["", "first case", ""]
    found = [(line.number, line.verb, line.rest, line.is_directive) for case in cases for line in case.lines]
    assert found == [
        (5, "sysclear", "", False),
        (7, "r", "2000=00 01", False),
        (8, "loadcore", f'"{tmp_path}/x.core" 0x0', False),
        (9, "Want", '"a # b" 00000001', True),
        (10, "Want", '"2000" 2000 01', True),
        (11, "Done", "nowait", True),
        (13, "ARCHMODE", "z", False),
    ]


def test_a_script_may_begin_with_a_case(tmp_path: Path) -> None:
    path = tmp_path / "one.tst"
    path.write_text("*Testcase only\n*Done\n")
    assert [case.name for case in read_script(path)] == ["only"]


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"one\.tst: cannot be read: No such file or directory"):
        read_script(tmp_path / "one.tst")
