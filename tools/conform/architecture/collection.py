# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading the cases: files of Python data, one for each section."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Final

from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.image import CaseError

DIRECTORY: Final = Path(__file__).parents[3] / "tests" / "conformance"
"""Where the cases lie in the source tree."""
_NAME: Final = re.compile(r"[a-z0-9]+(?:[-+][a-z0-9]+)*", re.IGNORECASE)
_NOT_CASES: Final = ("test_", "conftest")


def read_sections(directory: Path = DIRECTORY) -> dict[str, CaseSection]:
    """The sections in *directory*, by the names of their files.

    :raises CaseError: if a file cannot be read, or a name is not one or is there twice.
    """
    files = [path for path in sorted(directory.glob("*.py")) if not path.name.startswith(_NOT_CASES)]
    if not files:
        raise CaseError(f"{directory}: expected files of cases, *.py")
    return {path.stem.replace("_", "-"): _read(path) for path in files}


def read_cases(directory: Path = DIRECTORY) -> dict[str, Case]:
    """All cases, by ``section/name``."""
    return {f"{name}/{case.name}": case for name, section in read_sections(directory).items() for case in section.cases}


def _read(path: Path) -> CaseSection:
    try:
        section = runpy.run_path(str(path)).get("SECTION")
    except Exception as reason:  # noqa: BLE001 - whatever is wrong in the file of a user
        raise CaseError(f"{path}: {type(reason).__name__}: {reason}") from None
    if not isinstance(section, CaseSection):
        raise CaseError(f"{path}: expected SECTION to be a CaseSection")
    seen: set[str] = set()
    for case in section.cases:
        if not _NAME.fullmatch(case.name) or case.name in seen:
            raise CaseError(f"{path}: expected a name of its own, of letters, digits and hyphens, not {case.name!r}")
        seen.add(case.name)
    return section
