# SPDX-License-Identifier: GPL-2.0-or-later
"""Coverage in files: what is written is read, and what is something else is said."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tools.coverage.saved import read_coverage, write_coverage
from tools.usage.errors import UsageError
from tools.usage.outputs import Output

if TYPE_CHECKING:
    from pathlib import Path

    from tools.coverage.collector import Counts

COUNTS: Counts = Counter(
    {("instructions", ("LGHI", "ended")): 3, ("page hinting", ("kvm", "Sr", "set unused")): 1 << 40}
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with ExitStack() as files:
        write_coverage(Output(files, "--coverage", str(tmp_path / "c")), ["a", "b"], COUNTS)
    saved = read_coverage(tmp_path / "c")
    assert saved.counts() == COUNTS
    assert saved.programs == ("a", "b")


@pytest.mark.parametrize(
    ("content", "expected"),
    (
        ("", "expected what --coverage writes"),
        ("{}", "expected what --coverage writes"),
        ('{"essa_coverage": 2, "programs": [], "matrices": {}}', "expected coverage of version 1, not 2"),
        ('{"essa_coverage": 1, "programs": [], "matrices": {"x": [[["a"], 1]]}}', "expected cells of 'x'"),
        ('{"essa_coverage": 1, "programs": [], "matrices": {"translation": [[["page"], 1]]}}', "expected cells"),
        ('{"essa_coverage": 1, "programs": [], "matrices": {"translation": [[["page", "fetch"], 0]]}}', "expected"),
        ('{"essa_coverage": 1, "programs": [], "matrices": {}, "more": 1}', "expected what --coverage writes"),
        ('{"essa_coverage": 1, "programs": [], "matrices": {"x": []}}', "expected cells of 'x'"),
        ("\xff", "expected what --coverage writes"),
    ),
)
def test_anything_else_is_said(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "c").write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError, match=expected):
        read_coverage(tmp_path / "c")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_coverage(tmp_path / "no")
