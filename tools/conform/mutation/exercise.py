# SPDX-License-Identifier: GPL-2.0-or-later
"""Which lines of the rules each case executes: only such a case can notice what is broken there."""

from __future__ import annotations

import gc
import os
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import CaseImage, make_image
from tools.conform.mutation.breaking import forget_modules
from tools.conform.mutation.mutants import ROOT, Mutant
from tools.processes.side_by_side import run_side_by_side

if TYPE_CHECKING:
    from types import FrameType

    from tools.conform.architecture.case import Case
    from tools.processes.side_by_side import Reporter

Lines = frozenset[tuple[str, int]]
"""Files, and numbers of lines in them."""
_AT_A_TIME: Final = 60
"""Cases that one piece of work has."""


@dataclass(frozen=True, slots=True)
class ExercisedCase:
    """A case that passes, and what it executes."""

    image: bytes
    """Its image, pickled."""
    lines: Lines
    """Step by step."""
    free_lines: Lines = frozenset()
    """When it is run freely, as far as that is not compiled code."""


@dataclass(frozen=True, slots=True)
class CaseRun:
    """One way to run a case."""

    case: str
    is_free: bool = False

    def __str__(self) -> str:
        return f"{self.case} (free)" if self.is_free else self.case


@dataclass(frozen=True, slots=True)
class _Job:
    cases: Mapping[str, Case]
    files: tuple[str, ...]
    is_first: bool


@dataclass(frozen=True, slots=True)
class _Part:
    cases: Mapping[str, ExercisedCase | None]
    """None: it is skipped."""
    at_loading: Lines
    """Of the first part."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """What all cases execute, and what is executed before any of them begins."""

    cases: Mapping[str, ExercisedCase]
    at_loading: Lines

    def order(self, mutant: Mutant) -> list[CaseRun]:
        """The runs that execute what is broken, those first that execute what few others do of its function.

        All that are free come behind those that are step by step.  If it has been evaluated when it was loaded, those
        that use what came of it: all, unless it has a name that only functions of its file use.
        """
        broken = set(_between(mutant.file, mutant.lines))
        around: Lines | None = frozenset(_between(mutant.file, mutant.around))
        by_all = bool(broken & self.at_loading)
        if by_all and mutant.mentions:
            around = frozenset((mutant.file, line) for line in mutant.mentions)
            if mutant.is_private and not around & self.at_loading:
                broken, by_all = set(around), False
        elif by_all:
            around = None
        found: list[CaseRun] = []
        for is_free in (False, True):
            executed = {name: case.free_lines if is_free else case.lines for name, case in self.cases.items()}
            chosen = [name for name, lines in executed.items() if by_all or lines & broken]
            near = {name: _near(executed[name], mutant.file, around) for name in chosen}
            counts = Counter(line for lines in near.values() for line in lines)
            rare = {name: sum(1 / counts[line] for line in near[name]) for name in chosen}
            found += [CaseRun(name, is_free) for name in sorted(chosen, key=lambda name: -rare[name])]
        return found

    def is_at_loading(self, mutant: Mutant) -> bool:
        """Whether what is broken, or the function that it is in, is evaluated before any case begins."""
        return not self.at_loading.isdisjoint(_between(mutant.file, mutant.lines))


def exercise(cases: Mapping[str, Case], files: Sequence[str], *, jobs: int | None = None) -> Exercise | None:
    """Run *cases* both ways, and note which lines they execute of *files*, paths from the root of the project.

    Cases that are skipped are left out, as none of them notices anything.

    :return: None if Ctrl-C or SIGTERM ended it early.
    :raises AssertionError: if one is not passed.
    """
    names = list(cases)
    pieces = [names[at : at + _AT_A_TIME] for at in range(0, len(names), _AT_A_TIME)]
    work = {piece[0]: _Job({name: cases[name] for name in piece}, tuple(files), piece is pieces[0]) for piece in pieces}
    found: dict[str, ExercisedCase | None] = {}
    at_loading: Lines = frozenset()
    for part in run_side_by_side(_exercise, work, most=jobs).values():
        found |= part.cases
        at_loading |= part.at_loading
    if found.keys() != cases.keys():
        return None
    passed = {name: case for name in names if (case := found[name]) is not None}
    return Exercise(passed, at_loading)


def _exercise(job: _Job, reporter: Reporter) -> _Part:
    """What each case of *job* executes in a process of its own."""
    images = {name: make_image(case) for name, case in job.cases.items()}
    # What a process does when the first machine runs in it takes longer than any case.
    for stepped in (True, False):
        run_here(next(iter(images.values())), stepped=stepped)
    gc.collect()
    gc.freeze()
    reporter.begin(len(images))
    found: dict[str, ExercisedCase | None] = {}
    for name, image in images.items():
        if reporter.is_stopped:
            break
        verdicts, lines = in_a_fork(lambda image=image: _followed(image, job.files))  # type: ignore[misc]
        reporter.advance(1)
        assert verdicts in ({CaseVerdict.PASSED}, {CaseVerdict.SKIPPED}), name
        found[name] = ExercisedCase(pickle.dumps(image), *lines) if CaseVerdict.PASSED in verdicts else None
    return _Part(found, _load(job.files) if job.is_first else frozenset())


def _followed(image: CaseImage, files: Sequence[str]) -> tuple[set[CaseVerdict], list[Lines]]:
    """How *image* ends, and what it executes, step by step and freely."""
    verdicts = set()

    def run(*, stepped: bool) -> None:
        verdicts.add(run_here(image, stepped=stepped, profile=image.case.profile).verdict)

    lines = [_lines(files, lambda stepped=stepped: run(stepped=stepped)) for stepped in (True, False)]  # type: ignore[misc]
    return verdicts, lines


def _load(files: Sequence[str]) -> Lines:
    """What is executed of *files* when they are loaded."""

    def load() -> None:
        forget_modules()
        import_module(run_here.__module__)
        for file in files:
            import_module(module_of(file))

    lines: Lines = in_a_fork(lambda: _lines(files, load))
    return lines


def module_of(file: str) -> str:
    """The module that *file* is."""
    return file.removesuffix(".py").replace("/", ".")


def in_a_fork(work: Callable[[], Any]) -> Any:
    """What *work* gives, done in a copy of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            with os.fdopen(writing, "wb") as file:
                pickle.dump(work(), file)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        content = file.read()
    os.waitpid(child, 0)
    return pickle.loads(content)


def _near(lines: Lines, file: str, around: Lines | None) -> Iterable[tuple[str, int]]:
    """Those of *lines* that are *around*, or in all of *file*."""
    return [line for line in lines if line[0] == file] if around is None else lines & around


def _between(file: str, lines: tuple[int, int]) -> Iterator[tuple[str, int]]:
    return ((file, line) for line in range(lines[0], lines[1] + 1))


def _lines(files: Sequence[str], work: Callable[[], object]) -> Lines:
    """Do *work*, and give the lines of *files* that it executes."""
    names = {str(ROOT / file): file for file in files}
    found: set[tuple[str, int]] = set()

    def follow(frame: FrameType, _: str, __: object) -> Any:
        file = names.get(frame.f_code.co_filename)
        if file is None:
            return None

        def line(frame: FrameType, event: str, _: object) -> Any:
            if event == "line":
                found.add((file, frame.f_lineno))
            return line

        return line

    sys.settrace(follow)
    try:
        work()
    finally:
        sys.settrace(None)
    return frozenset(found)
