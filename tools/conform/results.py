# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes of a program of kvm-unit-tests: its own lines, how it ended, and what these together mean."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from emu.machine import StopKind
from tools.reports.verdict import ExitStatus, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.machine import Stop

_CHECK: Final = re.compile(r"^(PASS|FAIL|XPASS|XFAIL|KFAIL|SKIP): (.*?)\r?$", re.MULTILINE)
_SKIP_STATUS: Final = re.compile(r"^EXIT: STATUS=77\s*$", re.MULTILINE)
_PANICS: Final = (StopKind.PROGRAM_LOOP, StopKind.INTERRUPTION_LOOP)
_LONGEST_REASON: Final = 200


class Outcome(Enum):
    """What a program as a whole came to, from best to worst."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"
    TIMEOUT = "timeout"
    """The instruction budget ran out."""
    STOPPED = "stopped"
    """It ended in a way that nobody asked for."""

    @property
    def rank(self) -> int:
        """The worse the higher."""
        return list(Outcome).index(self)


@dataclass(frozen=True, slots=True)
class Check:
    """A line that the program wrote about one of its checks."""

    verdict: str
    """PASS, FAIL, XPASS (passed against expectation), XFAIL or KFAIL (failed as expected), SKIP."""
    name: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one program."""

    name: str
    outcome: Outcome
    reason: str = ""
    """Why, unless it passed."""
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    instructions: int = 0
    migrations: int = 0
    """How often the machine was saved, and another one restored from that."""
    seconds: float = 0.0
    console: str = ""

    def count(self, *verdicts: str) -> int:
        """How many checks have one of *verdicts*."""
        return sum(check.verdict in verdicts for check in self.checks)

    @property
    def passed(self) -> int:
        """Checks that came out as they should, those included that fail as expected."""
        return self.count("PASS", "XFAIL", "KFAIL")

    @property
    def failed(self) -> int:
        """Checks that came out otherwise."""
        return self.count("FAIL", "XPASS")

    @property
    def skipped(self) -> int:
        """Checks that the program left out."""
        return self.count("SKIP")

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON has it."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "notes": list(self.notes),
            "passed": self.passed,
            "failed": self.failed,
            "skipped": self.skipped,
            "instructions": self.instructions,
            "migrations": self.migrations,
            "seconds": round(self.seconds, 3),
            "checks": [{"verdict": check.verdict, "name": check.name} for check in self.checks],
        }


def read_checks(console: str) -> tuple[Check, ...]:
    """The checks that *console* tells of."""
    return tuple(Check(verdict, name) for verdict, name in _CHECK.findall(console))


def decide(stop: Stop, console: str, *, panics: bool) -> tuple[Outcome, str]:
    """The outcome of a program that ended in *stop* after writing *console*, and why.

    :param panics: whether it passes if it ends in a loop of interruptions.
    """
    checks = read_checks(console)
    verdict = judge(stop, console)
    if _SKIP_STATUS.search(console):
        return Outcome.SKIPPED, _first(checks, "SKIP") or "the program left everything out"
    if stop.kind is StopKind.BUDGET:
        return Outcome.TIMEOUT, "not ended in time"
    if panics:
        if stop.kind in _PANICS:
            return Outcome.PASSED, ""
        return Outcome.FAILED, f"expected a loop of interruptions, not: {verdict.text}"
    if verdict.status is ExitStatus.UNASKED_STOP:
        return Outcome.STOPPED, verdict.text
    if verdict.status is ExitStatus.FAILED or any(check.verdict in ("FAIL", "XPASS") for check in checks):
        return Outcome.FAILED, _first(checks, "FAIL", "XPASS") or verdict.text
    return Outcome.PASSED, ""


def totals(results: Sequence[Result]) -> dict[str, int]:
    """How many programs there are of each outcome."""
    counted = Counter(result.outcome for result in results)
    return {outcome.value: counted[outcome] for outcome in Outcome}


def _first(checks: tuple[Check, ...], *verdicts: str) -> str:
    return next((check.name for check in checks if check.verdict in verdicts), "")[:_LONGEST_REASON]
