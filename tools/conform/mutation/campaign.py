# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants of the files of rules, side by side, and what the suite says to each."""

from __future__ import annotations

import hashlib
import pickle
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tools.conform.architecture.collection import DIRECTORY, read_cases
from tools.conform.mutation.exercise import exercise
from tools.conform.mutation.mutants import ROOT, Mutant
from tools.conform.mutation.nearness import Nearness
from tools.conform.mutation.one import Breaking, NotAFunction, Stopped, StoredCase, notice
from tools.processes.side_by_side import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from tools.conform.architecture.case import Case
    from tools.conform.mutation.exercise import Exercise
    from tools.conform.mutation.nearness import CaseRun
    from tools.processes.side_by_side import Reporter


class MutantResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
    nearest: int | None = None
    """It was held against so many of the nearest runs only, since it has a reason; None: against all."""
    machine: str = ""
    """If it has survived: the digest of all that it was tried with (:func:`machine_digest`)."""

    @property
    def is_bounded(self) -> bool:
        """Whether it was not held against all."""
        return self.nearest is not None


class MutationRecord(msgspec.Struct, forbid_unknown_fields=True):
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
class Explained:
    """The mutants that have a reason to survive, by their names, and against how many runs they are held.

    *nearest* is of stepped and free runs together, the nearest ones; None: against all.
    """

    names: Collection[str] = ()
    nearest: int | None = None


NOTHING_EXPLAINED: Final = Explained()
_MACHINE: Final = ("emu", "host", "tools/conform/architecture")
_MOST_LEARNED: Final = 12
"""Cases that come first since they have noticed most in the same file."""
_FEW: Final = 100
"""Mutants that are run without any that tell which cases notice most."""
_FIRST: Final = 8
"""One of so many is run first, if they are more."""


@dataclass(frozen=True, slots=True)
class _MutantJob:
    mutant: Mutant
    images: Path
    order: tuple[CaseRun, ...]
    how: Breaking


