# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform list``: which programs a suite has, without running any."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from emu.input_files.near_names import did_you_mean
from tools.conform.catalogue import SUITES
from tools.conform.choice import choose
from tools.reports.how_many import how_many
from tools.usage.errors import UsageError
from tools.usage.options import parameters, read_options

if TYPE_CHECKING:
    from tools.conform.options import ListOptions


def list_suite(wanted: ListOptions) -> None:
    """Print a line for each entry that is *wanted*; without a suite, for each suite.

    It has the name, other groups than the section that is in the name, what is demanded, and the source.  Then comes
    how many there are, and how many of each basis where that is known.

    :raises UsageError: if there is no such suite, or none where *wanted* says.
    """
    if wanted.suite is None:
        _list_suites()
        return
    declared = next((each for each in SUITES if each.name == wanted.suite), None)
    if declared is None:
        known = [each.name for each in SUITES]
        raise UsageError(
            f"conform list: expected {', '.join(known)}, not {wanted.suite!r}{did_you_mean(wanted.suite, known)}"
        )
    kind = declared.options()
    typed = {}
    if any(each.name == "directory" for each in parameters(kind)):
        if wanted.directory is None:
            raise UsageError(f"conform list: expected a directory behind {declared.name}")
        typed["directory"] = wanted.directory
    elif wanted.directory is not None:
        raise UsageError(f"conform list: {declared.name} needs no directory, but has {wanted.directory!r}")
    chosen = choose(declared.open(read_options(kind, typed)).entries(), wanted, declared.name)
    width = max(len(entry.name) for entry in chosen)
    for entry in chosen:
        # The section is in the names of those that are called after it.
        groups = [each for each in entry.groups if not entry.name.startswith(f"{each}/")]
        told = (f"[{', '.join(groups)}]" if groups else "", entry.title, f"({entry.source})" if entry.source else "")
        print(f"{entry.name:{width}}  {'  '.join(filter(None, told))}".rstrip())
    bases = Counter(entry.basis for entry in chosen if entry.basis)
    counted = ", ".join(f"{bases[basis]:,} {basis}" for basis in sorted(bases, reverse=True))
    print(f"{how_many(len(chosen), 'program')}{counted and f': {counted}'}")


def _list_suites() -> None:
    width = max(len(each.name) for each in SUITES)
    for each in SUITES:
        print(f"{each.name:{width}}  {each.help}")
