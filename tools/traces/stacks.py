# SPDX-License-Identifier: GPL-2.0-or-later
"""The stack of calls while a trace runs, found from the instructions that were executed.

A function that is called is put on the stack; one that is come to otherwise, and is there already, was returned to.
What is neither has been jumped to, and takes the place of the function that did.  An interruption is put there with
its handler, until a PSW is loaded that leads back to where it was taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from emu.traces.schema import FlowKind, InterruptionClass
from tools.reports.trace_lines import interruption_name
from tools.traces.functions import Functions

if TYPE_CHECKING:
    from emu.traces.filters import Filter
    from emu.traces.reader import Chunk
    from tools.traces.opened import OpenedTrace

_DEEPEST: Final = 256
"""Frames that are kept: what has been left without a return does not stay for ever."""


class Run(NamedTuple):
    """Instructions of one function that follow each other."""

    cpu: int
    number: int
    time: int
    address: int
    """Of the first."""
    executed: int
    """How many of them are wanted."""
    stack: tuple[str, ...]
    """From the outermost function to the one that runs."""


class EndedInterruption(NamedTuple):
    """An interruption whose handler has come back."""

    cpu: int
    name: str
    begin: int
    """Time."""
    end: int


@dataclass(slots=True)
class _Frame:
    name: str
    back_to: int | None = None
    """Of an interruption: the address that a PSW leads back to."""
    begin: int = 0
    """And when it was taken."""


@dataclass(slots=True)
class _CpuStack:
    """The stack of one CPU."""

    frames: list[_Frame] = field(default_factory=list)
    names: tuple[str, ...] = ()
    last_place: int | None = None


class Stacks:
    """Walks through a trace, and keeps the stack of each CPU."""

    def __init__(self, trace: OpenedTrace, functions: Functions) -> None:
        self._trace = trace
        self._functions = functions
        self._cpus: dict[int, _CpuStack] = {}
        self.ended: list[EndedInterruption] = []
        """Those whose handlers have come back so far; whoever has looked at them may clear the list."""

    def runs(self, wanted: Filter) -> Iterator[Run]:
        """All runs, in the order of each chunk's CPUs; what is not *wanted* is walked through, and not given."""
        for chunk in self._trace.file.chunks:
            executed = self._trace.code.expand(chunk.rows("flow"))
            executed = executed[executed["kind"] == FlowKind.EXECUTED]
            wanted_rows = wanted.of_instructions(executed)
            for cpu in np.unique(executed["cpu"]).tolist():
                own = executed["cpu"] == cpu
                yield from self._of_cpu(cpu, chunk, executed[own], wanted_rows[own])

    def open_interruptions(self) -> Iterator[tuple[int, str, int]]:
        """CPU, name and time of those that have not come back."""
        for cpu, stack in self._cpus.items():
            for frame in stack.frames:
                if frame.back_to is not None:
                    yield cpu, frame.name, frame.begin

    def _of_cpu(self, cpu: int, chunk: Chunk, rows: Any, wanted: Any) -> Iterator[Run]:
        stack = self._cpus.setdefault(cpu, _CpuStack())
        functions = self._functions
        function = functions.of_place[rows["place"]]
        taken = _taken_before(chunk, cpu, rows)
        behind_load = np.concatenate(([False], functions.loads_psw[rows["place"][:-1]]))
        starts = np.concatenate(([True], function[1:] != function[:-1])) | behind_load
        starts[list(taken)] = True
        begins = np.flatnonzero(starts)
        counts = np.add.reduceat(wanted.astype(np.int64), begins) if begins.size else begins
        for begin, count in zip(begins.tolist(), counts.tolist(), strict=True):
            row = rows[begin]
            before = stack.last_place if begin == 0 else int(rows["place"][begin - 1])
            address, time = int(row["address"]), int(row["time"])
            for name, back_to, at in taken.get(begin, ()):
                _give_up(stack.frames, back_to)
                stack.frames.append(_Frame(name, back_to, at))
                before = None
            self._enter(cpu, stack, functions.names[int(function[begin])], address, time, before)
            if count:
                yield Run(cpu, int(row["number"]), time, address, count, stack.names)
        if rows.size:
            stack.last_place = int(rows["place"][-1])

    def _enter(self, cpu: int, stack: _CpuStack, name: str, address: int, time: int, before: int | None) -> None:
        """Let the function *name* run, which was come to from *before*; None if by an interruption."""
        frames, functions = stack.frames, self._functions
        if before is not None and functions.loads_psw[before]:
            self._come_back(cpu, frames, name, address, time)
        top = _top(frames)
        if before is None or not frames or frames[-1].back_to is not None:
            if not frames or frames[-1].name != name:
                frames.append(_Frame(name))
        elif frames[-1].name != name:
            if functions.calls[before]:
                frames.append(_Frame(name))
            else:
                names = [frame.name for frame in frames[top:]]
                if name in names:
                    del frames[top + len(names) - names[::-1].index(name) :]
                else:
                    frames[-1] = _Frame(name)
        del frames[_DEEPEST:]
        stack.names = tuple(frame.name for frame in frames)

    def _come_back(self, cpu: int, frames: list[_Frame], name: str, address: int, time: int) -> None:
        """Take what an interruption has put on the stack from it, if a PSW was loaded that leads back.

        Whoever handles one may go on behind the instruction that gave it, or elsewhere in the same function.
        """
        last = _top(frames) - 1
        found = next((index for index in range(last, -1, -1) if frames[index].back_to == address), None)
        if found is None and last > 0 and frames[last - 1].name == name:
            found = last
        if found is not None:
            for frame in reversed(frames[found:]):
                if frame.back_to is not None:
                    self.ended.append(EndedInterruption(cpu, frame.name, frame.begin, time))
            del frames[found:]


def _give_up(frames: list[_Frame], back_to: int) -> None:
    """Take from the stack what has led back to the same place: its handler went on elsewhere, and never comes back."""
    found = next((index for index, frame in enumerate(frames) if frame.back_to == back_to), None)
    if found is not None:
        del frames[found:]


def _top(frames: list[_Frame]) -> int:
    """Where the functions begin that the last interruption has called."""
    return next((index + 1 for index in range(len(frames) - 1, -1, -1) if frames[index].back_to is not None), 0)


def _taken_before(chunk: Chunk, cpu: int, rows: Any) -> dict[int, list[tuple[str, int, int]]]:
    """The interruptions that *cpu* has taken before which of *rows*: name, where they lead back to, and time."""
    found: dict[int, list[tuple[str, int, int]]] = {}
    for row in chunk.rows("interruptions"):
        if row["cpu"] == cpu:
            index = int(np.searchsorted(rows["number"], row["number"]))
            if index < rows.size:
                taken = (
                    interruption_text(int(row["class"]), int(row["code"])),
                    int(row["old_address"]),
                    int(row["time"]),
                )
                found.setdefault(index, []).append(taken)
    return found


def interruption_text(kind: int, code: int) -> str:
    """An interruption as a frame of a stack: ``[program 0x1a discard fault]``."""
    name = InterruptionClass(kind).name.lower().replace("_", " ")
    if kind == InterruptionClass.PROGRAM:
        return f"[{name} {code:#x} {interruption_name(code)}]"
    return f"[{name} {code:#x}]"
