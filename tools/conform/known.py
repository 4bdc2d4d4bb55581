# SPDX-License-Identifier: GPL-2.0-or-later
"""Failures that are known, with their reasons, as TOML: one ``[[failure]]`` for each.

    [[failure]]
    program = "stidp"             # * and ? stand for anything
    check = "version code*"       # left out: the program as a whole
    reason = "the test expects the CPU identification of another emulator"

A program that fails is *known* if a table without a check names it, or if every check of it that fails is named.  One
that has not come to its end is no more than its checks only if one of these says how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec

from emu.input_files.toml_tables import FieldError, convert, read_toml
from tools.conform.results import FAILING, Outcome
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from tools.conform.results import Check, Entry, Result


class KnownFailuresError(FieldError):
    """A file of known failures is not what was expected."""


_Text = Annotated[str, msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """What fails, and why."""

    program: _Text
    """A pattern."""
    reason: _Text
    check: _Text | None = None
    """A pattern; None: the program as a whole."""

    def is_of(self, result: Result) -> bool:
        """Whether it is about the program of *result*."""
        return fnmatchcase(result.name, self.program)


def read_known(paths: Iterable[Path]) -> list[KnownFailure]:
    """What the files *paths* say.

    :raises UsageError: naming the file, the table and the field that is wrong.
    """
    found: list[KnownFailure] = []
    for path in paths:
        try:
            document = read_toml(path, KnownFailuresError)
            unknown = sorted(document.content.keys() - {"failure"})
            if unknown:
                raise document.origin.error_at(unknown[0], f"{unknown[0]}: unknown; expected failure")
            found += document.all("failure", partial(convert, kind=KnownFailure, error=KnownFailuresError))
        except KnownFailuresError as reason:
            raise UsageError(f"--known: {reason}") from None
    return found


def without_programs(known: Iterable[KnownFailure], entries: Collection[Entry]) -> list[str]:
    """The patterns of those *known* that are about none of the *entries* of the suite."""
    patterns = dict.fromkeys(each.program for each in known)
    return [pattern for pattern in patterns if not any(fnmatchcase(entry.name, pattern) for entry in entries)]


def with_known(result: Result, known: Sequence[KnownFailure]) -> Result:
    """*result* in the light of what is *known*: a failure may be a known one, and what passes after all is noted."""
    about = [each for each in known if each.is_of(result)]
    if not about:
        return result
    noted = _noted(result, about)
    if not result.outcome.is_failure:
        return noted
    reasons = [each.reason for each in about if each.check is None]
    if not reasons:
        failing = [(name, check) for check in result.checks if check.verdict in FAILING for name in check.names]
        named = [_reason(name, check, about) for name, check in failing]
        if not failing or None in named or not _is_told(result):
            return noted
        reasons = [reason for reason in named if reason]
    return msgspec.structs.replace(
        _noted(result, about), outcome=Outcome.KNOWN, reason="; ".join(dict.fromkeys(reasons))
    )


def _is_told(result: Result) -> bool:
    """Whether the checks of *result* tell all that is wrong: a crash or a hang must not hide behind one that fails."""
    if result.outcome is Outcome.FAILED:
        return True
    failing = [check for check in result.checks if check.verdict in FAILING]
    return bool(result.reason) and any(check.told.endswith(result.reason) for check in failing)


def _is_meant(name: str, check: Check, pattern: str) -> bool:
    """Whether *pattern* is one of *check* under this *name*, or of that and what was found."""
    return fnmatchcase(name, pattern) or fnmatchcase(f"{name}: {check.text}", pattern)


def _reason(name: str, check: Check, known: Iterable[KnownFailure]) -> str | None:
    """Why *check* fails in the way that *name* has; None if that is not known."""
    return next((each.reason for each in known if each.check and _is_meant(name, check, each.check)), None)


def _noted(result: Result, about: Sequence[KnownFailure]) -> Result:
    """*result* with a note of each that it is known for and that passes."""
    notes = []
    for each in about:
        verdicts = [
            check.verdict
            for check in result.checks
            if each.check and any(_is_meant(name, check, each.check) for name in check.names)
        ]
        if each.check is None and result.outcome is Outcome.PASSED:
            notes.append("known to fail, but passes")
        elif verdicts and not set(verdicts) & {"SKIP", *FAILING}:
            notes.append(f"known to fail, but passes: {each.check}")
    return msgspec.structs.replace(result, notes=(*result.notes, *notes))
