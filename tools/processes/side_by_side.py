# SPDX-License-Identifier: GPL-2.0-or-later
"""Pieces of work in processes of their own, as many at a time as there are cores.

Each piece depends on nothing but its description, so it makes no difference which of them run side by side.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections import deque
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from emu.errors import ProgramError
from tools.processes import interrupt
from tools.processes.progress import progress
from tools.usage.errors import LostRun, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableSequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from rich.progress import Progress

    Cells = MutableSequence[int]

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")

# A new interpreter: a fork would have a copy of everything that this process has, threads excepted.
_PROCESSES: Final = multiprocessing.get_context("spawn")
_LOOK_EVERY: Final = 0.1
"""Seconds between two looks at Ctrl-C and at how far the others are."""
_MOST_BARS: Final = 12
_STOP: Final = 0
"""The cell that says whether all should stop; each piece of work has two more: what it has done, and of how much."""


class Reporter:
    """How a piece of work reports while it runs, and learns that it should stop."""

    def __init__(self, cells: Cells, number: int) -> None:
        self._cells = cells
        self._done = 1 + 2 * number
        self._parent = os.getppid()

    def begin(self, total: int) -> None:
        """There will be so much to do."""
        self._cells[self._done + 1] = total

    def advance(self, amount: int) -> None:
        """So much more has been done."""
        self._cells[self._done] += amount

    @property
    def is_stopped(self) -> bool:
        """Whether it should end as soon as possible: Ctrl-C was pressed, or the process that waits for it has gone."""
        return bool(self._cells[_STOP]) or os.getppid() != self._parent


class _Worker(Generic[_Job, _Result]):
    """A process that does one piece of work after the other."""

    def __init__(self, work: Callable[[_Job, Reporter], _Result], cells: Cells) -> None:
        self.name = ""
        """Of the piece that it does."""
        self.connection, other = _PROCESSES.Pipe()
        self.process: BaseProcess = _PROCESSES.Process(target=_serve, args=(work, cells, other), daemon=True)
        interrupt.start_deaf(self.process)
        other.close()

    def begin(self, number: int, name: str, job: _Job) -> None:
        """Have it do *job*, which is called *name*."""
        self.name = name
        try:
            self.connection.send((number, job))
        except BrokenPipeError:
            # It has died; whoever asks for the result learns how.
            return

    def result(self) -> _Result:
        """What the piece has come to.

        :raises UsageError: if it was wrong use.
        :raises LostRun: if there is nothing, since the process has ended.
        """
        try:
            found = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            raise LostRun(self.name, self.process.exitcode) from None
        if isinstance(found, UsageError):
            raise found
        result: _Result = found
        return result

    def end(self) -> None:
        """End it wherever it is."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _serve(work: Callable[[_Job, Reporter], _Result], cells: Cells, connection: Connection) -> None:
    """What each process does until nobody asks it any more."""
    while True:
        try:
            number, job = connection.recv()
        except EOFError:
            return
        result: _Result | UsageError
        # What earlier jobs have loaded stays: a collection in this one need not go through it.
        gc.freeze()
        try:
            result = work(job, Reporter(cells, number))
        except UsageError as reason:
            result = reason
        except (ProgramError, OSError) as reason:
            result = UsageError(str(reason))
        try:
            connection.send(result)
        except BrokenPipeError:
            # The process that waited has gone.
            return


def cores() -> int:
    """How many processes can run at a time."""
    return len(os.sched_getaffinity(0))


def run_side_by_side(
    work: Callable[[_Job, Reporter], _Result],
    jobs: Mapping[str, _Job],
    *,
    most: int | None = None,
    ended: Callable[[str, _Result], None] = lambda *_: None,
    lost: Callable[[LostRun], _Result] | None = None,
    what: str = "",
) -> dict[str, _Result]:
    """Do *work* with each of *jobs*, and give what comes of them, by their names.

    Ctrl-C or SIGTERM asks all to stop, and those that have not begun are missing in the result.

    :param work: a function of a module, since the other processes have to find it.
    :param most: how many at a time; as many as there are cores, if it is not said.
    :param ended: told of each result as soon as it is there.
    :param lost: gives what a piece has come to whose process has ended without a result; the next has a new process.
    :param what: what they are, for who watches the progress; nothing where their names are shown.
    :raises UsageError: as *work* does.
    :raises LostRun: if a process ends without a result, and *lost* is not given.
    """
    cells = cast("Cells", _PROCESSES.RawArray("q", 1 + 2 * len(jobs)))
    waiting = deque(enumerate(jobs.items()))
    idle: list[_Worker[_Job, _Result]] = []
    running: list[_Worker[_Job, _Result]] = []
    results: dict[str, _Result] = {}
    most = most or cores()
    try:
        with interrupt.ctrl_c(is_sigterm_too=True) as switch, _shown(list(jobs), cells, what) as refresh:
            while running or waiting:
                if switch.is_pressed:
                    cells[_STOP] = 1
                    waiting.clear()
                while waiting and len(running) < most:
                    number, (name, job) = waiting.popleft()
                    worker = idle.pop() if idle else _Worker(work, cells)
                    running.append(worker)
                    worker.begin(number, name, job)
                ready = wait([each.connection for each in running], _LOOK_EVERY)
                for worker in [each for each in running if each.connection in ready]:
                    try:
                        result = worker.result()
                        idle.append(worker)
                    except LostRun as reason:
                        if lost is None:
                            raise
                        result = lost(reason)
                        worker.end()
                    running.remove(worker)
                    results[worker.name] = result
                    ended(worker.name, result)
                refresh(len(results))
    finally:
        for each in running + idle:
            each.end()
    return {name: results[name] for name in jobs if name in results}


@contextmanager
def _shown(names: list[str], cells: Cells, what: str) -> Iterator[Callable[[int], None]]:
    """While it lasts, a terminal shows a bar for each of *names*, or one for all if they are many; else lines tell.

    It gives a function that moves the bars; its argument is how many have ended.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        so_far = _SoFar(names, cells, what)
        with progress(so_far.describe, sys.stderr):
            yield so_far.refresh
        return
    # What is printed meanwhile stands above the bars where both go to the terminal.
    with Progress(console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as shown:
        if len(names) > _MOST_BARS:
            bar = shown.add_task(f"{what} ended".strip(), total=len(names))
            yield lambda ended: shown.update(bar, completed=ended)
            return
        bars = [shown.add_task(name, total=None) for name in names]
        yield lambda _: _move(shown, bars, cells)


class _SoFar:
    """How far all of it is, in words."""

    def __init__(self, names: list[str], cells: Cells, what: str) -> None:
        self._names = names
        self._cells = cells
        self._ended = 0
        self._tail = f"{what} ended".strip()

    def refresh(self, ended: int) -> None:
        """So many have ended."""
        self._ended = ended

    def describe(self) -> str:
        """How many have ended, and if they are few, how far each of those is that say so."""
        text = f"{self._ended} of {len(self._names)} {self._tail}"
        if len(self._names) > _MOST_BARS:
            return text
        cells = [self._cells[1 + 2 * number : 3 + 2 * number] for number in range(len(self._names))]
        far = [f"{name} {done / of:.0%}" for name, (done, of) in zip(self._names, cells, strict=True) if of]
        return "; ".join([text, *far])


def _move(bars_shown: Progress, bars: list[Any], cells: Cells) -> None:
    for number, bar in enumerate(bars):
        done, total = cells[1 + 2 * number : 3 + 2 * number]
        bars_shown.update(bar, completed=done, total=total or None)
