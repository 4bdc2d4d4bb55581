# SPDX-License-Identifier: GPL-2.0-or-later
"""Each source file has its test file of the same name, or a line in tests/README.md that says where it is tested."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("emu", "host", "guest_kernel", "tools")
_NAME = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    source: str
    tests: tuple[str, ...]
    reason: str


def read_table(text: str) -> list[Line]:
    """The lines of all tables in *text*: sources, tests, a reason."""
    lines = []
    for row in text.splitlines():
        cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
        if row.startswith("| `") and len(cells) == 3:
            tests = tuple(read_names(cells[1]))
            lines += [Line(source, tests, cells[2]) for source in read_names(cells[0])]
    return lines


def read_names(cell: str) -> list[str]:
    """The files that are named in a *cell*; one without a folder is in that of the one before it."""
    names: list[str] = []
    for name in _NAME.findall(cell):
        names.append(name if "/" in name else str(PurePosixPath(names[-1]).with_name(name)))
    return names


def mirror(source: str) -> str:
    """The test file of the same name."""
    path = PurePosixPath(source)
    return str("tests" / path.with_name(f"test_{path.name}"))


def complaints(sources: Collection[str], tests: Collection[str], table: list[Line]) -> list[str]:
    """What is wrong, each in a line."""
    listed = [line.source for line in table]
    wrong = [
        f"{source}: there is no {mirror(source)}, and no line in tests/README.md"
        for source in sources
        if mirror(source) not in tests and source not in listed
    ]
    for line in table:
        if line.source not in sources:
            wrong.append(f"{line.source}: in the table, but there is no such file")
        elif mirror(line.source) in tests:
            wrong.append(f"{line.source}: in the table, but there is {mirror(line.source)}")
        if listed.count(line.source) > 1:
            wrong.append(f"{line.source}: twice in the table")
        if not line.tests or not line.reason:
            wrong.append(f"{line.source}: expected where it is tested, and why there")
        wrong += [f"{line.source}: there is no {test}" for test in line.tests if test not in tests]
    return wrong


def has_code(path: Path) -> bool:
    """Whether there is more in it than what it is about."""
    return path.name != "__init__.py" or len(ast.parse(path.read_text(encoding="utf-8")).body) > 1


def files(folder: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py") if has_code(path)}


def test_each_source_file_has_its_test_or_its_line() -> None:
    sources = {source for package in PACKAGES for source in files(package)}
    table = read_table((ROOT / "tests" / "README.md").read_text(encoding="utf-8"))
    wrong = complaints(sorted(sources), files("tests") | {"tools/bench"}, table)
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("line", "complaint"),
    (
        (None, "emu/b.py: there is no tests/emu/test_b.py, and no line in tests/README.md"),
        ("| `emu/c.py` | `tests/emu/test_a.py` | it is small |", "emu/c.py: in the table, but there is no such file"),
        (
            "| `emu/a.py` | `tests/emu/test_a.py` | it is small |",
            "emu/a.py: in the table, but there is tests/emu/test_a.py",
        ),
        (
            "| `emu/b.py` | `tests/emu/test_a.py`, `test_c.py` | it is small |",
            "emu/b.py: there is no tests/emu/test_c.py",
        ),
        ("| `emu/b.py` | `tests/emu/test_a.py` | |", "emu/b.py: expected where it is tested, and why there"),
        ("| `emu/b.py` | somewhere | it is small |", "emu/b.py: expected where it is tested, and why there"),
    ),
)
def test_what_is_wrong_is_said(line: str | None, complaint: str) -> None:
    assert complaint in complaints(("emu/a.py", "emu/b.py"), {"tests/emu/test_a.py"}, read_table(line or ""))


def test_a_line_that_is_right() -> None:
    table = read_table(
        "| source | tested in | why there |\n|---|---|---|\n| `emu/b.py` | `tests/emu/test_a.py` | small |"
    )
    assert complaints(("emu/a.py", "emu/b.py"), {"tests/emu/test_a.py"}, table) == []
    twice = complaints(("emu/a.py", "emu/b.py"), {"tests/emu/test_a.py"}, [*table, *table])
    assert set(twice) == {"emu/b.py: twice in the table"}
