# SPDX-License-Identifier: GPL-2.0-or-later
"""Guided tours: the texts of a scenario, and what has become of the pages that it is about."""

from __future__ import annotations

import shutil
import sys
from textwrap import fill
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
    from guest_kernel.scripted.scenarios.scenario import Expect, Note

_WIDEST: Final = 100
_NARROWEST: Final = 40
_INDENT: Final = "   "
_DETAIL: Final = "     "
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"


def show_note(note: Note) -> None:
    """Print the title and the text of *note*."""
    print()
    if note.title:
        print(f"{_BOLD}{note.title}{_PLAIN}" if sys.stdout.isatty() else note.title)
    indent = _INDENT if note.title else ""
    print(fill(" ".join(note.text.split()), _width(), initial_indent=indent, subsequent_indent=indent), flush=True)


def show_page(step: Expect, finding: PageFinding) -> None:
    """Print through which states the page went, what was executed, and whether that was expected."""
    if step.note:
        print(f"{_INDENT}({step.note})")
    where = "" if finding.frame is None else f" (frame {finding.frame:#x})"
    states = " -> ".join(finding.path) if len(finding.path) > 1 else f"{finding.found}, as before"
    if finding.frame is None:
        states = "there is none"
    changed = ", change bit 1" if finding.is_changed else ""
    verdict = "as expected" if finding.holds else "NOT AS EXPECTED: " + "; ".join(finding.differences())
    print(f"{_INDENT}> {finding.name}{where}: {states}{changed}; {verdict}")
    if finding.events:
        what = ", ".join(map(str, finding.events))
        print(fill(what, _width(), initial_indent=_DETAIL, subsequent_indent=_DETAIL))
    sys.stdout.flush()


def _width() -> int:
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((_WIDEST, 0)).columns or _WIDEST))
