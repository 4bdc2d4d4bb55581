# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants of the files of rules, side by side, and what the suite says to each."""

from __future__ import annotations

import hashlib
import pickle
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tools.conform.architecture.collection import DIRECTORY, read_cases
from tools.conform.mutation.exercise import exercise
from tools.conform.mutation.mutants import Mutant
from tools.conform.mutation.one import NotAFunction, Stopped, notice
from tools.processes.side_by_side import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tools.conform.architecture.case import Case
    from tools.conform.mutation.exercise import CaseRun, Exercise
    from tools.processes.side_by_side import Reporter


class MutantResult(msgspec.Struct, frozen=True):
    """What came of a mutant."""

    name: str
    line: int
    digest: str
    """Of its source."""
    suite: str
    """Which of :attr:`MutationRecord.suites` it was held against."""
    noticed_by: str | None
    """The case, or None: it has survived."""
    reached_by: int
    """How many cases execute what is broken."""


class MutationRecord(msgspec.Struct):
    """What is known of mutants."""

    suites: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """The digests of the cases of each suite, by their names; how images are made of them is no part of that."""
    results: list[MutantResult] = msgspec.field(default_factory=list)

    def put(self, result: MutantResult) -> None:
        """Add *result*, in place of an earlier one of the same mutant."""
        self.results = [each for each in self.results if each.name != result.name or each.digest != result.digest]
        self.results.append(result)

    def forget_suites(self) -> None:
        """Forget those that no result belongs to."""
        used = {each.suite for each in self.results}
        self.suites = {suite: cases for suite, cases in self.suites.items() if suite in used}


@dataclass(frozen=True, slots=True)
class _MutantJob:
    mutant: Mutant
    images: Path
    order: tuple[CaseRun, ...]
    is_function: bool


class _Plan:
    """Which cases each mutant is held against, after what is known of it."""

    def __init__(self, exercised: Exercise, record: MutationRecord) -> None:
        self._exercised = exercised
        self._suites = dict(record.suites)
        self._before = {(each.name, each.digest): each for each in record.results}
        self.digests = {
            name: _digest(repr(pickle.loads(case.image).case).encode()) for name, case in exercised.cases.items()
        }
        self.suite = _digest(repr(sorted(self.digests.items())).encode())
        self._noticing: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for each in record.results:
            if each.noticed_by is not None:
                self._noticing[each.name.partition(":")[0]][_case(each.noticed_by)] += 1

    def job(self, mutant: Mutant, images: Path) -> _MutantJob | MutantResult:
        """What is to be done, or what is known already: by the case that noticed it, or by all that did not."""
        before = self._before.get((mutant.name, mutant.digest))
        held = {} if before is None else self._suites.get(before.suite, {})
        order = self._exercised.order(mutant)
        if before is not None and before.noticed_by is not None:
            name = _case(before.noticed_by)
            if name in self.digests and held.get(name) == self.digests[name]:
                return before
        elif before is not None:
            order = [each for each in order if held.get(each.case) != self.digests[each.case]]
            if not order:
                return self.result(mutant, None)
        noticing = self._noticing[mutant.file]
        order.sort(key=lambda each: (each.is_free, -noticing[each.case]))
        return _MutantJob(mutant, images, tuple(order), not self._exercised.is_at_loading(mutant))

    def result(self, mutant: Mutant, noticed_by: str | None) -> MutantResult:
        """What came of *mutant*."""
        reached = len({each.case for each in self._exercised.order(mutant)})
        return MutantResult(mutant.name, mutant.line, mutant.digest, self.suite, noticed_by, reached)


def run_mutants(
    mutants: Iterable[Mutant],
    record: MutationRecord,
    *,
    cases: Mapping[str, Case] | None = None,
    jobs: int | None = None,
    ended: Callable[[MutantResult], None] = lambda _: None,
) -> list[MutantResult]:
    """What comes of each of *mutants*, which is added to *record*; what that says already is not found out again.

    Ctrl-C or SIGTERM ends it early.

    :param cases: what they are held against; None: all that there are.
    """
    mutants = list(mutants)
    files = sorted({mutant.file for mutant in mutants})
    exercised = exercise(read_cases(DIRECTORY) if cases is None else cases, files, jobs=jobs)
    if exercised is None:
        return []
    plan = _Plan(exercised, record)
    record.suites[plan.suite] = plan.digests
    found: list[MutantResult] = []
    work: dict[str, _MutantJob] = {}
    with tempfile.TemporaryDirectory(prefix="essa-mutation-") as directory:
        images = Path(directory) / "images"
        images.write_bytes(pickle.dumps({name: case.image for name, case in exercised.cases.items()}))
        for mutant in mutants:
            job = plan.job(mutant, images)
            if isinstance(job, MutantResult):
                record.put(job)
                found.append(job)
            else:
                work[f"{mutant.file}#{mutant.number}"] = job

        def done(key: str, noticed: _Noticed | None) -> None:
            if noticed is not None and not noticed.is_to_be_loaded:
                found.append(plan.result(work.pop(key).mutant, noticed.by))
                record.put(found[-1])
                ended(found[-1])

        def run(wanted: dict[str, _MutantJob]) -> bool:
            """Run them, and give whether none was stopped."""
            ends = run_side_by_side(_run, wanted, most=jobs, ended=done)
            return len(ends) == len(wanted) and None not in ends.values()

        loaded = {key: job for key, job in work.items() if not job.is_function}
        functions = {key: job for key, job in work.items() if job.is_function}
        if run(loaded) and run(functions):
            run({key: replace(job, is_function=False) for key, job in work.items()})
    record.forget_suites()
    return found


@dataclass(frozen=True, slots=True)
class _Noticed:
    by: str | None = None
    is_to_be_loaded: bool = False
    """It has not been held against anything: more differs than the code of functions."""


def _run(job: _MutantJob, reporter: Reporter) -> _Noticed | None:
    """Hold the mutant of *job* against its cases; None if that was stopped."""
    try:
        return _Noticed(
            notice(
                job.mutant,
                job.images,
                job.order,
                is_function=job.is_function,
                is_stopped=lambda: reporter.is_stopped,
            )
        )
    except NotAFunction:
        return _Noticed(is_to_be_loaded=True)
    except Stopped:
        return None


def _case(noticed_by: str) -> str:
    """The case in what is said of who has noticed."""
    return noticed_by.partition(" ")[0]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
