# SPDX-License-Identifier: GPL-2.0-or-later
"""One mutant, in a copy of a process that has loaded all that it needs.

The cases are run step by step, and then freely, until one is not passed.  Compiled code is not broken by what is
broken in its source, so that what is executed step by step tells most.

A function can be broken in a process in which a machine has run, which makes the next one a tenth of a second faster.
What is evaluated when a module is loaded cannot: the modules are loaded again then, and that only where no machine has
run, since the first one changes the library below it.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import select
import signal
from enum import Enum, auto
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tools.conform.architecture.here import run_here
from tools.conform.mutation.breaking import break_functions, load_broken, loaded_functions
from tools.conform.mutation.exercise import COLLECT_EVERY, module_of
from tools.conform.mutation.tally import begin_tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FunctionType

    from tools.conform.mutation.breaking import Functions
    from tools.conform.mutation.mutants import Mutant
    from tools.conform.mutation.nearness import CaseRun
    from tools.conform.mutation.tally import Tally

MOST_INSTRUCTIONS: Final = 20_000
"""When a case has run too long; each ends in a quarter of that when nothing is broken."""
_SECONDS: Final = 5
"""Of processor time, after which one case has been noticed: it does not come to its end."""
_LOOK_EVERY: Final = 0.2
"""Seconds between two looks at whether all should stop."""
_HERE: Final = run_here.__module__


_NOT_A_FUNCTION: Final = 2
"""The exit status of a copy that cannot break what it should."""
_WORSE_TALLY: Final = 3
"""That of one in which all cases are passed, but one of them has a worse tally."""
_TRIES_AFTER: Final = 300
"""So many more cases are run after that one: the guest of another may notice something."""
ONLY_BY_TALLY: Final = "only by its tally"
"""How a case has noticed a mutant if its guest has not, in brackets behind its name."""


class Breaking(Enum):
    """How a rule is broken."""

    FUNCTIONS = auto()
    """Functions get other code."""
    MODULES = auto()
    """All modules are loaded again."""
    COMPILED_CODE = auto()
    """A compiled function is compiled again."""


class StoredCase(NamedTuple):
    """A case as other processes find it."""

    image: bytes
    """Pickled."""
    tally: Tally | None
    """See :class:`tools.conform.mutation.exercise.ExercisedCase`."""


class Stopped(Exception):  # noqa: N818 - nothing is wrong
    """Somebody wants this to end."""


class NotAFunction(Exception):  # noqa: N818 - nothing is wrong
    """More differs than the code of functions."""


def notice(
    mutant: Mutant, images: Path, order: Sequence[CaseRun], *, how: Breaking, is_stopped: Callable[[], bool]
) -> str | None:
    """The first run of *order* that notices *mutant*, with how it ended in brackets if it did not; or None.

    :param images: all cases, pickled, each a :class:`StoredCase`.
    :param how: a process breaks in one way only.
    :raises Stopped: if *is_stopped* says so.
    :raises NotAFunction: if breaking functions is not enough.
    """
    contents = _contents(images)
    breaking: Callable[[], bool]
    match how:
        case Breaking.FUNCTIONS:
            functions = _functions(images).get(module_of(mutant.file), ())
            breaking = partial(_break_functions, mutant, functions)
        case Breaking.MODULES:
            breaking = partial(_load_broken, mutant)
        case Breaking.COMPILED_CODE:
            breaking = partial(_load_compiled, mutant)
            _compiled_functions()
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        os.close(reading)
        status = 1
        try:
            status = _run(breaking, contents, order, writing, lambda: os.getppid() != parent)
        finally:
            os._exit(status)
    os.close(writing)
    told = b""
    try:
        while True:
            if select.select([reading], [], [], _LOOK_EVERY)[0]:
                part = os.read(reading, 1 << 16)
                if not part:
                    break
                told += part
            elif is_stopped():
                os.kill(child, signal.SIGKILL)
                raise Stopped
    finally:
        os.close(reading)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not status:
        return None
    if status == _NOT_A_FUNCTION:
        raise NotAFunction
    last = told.decode().split("\n")[-1] or "import"
    if status == _WORSE_TALLY:
        return f"{last} ({ONLY_BY_TALLY})"
    return f"{last} (signal {-status})" if status < 0 else last


def _break_functions(mutant: Mutant, functions: Sequence[FunctionType]) -> bool:
    return break_functions(functions, mutant.source, mutant.tree)


def _load_broken(mutant: Mutant) -> bool:
    load_broken(module_of(mutant.file), mutant.tree)
    return True


def _load_compiled(mutant: Mutant) -> bool:
    from tools.conform.mutation import compiled_code

    compiled_code.load({mutant.file: compiled_code.compiled_functions()[mutant.file].code_of(mutant.tree)})
    return True


def _run(
    breaking: Callable[[], bool],
    contents: Mapping[str, StoredCase],
    order: Sequence[CaseRun],
    told: int,
    is_alone: Callable[[], bool],
) -> int:
    """What the copy does: run the cases, and write to *told* which it runs; 1 if one of them notices the mutant.

    Where a case has a tally, a worse one is noticed, too, if no guest notices anything.

    :param is_alone: whether nobody waits for that any more.
    """
    os.write(told, b"import")
    worse: str | None = None
    tries = len(order)
    take_tally = begin_tally() if any(each.tally for each in contents.values()) else None
    try:
        if not breaking():
            return _NOT_A_FUNCTION
        run = importlib.import_module(_HERE).run_here
        for number, case_run in enumerate(order):
            if is_alone():
                break
            if not number % COLLECT_EVERY:
                # A machine and its CPUs refer to each other.
                gc.collect()
            os.write(told, f"\n{case_run}".encode())
            signal.setitimer(signal.ITIMER_PROF, _SECONDS)
            case = contents[case_run.case]
            image = pickle.loads(case.image)
            stepped = not case_run.is_free
            outcome = run(image, stepped=stepped, profile=image.case.profile, max_instructions=MOST_INSTRUCTIONS)
            if outcome.verdict.name != "PASSED":
                return 1
            tally = None if take_tally is None else take_tally()
            if worse is None and tally is not None and case.tally is not None and tally.is_worse_than(case.tally):
                worse, tries = str(case_run), number + _TRIES_AFTER
            if number >= tries:
                break
    except Exception as reason:  # noqa: BLE001 - whatever a broken rule leads to
        os.write(told, f" ({type(reason).__name__})".encode())
        return 1
    if worse is None:
        return 0
    os.write(told, f"\n{worse}".encode())
    return _WORSE_TALLY


@cache
def _contents(images: Path) -> Mapping[str, StoredCase]:
    contents: dict[str, StoredCase] = pickle.loads(images.read_bytes())
    return contents


@cache
def _compiled_functions() -> None:
    """Have all that is needed to compile one of them in this process."""
    from tools.conform.mutation import compiled_code

    compiled_code.compiled_functions()
    gc.collect()
    gc.freeze()


@cache
def _functions(images: Path) -> Functions:
    """The functions of this process, in which a machine has run."""
    first = pickle.loads(next(iter(_contents(images).values())).image)
    for stepped in (True, False):
        run_here(first, stepped=stepped, profile=first.case.profile)
    functions = loaded_functions()
    gc.collect()
    gc.freeze()
    return functions
