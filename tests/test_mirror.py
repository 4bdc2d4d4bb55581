# SPDX-License-Identifier: GPL-2.0-or-later
"""Each source file has a test file of its name, or a line in the table of tests/README.md says where it is tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("emu/input_files", "host", "tools")
SOURCES = sorted(
    path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if path.name != "__init__.py"
)


def listed() -> list[str]:
    """The first column of the tables: paths, of which the folder is said once for several files."""
    names = []
    for line in (ROOT / "tests" / "README.md").read_text().splitlines():
        first = line.split("|")[1] if line.startswith("| `") else ""
        folder = ""
        for name in re.findall(r"`([^`]+\.py)`", first):
            folder = name.rpartition("/")[0] if "/" in name else folder
            names.append(name if "/" in name else f"{folder}/{name}")
    return names


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_where_it_is_tested_is_known(source: Path) -> None:
    mirrored = ROOT / "tests" / source.parent / f"test_{source.name}"
    assert mirrored.is_file() or any(source.match(name) for name in listed())


def test_what_is_listed_is_there() -> None:
    names = [name for name in listed() if name.startswith(FOLDERS)]
    assert names
    assert [name for name in names if not (ROOT / name).is_file()] == []
