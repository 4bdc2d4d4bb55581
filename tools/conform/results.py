# SPDX-License-Identifier: GPL-2.0-or-later
"""What a suite has, what its programs come to, and all of it together: the report.

The report is also the document that ``--json`` writes and ``--baseline``, ``--compare`` and ``--last-failed`` read, so
these structures are its schema; fields that have their default are left out of it.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

FAILING: Final = ("FAIL", "XPASS")
"""Verdicts of checks that make their program fail."""


class Outcome(Enum):
    """What a program as a whole came to, from best to worst."""

    PASSED = "passed"
    KNOWN = "known"
    """It failed, and a file of known failures says why."""
    SKIPPED = "skipped"
    UNSUPPORTED = "unsupported"
    """It needs something of its runner that there is not; it counts as nothing."""
    FAILED = "failed"
    TIMEOUT = "timeout"
    """It did not end within its instructions or its time."""
    STOPPED = "stopped"
    """It ended in a way that nobody asked for."""

    @property
    def rank(self) -> int:
        """The worse the higher."""
        return list(Outcome).index(self)

    @property
    def is_failure(self) -> bool:
        """Whether the suite fails by it."""
        return self.rank > Outcome.UNSUPPORTED.rank


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A program of a suite, or a case."""

    name: str
    """Of its own in the suite."""
    groups: tuple[str, ...] = ()
    """What it belongs to, the section of the report first."""
    title: str = ""
    """What it demands, in a sentence."""
    source: str = ""
    """Where that is said, such as a manual and its page."""
    basis: str = ""
    """Whether the source says so ("verified"), or it follows from what it says ("inferred"); empty: not known."""
    section: str = ""
    """What the first of the groups is about, as a title."""

    @property
    def demand(self) -> dict[str, str]:
        """What it demands and where that is said, by names, as far as that is known."""
        told = {"section": self.section, "rule": self.title, "source": self.source, "basis": self.basis}
        return {name: text for name, text in told.items() if text}


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the things that a program finds right or wrong."""

    verdict: Annotated[str, msgspec.Meta(pattern="^(PASS|FAIL|XPASS|XFAIL|KFAIL|SKIP)$")]
    """PASS, FAIL, XPASS (passed against expectation), XFAIL or KFAIL (failed as expected), SKIP."""
    name: str
    """What it is of, the same whatever is found."""
    source: str = ""
    """Where it is said what is right, if not where the whole program's source is."""
    text: str = ""
    """What was expected and what was found, in words, or why it was left out."""
    ways: tuple[str, ...] = ()
    """The ways of running the program in which it came to this, if there are several; a check of each."""

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called in each way of running the program, which nothing else of the program is."""
        return tuple(f"{way}: {self.name}" for way in self.ways) or (self.name,)

    @property
    def told(self) -> str:
        """What it is of, and what was found or why it was left out."""
        return f"{self.name}: {self.text}" if self.text else self.name

    @property
    def told_with_ways(self) -> str:
        """The same, with the ways before it."""
        return ": ".join(filter(None, (", ".join(self.ways), self.told)))


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one entry."""

    entry: Entry
    outcome: Outcome
    reason: str = ""
    """Why, unless it passed."""
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    """What else there is to say."""
    instructions: int = 0
    seconds: float = 0.0
    console: str = ""
    last_steps: tuple[str, ...] = ()
    """The last instructions and interruptions before it failed, a line each."""

    @property
    def name(self) -> str:
        """Its entry's."""
        return self.entry.name

    def count(self, *verdicts: str) -> int:
        """How many checks have one of *verdicts*."""
        return sum(check.verdict in verdicts for check in self.checks)

    @property
    def passed(self) -> int:
        """Checks that came out as they should, those included that fail as expected."""
        return self.count("PASS", "XFAIL", "KFAIL")

    @property
    def failed(self) -> int:
        """Checks that did not."""
        return self.count(*FAILING)

    @property
    def skipped(self) -> int:
        """Checks that were left out."""
        return self.count("SKIP")


class CoveredMatrix(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much the programs exercise of one matrix of the architecture (:mod:`tools.coverage.matrices`)."""

    name: str
    axes: tuple[str, ...]
    reached: int
    """Cells that are expected, and were reached."""
    expected: int
    besides: int = 0
    """Cells that nobody expects, and that were reached."""
    gaps: tuple[str, ...] = ()
    """Those that were not, a line for what differs in one word only."""


class SuiteReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run of a suite came to."""

    suite: str
    machine: str
    """What it ran on, in words."""
    totals: dict[str, int]
    """How many programs there are of each outcome."""
    programs: tuple[Result, ...]
    """In the order of the suite."""
    not_run: tuple[str, ...] = ()
    """Those that Ctrl-C or SIGTERM has kept from being run to their end."""
    seconds: float = 0.0
    """From the first to the last, side by side."""

    @property
    def bases(self) -> dict[str, tuple[int, int]]:
        """How many programs have passed, and how many there are, of each basis, as far as that is known."""
        # Verified before inferred.
        found = sorted({result.entry.basis for result in self.programs} - {""}, reverse=True)
        return {basis: self._of(basis) for basis in found}

    def _of(self, basis: str) -> tuple[int, int]:
        outcomes = [result.outcome for result in self.programs if result.entry.basis == basis]
        return outcomes.count(Outcome.PASSED), len(outcomes)

    coverage: tuple[CoveredMatrix, ...] = ()
    """If it was counted."""


def totals(results: Iterable[Result]) -> dict[str, int]:
    """How many programs there are of each outcome."""
    counted = Counter(result.outcome for result in results)
    return {outcome.value: counted[outcome] for outcome in Outcome}
