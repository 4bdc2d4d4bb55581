# SPDX-License-Identifier: GPL-2.0-or-later
"""Which parts of compiled functions each case executes when it runs freely."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import make_image
from tools.conform.mutation.exercise import Exercise, ExercisedCase, in_pieces, in_turn
from tools.conform.mutation.tally import begin_tally
from tools.conform.mutation.words import words_of_case
from tools.processes.side_by_side import run_side_by_side

if TYPE_CHECKING:
    from tools.conform.architecture.case import Case
    from tools.conform.mutation.compiled_marks import Marks
    from tools.processes.side_by_side import Reporter


@dataclass(frozen=True, slots=True)
class _Job:
    cases: Mapping[str, Case]
    names: tuple[str, ...]
    """Of compiled functions."""


def exercise_compiled(cases: Mapping[str, Case], names: Sequence[str], *, jobs: int | None = None) -> Exercise | None:
    """Run *cases* freely, and note which lines of the compiled functions *names* they execute.

    Cases that are skipped are left out, as none of them notices anything.

    :return: None if Ctrl-C or SIGTERM ended it early.
    :raises AssertionError: if one is not passed.
    """
    from tools.conform.mutation.compiled_marks import is_all_kept, marking_functions

    wanted = {name: (name, name in names) for name in marking_functions()}
    missing = {name: job for name, job in wanted.items() if not is_all_kept(name, is_marking=job[1])}
    if len(run_side_by_side(_compile, missing, most=jobs, what="compilations")) < len(missing):
        return None
    pieces = in_pieces(list(cases))
    work = {piece[0]: _Job({name: cases[name] for name in piece}, tuple(names)) for piece in pieces}
    found: dict[str, ExercisedCase | None] = {}
    for part in run_side_by_side(_exercise, work, most=jobs, what="groups of cases").values():
        found |= part
    if found.keys() != cases.keys():
        return None
    return Exercise({name: case for name in cases if (case := found[name]) is not None}, frozenset())


def _compile(job: tuple[str, bool], _: Reporter) -> None:
    """Have what is needed of a compiled function kept, also what marks its parts if that is said."""
    from tools.conform.mutation.compiled_marks import compile_function

    name, is_marking = job
    compile_function(name, is_marking=is_marking)


@cache
def _marks(names: tuple[str, ...]) -> Marks:
    """What the machines of this process execute of the compiled functions *names*."""
    from tools.conform.mutation.compiled_marks import Marks

    return Marks(names)


def _exercise(job: _Job, reporter: Reporter) -> dict[str, ExercisedCase | None]:
    """What each case of *job* executes; None of one that is skipped."""
    marks, take_tally = _marks(job.names), begin_tally()
    found: dict[str, ExercisedCase | None] = {}
    for name, case in in_turn(job.cases, reporter):
        image = make_image(case)
        marks.clear()
        take_tally()
        verdict = run_here(image, profile=case.profile).verdict
        assert verdict in (CaseVerdict.PASSED, CaseVerdict.SKIPPED), name
        found[name] = None
        if verdict is CaseVerdict.PASSED:
            found[name] = ExercisedCase(
                pickle.dumps(image), frozenset(), marks.lines, words_of_case(case), take_tally()
            )
    return found
