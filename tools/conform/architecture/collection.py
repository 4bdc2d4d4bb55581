# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading the cases: files of Python data, one for each section."""

from __future__ import annotations

import runpy
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.image import CaseError
from tools.conform.architecture.validity import require_section

DIRECTORY: Final = Path(__file__).parents[3] / "tests" / "conformance"
"""Where the cases lie in the source tree."""
_NOT_CASES: Final = ("test_", "conftest")


def read_sections(directory: Path = DIRECTORY) -> dict[str, CaseSection]:
    """The sections in *directory*, by the names of their files.

    :raises CaseError: naming the file, and the line or the case and its field: what was expected.
    """
    files = [path for path in sorted(directory.glob("*.py")) if not path.name.startswith(_NOT_CASES)]
    if not files:
        raise CaseError(f"{directory}: expected files of cases, *.py")
    sections: dict[str, CaseSection] = {}
    for path in files:
        name = path.stem.replace("_", "-")
        if name in sections:
            raise CaseError(f"{path}: expected a name of its own; there is another file with a section {name}")
        sections[name] = _read(path)
    return sections


def read_cases(directory: Path = DIRECTORY) -> dict[str, Case]:
    """All cases, by ``section/name``."""
    return cases_of(read_sections(directory))


def cases_of(sections: Mapping[str, CaseSection]) -> dict[str, Case]:
    """The cases of *sections*, by ``section/name``."""
    return {f"{name}/{case.name}": case for name, section in sections.items() for case in section.cases}


def _read(path: Path) -> CaseSection:
    try:
        section = cast("CaseSection", runpy.run_path(str(path)).get("SECTION"))
    except (Exception, SystemExit) as reason:  # noqa: BLE001 - whatever is wrong in the file of a user
        line = _line(path, reason)
        raise CaseError(f"{path}{line and f':{line}'}: {_text(reason)}") from None
    try:
        require_section(section)
    except ValueError as reason:
        raise CaseError(f"{path}: {reason}") from None
    return section


def _line(path: Path, reason: BaseException) -> int | str:
    """The last line of the file *path* that led to *reason*; empty if none did."""
    if isinstance(reason, SyntaxError) and reason.filename == str(path):
        return reason.lineno or ""
    lines = [
        number for frame, number in traceback.walk_tb(reason.__traceback__) if frame.f_code.co_filename == str(path)
    ]
    return lines[-1] if lines else ""


def _text(reason: BaseException) -> str:
    """*reason*, in a line."""
    text = reason.msg if isinstance(reason, SyntaxError) else str(reason)
    return f"{type(reason).__name__}: {' '.join(text.split())}"
