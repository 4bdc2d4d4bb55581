# SPDX-License-Identifier: GPL-2.0-or-later
"""A directory with cases of the architecture."""

from __future__ import annotations

from pathlib import Path

_HEAD = "from tools.conform.architecture.case import *\n"
_GIVEN = "rule='Rule.', source='PoP 4, PSW', basis=INFERRED"


def write_cases(path: Path, *cases: str) -> Path:
    """Make the directory *path* with one section, some-rules, of *cases*: what a case has besides, as Python text."""
    path.mkdir(exist_ok=True)
    listed = "".join(f"Case({_GIVEN}, {case}), " for case in cases)
    (path / "some_rules.py").write_text(f"{_HEAD}SECTION = CaseSection('Some rules', ({listed}))\n")
    return path
