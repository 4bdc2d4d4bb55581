# SPDX-License-Identifier: GPL-2.0-or-later
"""One mutant, in a copy of a process that has loaded all that it needs.

The cases are run step by step, and then freely, until one is not passed.  Compiled code is not broken, so that what is
executed step by step tells most.

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
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.conform.architecture.here import run_here
from tools.conform.mutation.breaking import break_functions, load_broken, loaded_functions
from tools.conform.mutation.exercise import COLLECT_EVERY, module_of
from tools.conform.mutation.mutants import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FunctionType

    from tools.conform.mutation.breaking import Functions
    from tools.conform.mutation.mutants import Mutant
    from tools.conform.mutation.nearness import CaseRun

MOST_INSTRUCTIONS: Final = 20_000
"""When a case has run too long; each ends in a quarter of that when nothing is broken."""
_SECONDS: Final = 5
"""Of processor time, after which one case has been noticed: it does not come to its end."""
_LOOK_EVERY: Final = 0.2
"""Seconds between two looks at whether all should stop."""
_HERE: Final = run_here.__module__


_NOT_A_FUNCTION: Final = 2
"""The exit status of a copy that cannot break what it should."""


class Stopped(Exception):  # noqa: N818 - nothing is wrong
    """Somebody wants this to end."""


class NotAFunction(Exception):  # noqa: N818 - nothing is wrong
    """More differs than the code of functions."""


def notice(
    mutant: Mutant, images: Path, order: Sequence[CaseRun], *, is_function: bool, is_stopped: Callable[[], bool]
) -> str | None:
    """The first run of *order* that notices *mutant*, with how it ended in brackets if it did not; or None.

    :param images: the images of all cases, pickled.
    :param is_function: whether to break functions, or to load the modules again; a process does one or the other.
    :raises Stopped: if *is_stopped* says so.
    :raises NotAFunction: if breaking functions is not enough.
    """
    contents = _contents(images)
    functions = _functions(images).get(module_of(mutant.file), ()) if is_function else None
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        status = 1
        try:
            status = _run(mutant, contents, functions, order, writing)
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
    return f"{last} (signal {-status})" if status < 0 else last


def _run(
    mutant: Mutant,
    contents: Mapping[str, bytes],
    functions: Sequence[FunctionType] | None,
    order: Sequence[CaseRun],
    told: int,
) -> int:
    """What the copy does: run the cases, and write to *told* which it runs; 1 if one of them notices the mutant."""
    os.write(told, b"import")
    try:
        if functions is None:
            load_broken(module_of(mutant.file), mutant.tree)
        elif not break_functions(functions, (ROOT / mutant.file).read_text(encoding="utf-8"), mutant.tree):
            return _NOT_A_FUNCTION
        run = importlib.import_module(_HERE).run_here
        for number, case_run in enumerate(order):
            if not number % COLLECT_EVERY:
                # A machine and its CPUs refer to each other.
                gc.collect()
            os.write(told, f"\n{case_run}".encode())
            signal.setitimer(signal.ITIMER_PROF, _SECONDS)
            image = pickle.loads(contents[case_run.case])
            stepped = not case_run.is_free
            outcome = run(image, stepped=stepped, profile=image.case.profile, max_instructions=MOST_INSTRUCTIONS)
            if outcome.verdict.name != "PASSED":
                return 1
    except Exception as reason:  # noqa: BLE001 - whatever a broken rule leads to
        os.write(told, f" ({type(reason).__name__})".encode())
        return 1
    return 0


@cache
def _contents(images: Path) -> Mapping[str, bytes]:
    contents: dict[str, bytes] = pickle.loads(images.read_bytes())
    return contents


@cache
def _functions(images: Path) -> Functions:
    """The functions of this process, in which a machine has run."""
    first = pickle.loads(next(iter(_contents(images).values())))
    for stepped in (True, False):
        run_here(first, stepped=stepped, profile=first.case.profile)
    functions = loaded_functions()
    gc.collect()
    gc.freeze()
    return functions
