# SPDX-License-Identifier: GPL-2.0-or-later
"""Words and numbers in texts of cases and of mutants, by which they may have something to do with each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tools.conform.architecture.case import Class, code_name

if TYPE_CHECKING:
    from tools.conform.architecture.case import Case

_WORD: Final = re.compile(r"[a-z]+|[0-9]+")


def words_of(text: str) -> frozenset[str]:
    """Those in *text*, in small letters."""
    return frozenset(_WORD.findall(text.lower()))


def words_of_case(case: Case) -> frozenset[str]:
    """Those in the texts of *case*: its name, rule and code, and its events by their codes and the names of these."""
    codes = [(event.kind, event.code) for event in case.events if event.code is not None]
    names = [code_name(code) for kind, code in codes if kind is Class.PROGRAM]
    return words_of(" ".join((case.name, case.rule, case.code, *names, *(str(code) for _, code in codes))))
