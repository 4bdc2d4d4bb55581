# SPDX-License-Identifier: GPL-2.0-or-later
"""Which lines of the rules each case executes: only such a case can notice what is broken there."""

from __future__ import annotations

import gc
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import CaseImage, make_image
from tools.conform.mutation.breaking import forget_modules
from tools.conform.mutation.mutants import ROOT
from tools.conform.mutation.words import words_of_case
from tools.processes.side_by_side import run_side_by_side

if TYPE_CHECKING:
    from types import FrameType

    from tools.conform.architecture.case import Case
    from tools.conform.mutation.tally import Tally
    from tools.processes.side_by_side import Reporter

Lines = frozenset[tuple[str, int]]
"""Files, and numbers of lines in them."""
_Case = TypeVar("_Case")
_AT_A_TIME: Final = 60
"""Cases that one piece of work has."""
COLLECT_EVERY: Final = 16
"""Cases, whose machines keep their memory until then."""


@dataclass(frozen=True, slots=True)
class ExercisedCase:
    """A case that passes, and what it executes."""

    image: bytes
    """Its image, pickled."""
    lines: Lines
    """Step by step."""
    free_lines: Lines = frozenset()
    """When it is run freely, as far as that is not compiled code."""
    words: frozenset[str] = frozenset()
    """What its texts have."""
    tally: Tally | None = None
    """Of the free run, if compiled code is to be broken."""


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

    @property
    def executed(self) -> Lines:
        """What any case executes in a free run."""
        return frozenset().union(*(case.free_lines for case in self.cases.values()))


def exercise(cases: Mapping[str, Case], files: Sequence[str], *, jobs: int | None = None) -> Exercise | None:
    """Run *cases* both ways, and note which lines they execute of *files*, paths from the root of the project.

    Cases that are skipped are left out, as none of them notices anything.

    :return: None if Ctrl-C or SIGTERM ended it early.
    :raises AssertionError: if one is not passed.
    """
    names = list(cases)
    pieces = in_pieces(names)
    work = {piece[0]: _Job({name: cases[name] for name in piece}, tuple(files), piece is pieces[0]) for piece in pieces}
    found: dict[str, ExercisedCase | None] = {}
    at_loading: Lines = frozenset()
    for part in run_side_by_side(_exercise, work, most=jobs, what="groups of cases").values():
        found |= part.cases
        at_loading |= part.at_loading
    if found.keys() != cases.keys():
        return None
    passed = {name: case for name in names if (case := found[name]) is not None}
    return Exercise(passed, at_loading)


def in_pieces(names: list[str]) -> list[list[str]]:
    """*names* of cases, as many together as one piece of work has."""
    return [names[at : at + _AT_A_TIME] for at in range(0, len(names), _AT_A_TIME)]


def in_turn(cases: Mapping[str, _Case], reporter: Reporter) -> Iterator[tuple[str, _Case]]:
    """Each of *cases* with its name, until all should stop; the machines of those before are forgotten on the way."""
    reporter.begin(len(cases))
    for number, each in enumerate(cases.items()):
        if reporter.is_stopped:
            break
        if not number % COLLECT_EVERY:
            gc.collect()
        yield each
        reporter.advance(1)
    # What is garbage when a job ends is taken by the process for what the next ones need, and stays.
    gc.collect()


def _exercise(job: _Job, reporter: Reporter) -> _Part:
    """What each case of *job* executes."""
    images = {name: make_image(case) for name, case in job.cases.items()}
    # What a process does when the first machine runs in it takes longer than any case.
    for stepped in (True, False):
        run_here(next(iter(images.values())), stepped=stepped)
    gc.collect()
    gc.freeze()
    found: dict[str, ExercisedCase | None] = {}
    for name, image in in_turn(images, reporter):
        verdicts, (in_steps, freely) = _followed(image, job.files)
        assert verdicts in ({CaseVerdict.PASSED}, {CaseVerdict.SKIPPED}), name
        if CaseVerdict.PASSED in verdicts:
            found[name] = ExercisedCase(pickle.dumps(image), in_steps, freely, words_of_case(image.case))
        else:
            found[name] = None
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
