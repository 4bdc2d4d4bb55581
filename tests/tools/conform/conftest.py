# SPDX-License-Identifier: GPL-2.0-or-later
"""A suite made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite import FAILING, LEAVING_OUT, PASSING, build_directory, in_this_process

ALL = """\
# a comment
[passing]
file = passing.elf
groups = fast

[failing]
file = failing.elf
timeout = 5

[leaving-out]
file = leaving.elf
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Three programs: one passes, one fails, one leaves everything out."""
    return build_directory(tmp_path, ALL, passing=PASSING, failing=FAILING, leaving=LEAVING_OUT)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Programs run in this process."""
    with in_this_process(monkeypatch):
        yield