class _Plan:
    """Which cases each mutant is held against, after what is known of it."""

    def __init__(self, exercised: Exercise, record: MutationRecord, explained: Explained) -> None:
        self._near = Nearness(exercised)
        self._explained = explained
        self._suites = dict(record.suites)
        self._before = {(each.name, each.digest): each for each in record.results}
        self.digests = {
            name: _digest(repr(pickle.loads(case.image).case).encode()) for name, case in exercised.cases.items()
        }
        self.suite = _digest(repr(sorted(self.digests.items())).encode())
        self._machine = machine_digest()
        self._noticing: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for each in record.results:
            self._learn(each)

    def job(self, mutant: Mutant, images: Path) -> _MutantJob | MutantResult:
        """What is to be done, or what is known already: by the case that noticed it, or by all that did not."""
        before = self._before.get((mutant.name, mutant.digest))
        if before is not None and before.noticed_by is None and before.machine != self._machine:
            # What a case executes of this source depends on all others.
            before = None
        order = self._near.order(mutant)
        is_bounded = self._is_bounded(mutant, order)
        if before is not None and before.is_bounded:
            # Which runs are the nearest, depends on all cases.
            if is_bounded and before.suite == self.suite and before.nearest == self._explained.nearest:
                return before
            before = None
        held = {} if before is None else self._suites.get(before.suite, {})
        if is_bounded:
            order = self._nearest(order)
        if before is not None and before.noticed_by is not None:
            name = _case(before.noticed_by)
            if name in self.digests and held.get(name) == self.digests[name]:
                return before
        elif before is not None:
            order = [each for each in order if held.get(each.case) != self.digests[each.case]]
            if not order:
                return self._result(mutant, None)
        if not is_bounded:
            first = self._first(mutant.file)
            order.sort(key=lambda each: (each.is_free, first.get(each.case, len(first))))
        return _MutantJob(mutant, images, tuple(order), self._how(mutant))

    def _how(self, mutant: Mutant) -> Breaking:
        if mutant.is_compiled:
            return Breaking.COMPILED_CODE
        return Breaking.MODULES if self._near.is_at_loading(mutant) else Breaking.FUNCTIONS

    def result(self, mutant: Mutant, noticed_by: str | None) -> MutantResult:
        """What came of *mutant*; the case that has noticed it comes soon for others of its file."""
        found = self._result(mutant, noticed_by)
        self._learn(found)
        return found

    def _result(self, mutant: Mutant, noticed_by: str | None) -> MutantResult:
        order = self._near.order(mutant)
        reached = len({each.case for each in order})
        is_bounded = noticed_by is None and self._is_bounded(mutant, order)
        nearest = self._explained.nearest if is_bounded else None
        return MutantResult(
            mutant.name,
            mutant.line,
            mutant.digest,
            self.suite,
            noticed_by,
            reached,
            nearest,
            machine="" if noticed_by else self._machine,
        )

    def _is_bounded(self, mutant: Mutant, order: list[CaseRun]) -> bool:
        nearest = self._explained.nearest
        return mutant.name in self._explained.names and nearest is not None and len(order) > nearest

    def _nearest(self, order: list[CaseRun]) -> list[CaseRun]:
        """As many of *order* as an explained mutant is held against, half of them free unless there are too few."""
        most = self._explained.nearest or 0
        stepped, free = ([each for each in order if each.is_free is is_free] for is_free in (False, True))
        stepped = stepped[: max(most - len(free), most // 2)]
        return [*stepped, *free[: most - len(stepped)]]

    def _learn(self, result: MutantResult) -> None:
        if result.noticed_by is not None:
            self._noticing[_file(result.name)][_case(result.noticed_by)] += 1

    def _first(self, file: str) -> dict[str, int]:
        """The few cases that have noticed most in *file*, and their places in the order."""
        return {case: place for place, (case, _) in enumerate(self._noticing[file].most_common(_MOST_LEARNED))}


def run_mutants(
    mutants: Iterable[Mutant],
    record: MutationRecord,
    *,
    cases: Mapping[str, Case] | None = None,
    exercise: Callable[..., Exercise | None] = exercise,
    choose: Callable[[list[Mutant], Exercise], list[Mutant]] = lambda mutants, _: mutants,
    explained: Explained = NOTHING_EXPLAINED,
    jobs: int | None = None,
    ended: Callable[[MutantResult], None] = lambda _: None,
    known: Callable[[MutantResult], None] = lambda _: None,
) -> list[MutantResult]:
    """What comes of each of *mutants*, which is added to *record*; what that says already is not found out again.

    Ctrl-C or SIGTERM ends it early.

    :param cases: what they are held against; None: all that there are.
    :param exercise: finds what these execute of the files that are broken.
    :param choose: gives those that are run, of all that were given, after what the cases execute.
    :param explained: those that have a reason to survive.
    :param ended: is told of each that has been run, and *known* of each that need not be.
    """
    mutants = list(mutants)
    files = sorted({mutant.file for mutant in mutants})
    exercised = exercise(read_cases(DIRECTORY) if cases is None else cases, files, jobs=jobs)
    if exercised is None:
        return []
    mutants = choose(mutants, exercised)
    plan = _Plan(exercised, record, explained)
    record.suites[plan.suite] = plan.digests
    found: list[MutantResult] = []
    with tempfile.TemporaryDirectory(prefix="essa-mutation-") as directory:
        images = Path(directory) / "images"
        stored = {name: StoredCase(case.image, case.tally) for name, case in exercised.cases.items()}
        images.write_bytes(pickle.dumps(stored))
        for wave in _waves(mutants):
            work: dict[str, _MutantJob] = {}
            for mutant in wave:
                job = plan.job(mutant, images)
                if isinstance(job, MutantResult):
                    record.put(job)
                    found.append(job)
                    known(job)
                else:
                    work[f"{mutant.file}#{mutant.number}"] = job

            def done(key: str, noticed: _Noticed | None, work: dict[str, _MutantJob] = work) -> None:
                if noticed is not None and not noticed.is_to_be_loaded:
                    found.append(plan.result(work.pop(key).mutant, noticed.by))
                    record.put(found[-1])
                    ended(found[-1])

            def run(wanted: dict[str, _MutantJob], done: Callable[[str, _Noticed | None], None] = done) -> bool:
                """Run them, and give whether none was stopped."""
                ends = run_side_by_side(_run, wanted, most=jobs, ended=done, what="mutants")
                return len(ends) == len(wanted) and None not in ends.values()

            ways = (Breaking.COMPILED_CODE, Breaking.MODULES, Breaking.FUNCTIONS)
            if not all(run({key: job for key, job in work.items() if job.how is how}) for how in ways):
                break
            if not run({key: replace(job, how=Breaking.MODULES) for key, job in work.items()}):
                break
    record.forget_suites()
    return found


def _waves(mutants: list[Mutant]) -> list[list[Mutant]]:
    """Some of *mutants*, from all over their files, and then the others, after what those have told."""
    if len(mutants) < _FEW:
        return [mutants]
    return [mutants[::_FIRST], [each for number, each in enumerate(mutants) if number % _FIRST]]


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
                how=job.how,
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


def _file(name: str) -> str:
    """The file of the mutant with this *name*."""
    return name.partition(":")[0]


def machine_digest() -> str:
    """The digest of all that the machine and its host are made of, and of what runs cases in them."""
    sources = sorted(path for name in _MACHINE for path in (ROOT / name).rglob("*.py"))
    return _digest(b"".join(str(path.relative_to(ROOT)).encode() + path.read_bytes() for path in sources))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
