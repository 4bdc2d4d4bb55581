# SPDX-License-Identifier: GPL-2.0-or-later
"""Which entries of a suite are meant, by name, group, pattern, and what an earlier run came to."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from emu.input_files.near_names import did_you_mean
from tools.conform.saved import read_report
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tools.conform.options import ChoiceOptions, ConformOptions
    from tools.conform.results import Entry


def choose(entries: Sequence[Entry], wanted: ChoiceOptions, suite: str) -> list[Entry]:
    """Those of *entries* that are *wanted* of the *suite* with this name.

    :raises UsageError: if a name is none, or nothing is left.
    """
    for flag, names in (("--only", wanted.only), ("--exclude", wanted.exclude)):
        _check_names(entries, flag, names)
    chosen = [
        entry
        for entry in entries
        if (not wanted.only or _is_called(entry, wanted.only))
        and not _is_called(entry, wanted.exclude)
        and (wanted.pattern is None or fnmatchcase(entry.name.lower(), f"*{wanted.pattern.lower()}*"))
    ]
    if wanted.last_failed is not None:
        before = read_report("--last-failed", wanted.last_failed, suite)
        failed = {each.name for each in before.programs if each.outcome.is_failure} | {*before.not_run}
        chosen = [entry for entry in chosen if entry.name in failed]
        if not chosen:
            raise UsageError(f"--last-failed: none of these failed in {wanted.last_failed}")
    if not chosen:
        raise UsageError("expected at least one program to be left of --only, --exclude and -k")
    return chosen


def check_facilities(entries: Sequence[Entry], wanted: ConformOptions) -> None:
    """See to it that facilities are asked for by entries that there are.

    :raises UsageError: if a name is none.
    """
    for flag, chosen in (("--facility", wanted.with_facilities), ("--no-facility", wanted.without_facilities)):
        _check_names(entries, flag, [each.name for each in chosen if each.name is not None])


def _check_names(entries: Sequence[Entry], flag: str, names: Collection[str]) -> None:
    known = sorted({name for entry in entries for name in (entry.name, *entry.groups)})
    for name in names:
        if name not in known:
            raise UsageError(f"{flag}: expected a program or a group, not {name!r}{did_you_mean(name, known)}")


def _is_called(entry: Entry, names: Collection[str]) -> bool:
    return not {entry.name, *entry.groups}.isdisjoint(names)
