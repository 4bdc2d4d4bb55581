# SPDX-License-Identifier: GPL-2.0-or-later
"""A test script run from its first line to its last."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.machine import StopKind
from emu.symbols.table import NO_SYMBOLS
from tools.conform.failure_steps import FailureSteps
from tools.conform.hyperion.operator import Frame, ScriptOperator, Unknown, Wrong
from tools.conform.hyperion.script import read_script
from tools.conform.hyperion.verdicts import CaseVerdicts, UnknownDirective
from tools.conform.results import Check, Outcome, Result
from tools.reports.last_steps import WATCHED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from emu.machine import Machine, Stop
    from emu.page_states import Profile
    from tools.conform.hyperion.script import ScriptCase
    from tools.conform.results import Entry
    from tools.processes.side_by_side import Reporter

_RUN: Final = "runtest"
_PIECE: Final = 1_000_000
"""Instructions between two looks at the time."""
_SHOWN: Final = 3
"""Of what is wrong in a case, so much is said."""


@dataclass(frozen=True, slots=True)
class ScriptJob:
    """One script to run."""

    entry: Entry
    path: Path
    profile: Profile
    facilities: frozenset[int]
    max_instructions: int
    timeout: int
    """Seconds."""

    def run(self, reporter: Reporter) -> Result | None:
        """See :meth:`tools.conform.suites.Job.run`."""
        return _run_script(self, reporter)


class _Stopped(Exception):  # noqa: N818 - it says what is to be done
    """The run is to be given up."""


class _Runs:
    """Lets machines run, one test after the other, and knows how far each came."""

    def __init__(self, job: ScriptJob, reporter: Reporter) -> None:
        self._reporter = reporter
        self._until = time.monotonic() + job.timeout
        self.lengths: list[int] = []
        """The instructions of each."""

    def run(self, machine: Machine, most: int) -> Stop:
        """Let *machine* run for at most so many instructions."""
        start = machine.executed
        while True:
            stop = machine.run(min(_PIECE, start + most - machine.executed))
            if self._reporter.is_stopped:
                raise _Stopped
            is_over = machine.executed - start >= most or time.monotonic() > self._until
            if stop.kind is not StopKind.BUDGET or is_over:
                self.lengths.append(machine.executed - start)
                return stop


class _Replay:
    """The same runs made again, of which the end of one is looked at."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths = list(lengths)
        self.steps: tuple[str, ...] = ()

    def run(self, machine: Machine, _: int) -> Stop:
        """Let *machine* run as before; the last run is stepped at its end."""
        length = self._lengths.pop(0)
        if self._lengths:
            return machine.run(length + 1)
        if length > WATCHED:
            machine.run(length - WATCHED)
        steps = FailureSteps(machine, NO_SYMBOLS)
        machine.run(2 * WATCHED)
        self.steps = steps.found
        raise _Stopped


def _run_script(job: ScriptJob, reporter: Reporter) -> Result | None:
    """Run the script of *job*; None if *reporter* says before its end that it should stop."""
    cases = read_script(job.path)
    frame = Frame(job.profile, job.facilities, job.max_instructions)
    runs = _Runs(job, reporter)
    operator = ScriptOperator(frame, runs.run)
    checks: list[Check] = []
    failed_run = None
    try:
        for case in cases:
            before = operator.console.size
            check = _case(case, operator)
            said = " ".join(operator.console.text[before:].split())
            checks.append(Check(check.verdict, check.name, text="; ".join(filter(None, (check.text, said)))))
            if check.verdict == "FAIL" and failed_run is None:
                failed_run = len(runs.lengths)
    except _Stopped:
        return None
    outcome, reason = _outcome(checks)
    return Result(
        job.entry,
        outcome,
        reason,
        checks=_named_apart(checks),
        instructions=operator.instructions,
        console=operator.console.text,
        last_steps=_steps(frame, cases, runs.lengths[:failed_run]) if failed_run else (),
    )


def _case(case: ScriptCase, operator: ScriptOperator) -> Check:
    """Do what *case* says."""
    verdicts = operator.verdicts = CaseVerdicts()
    unknown: list[str] = []
    # Behind what is not known here, what fails may fail because of that.
    failed = 0
    for line in case.lines:
        try:
            if line.is_directive:
                verdicts.take(line.verb, line.rest)
            # What is not set up as it should be need not be run.
            elif not (unknown and line.verb == _RUN):
                operator.carry_out(line.verb, line.rest)
        except (Unknown, UnknownDirective) as reason:
            if not unknown:
                failed = len(verdicts.failures)
            unknown.append(str(reason))
        except Wrong as reason:
            verdicts.failures.append(f"line {line.number}: {reason}")
    name = case.name or "(before the first case)"
    if unknown and not failed:
        return Check("SKIP", name, text="not known here: " + ", ".join(dict.fromkeys(unknown)))
    if case.name:
        # A condition before the first case may be around several.
        verdicts.ends()
    failures = verdicts.failures[:failed] if unknown else verdicts.failures
    return Check("FAIL" if failures else "PASS", name, text=_first(failures))


def _first(failures: Sequence[str]) -> str:
    """The first of *failures*, and how many others there are."""
    others = len(failures) - _SHOWN
    return "; ".join([*failures[:_SHOWN], *([f"and {others:,} more"] if others > 0 else [])])


def _outcome(checks: Sequence[Check]) -> tuple[Outcome, str]:
    """The worst of the cases, and why."""
    failed = [check for check in checks if check.verdict == "FAIL"]
    if failed:
        return Outcome.FAILED, f"{failed[0].name}: {failed[0].text}"
    if not checks:
        return Outcome.FAILED, "expected *Testcase, or a command"
    unknown = [check for check in checks if check.verdict == "SKIP"]
    return (Outcome.UNSUPPORTED, unknown[0].text) if unknown else (Outcome.PASSED, "")


def _named_apart(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks with names of their own."""
    seen: dict[str, int] = {}
    found = []
    for check in checks:
        seen[check.name] = count = seen.get(check.name, 0) + 1
        name = check.name if count == 1 else f"{check.name} ({count})"
        found.append(Check(check.verdict, name, check.source, check.text))
    return tuple(found)


def _steps(frame: Frame, cases: Sequence[ScriptCase], lengths: Sequence[int]) -> tuple[str, ...]:
    """The last instructions of the last of the runs of *lengths*."""
    replay = _Replay(lengths)
    operator = ScriptOperator(frame, replay.run)
    try:
        for case in cases:
            _case(case, operator)
    except _Stopped:
        pass
    return replay.steps
