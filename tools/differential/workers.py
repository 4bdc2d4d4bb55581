# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs tried in processes of their own, so that one that kills its process is a finding like any other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final

from tools.differential.generator import random_program
from tools.differential.program import RandomProgram
from tools.differential.shrinking import shrink
from tools.differential.ways import Comparison
from tools.processes.interrupt import start_deaf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

_PROCESSES: Final = multiprocessing.get_context("spawn")
_CHUNK: Final = 50
_PATIENCE: Final = 120
"""Seconds of its processor time after which a process that has not ended its programs counts as hanging; the machine
itself knows no clock, and this computer may be busy with others."""
_PROCESSOR_CLOCK: Final = 2
_LOOK: Final = 5.0
"""Seconds after which that is looked at."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A program that came to different states, shrunk, and where they differ."""

    program: RandomProgram
    differences: list[str]

    def lines(self) -> list[str]:
        """What is printed of it."""
        shown = [*self.program.listing(), *(f"  {each}" for each in self.differences[:12])]
        return [f"seed {self.program.seed}:", *shown]


@dataclass(frozen=True, slots=True)
class Ended:
    """So many more programs have been tried, and these of them failed."""

    count: int
    failures: list[Failure]


def try_program(program: RandomProgram, comparison: Comparison) -> Failure | None:
    """Run *program* in every way; what fails on machines used before is tried on new ones, and shrunk there."""
    found = comparison.find(program)
    if not found:
        return None
    fresh = Comparison(are_new=True)
    if not fresh.find(program):
        return Failure(program, ["only on machines that ran the programs before it", *found])
    smallest = shrink(program, lambda each: bool(fresh.find(each)))
    return Failure(smallest, fresh.find(smallest))


def _work(connection: Connection, current: Any) -> None:
    """Try the chunks that come, and say of each what was found; *current* has the index that is being tried."""
    comparison = Comparison()
    while True:
        try:
            first, lines = connection.recv()
        except EOFError:
            return
        failures = []
        for offset, line in enumerate(lines):
            current.value = first + offset
            program = RandomProgram.from_line(line) if isinstance(line, str) else random_program(line)
            failure = try_program(program, comparison)
            if failure is not None:
                failures.append(failure)
        try:
            connection.send(Ended(len(lines), failures))
        except ConnectionError:
            # Nobody wants to know any more.
            return


class _Worker:
    """One process, and what it is trying."""

    def __init__(self) -> None:
        self.connection, other = _PROCESSES.Pipe()
        self.current = _PROCESSES.RawValue("q", 0)
        self.process = _PROCESSES.Process(target=_work, args=(other, self.current), daemon=True)
        start_deaf(self.process)
        other.close()
        self.first = 0
        self.chunk: Sequence[int | str] = []
        self._begun = 0.0

    def give(self, first: int, chunk: Sequence[int | str]) -> None:
        """Let it try *chunk*, whose first program has the index *first*."""
        self.first, self.chunk, self.current.value = first, chunk, first
        self._begun = self._processor_time()
        self.connection.send((first, chunk))

    @property
    def hangs(self) -> bool:
        """Whether it has had more time than its programs can take."""
        return self._processor_time() - self._begun > _PATIENCE

    def _processor_time(self) -> float:
        """Seconds of processor time that it has used; zero if it has ended."""
        try:
            # The number of a clock of Linux's, made of that of the process.
            return time.clock_gettime(~(self.process.pid or 0) << 3 | _PROCESSOR_CLOCK)
        except OSError:
            return 0.0

    def end(self) -> str:
        """End it; how it had ended by itself, if it had."""
        if self.process.is_alive() and not wait([self.process.sentinel], 1.0):
            self.process.kill()
        self.process.join()
        self.connection.close()
        status = self.process.exitcode or 0
        return f"signal {-status}" if status < 0 else f"exit status {status}"


def try_programs(programs: Sequence[int | str], jobs: int) -> Iterator[Ended]:
    """Try *programs*, seeds or lines, in *jobs* processes; a process that dies is a failure of its program."""
    chunks = deque((at, programs[at : at + _CHUNK]) for at in range(0, len(programs), _CHUNK))
    idle: list[_Worker] = []
    busy: list[_Worker] = []
    try:
        while chunks or busy:
            while chunks and len(busy) < jobs:
                worker = idle.pop() if idle else _Worker()
                worker.give(*chunks.popleft())
                busy.append(worker)
            ready = wait([each.connection for each in busy], _LOOK)
            for worker in [each for each in busy if each.connection in ready or each.hangs]:
                busy.remove(worker)
                hangs = worker.connection not in ready
                try:
                    if hangs:
                        raise EOFError  # noqa: TRY301 - it is as bad as one that has ended
                    ended = worker.connection.recv()
                except (EOFError, ConnectionError):
                    yield _lost(worker, chunks, "hangs" if hangs else "")
                else:
                    idle.append(worker)
                    yield ended
    finally:
        for worker in idle + busy:
            worker.connection.close()
            worker.process.kill()
            worker.process.join()


def _lost(worker: _Worker, chunks: deque[tuple[int, Sequence[int | str]]], how: str) -> Ended:
    """Note the program that *worker* died of, and leave those behind it to another."""
    at = worker.current.value - worker.first
    ended = worker.end()
    guilty = worker.chunk[at]
    if worker.chunk[at + 1 :]:
        chunks.appendleft((worker.first + at + 1, worker.chunk[at + 1 :]))
    program = RandomProgram.from_line(guilty) if isinstance(guilty, str) else random_program(guilty)
    if not how:
        program = shrink(program, _kills)
    return Ended(at + 1, [Failure(program, [f"the process ended: {how or ended}"])])


def _kills(program: RandomProgram) -> bool:
    """Whether *program* ends the process that runs it."""
    child = os.fork()
    if not child:
        signal.setitimer(signal.ITIMER_PROF, _PATIENCE)
        Comparison(are_new=True).find(program)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
