# SPDX-License-Identifier: GPL-2.0-or-later
"""What one CPU has executed, instruction by instruction, as it is compared with what another has.

Instructions that were nullified or suppressed are not in it: who handles the interruption comes back to them.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from emu.isa.relative_operands import relative_operand
from emu.traces.filters import Filter
from emu.traces.schema import FlowKind, InterruptionClass, Mode
from tools.reports.trace_lines import interruption_name
from tools.traces.story import ToldInstruction, tell
from tools.traces.texts import TextShape

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from tools.traces.opened import OpenedTrace

Keys = npt.NDArray[np.int64]

_KEPT: Final = 3
"""How many chunks are kept."""
_LOAD_PSW: Final = (b"\x82", b"\xb2\xb2")
"""LPSW and LPSWE, by which whoever handles an interruption goes back."""
_COMPARE_AND_BRANCH: Final = 0xEC


@dataclass(frozen=True, slots=True)
class TakenBefore:
    """An interruption that was taken directly before an instruction."""

    back_to: int
    """The address at which the program goes on after it."""
    name: str


class Steps(Protocol):
    """Instructions, numbered from 0 on."""

    def keys(self, start: int, count: int) -> Keys:
        """What *count* of them are, from *start* on, fewer at the end: equal numbers for equal instructions."""

    def taken_before(self, index: int) -> TakenBefore | None:
        """The interruption by which the one at *index* is reached, if it is."""

    def find_return(self, index: int, address: int) -> int | None:
        """The next one from *index* on at *address* to which a PSW was loaded; None if there is none."""

    def lines(self, first: int, last: int) -> Iterator[str]:
        """Those from *first* to *last*, as text."""

    def describe(self, index: int) -> str:
        """Which one it is, for people."""


class KeyNumbers:
    """A number for each different instruction of any number of traces."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def of(self, key: Hashable) -> int:
        """The number of *key*."""
        return self._numbers.setdefault(key, len(self._numbers))


class TraceSteps:
    """The instructions of one CPU of a trace."""

    def __init__(self, trace: OpenedTrace, numbers: KeyNumbers, *, by_symbol: bool, cpu: int = 0) -> None:
        """Number them.

        :param by_symbol: they are the same if they are at the same place in functions of the same name.
        """
        self.trace = trace
        self.cpu = cpu
        self._by_symbol = by_symbol
        code = trace.code
        self._keys = np.array([numbers.of(self._key(place)) for place in range(len(code))], dtype=np.int64)
        self._returns = np.array([code.bytes_at(place).startswith(_LOAD_PSW) for place in range(len(code))], dtype=bool)
        self._starts = [0]
        """How many there are before each chunk that was looked into, and behind the last of these."""
        self._kept: OrderedDict[int, Any] = OrderedDict()
        self._firsts: dict[int, Keys] | None = None
        """If each instruction counts only where it is executed first: which rows these are, in each chunk."""
        self._was_seen = np.zeros(int(self._keys.max(initial=0)) + 1, dtype=bool)

    def count_only_first(self) -> None:
        """Let each instruction count only where it is executed first; to be called before all else."""
        self._firsts = {}

    def _key(self, place: int) -> Hashable:
        code, address = self.trace.code, int(self.trace.code.addresses[place])
        instruction = code.bytes_at(place)
        if not self._by_symbol:
            return address, instruction
        is_problem_state = bool(code.modes[place] & Mode.PROBLEM_STATE)
        symbols = self.trace.symbols
        where = symbols.label(address, is_problem_state=is_problem_state) or address
        target = relative_operand(instruction, address) if instruction else None
        if target is None:
            return where, instruction
        rest = instruction[4:] if instruction[0] == _COMPARE_AND_BRANCH else b""
        return where, instruction[:2] + rest, symbols.label(target, is_problem_state=is_problem_state)

    def _chunk(self, number: int) -> Any:
        """What was executed in a chunk; the ones before must have been looked into."""
        if number not in self._kept:
            executed = self.trace.code.expand(self.trace.file.chunks[number].rows("flow"))
            executed = executed[(executed["cpu"] == self.cpu) & (executed["kind"] == FlowKind.EXECUTED)]
            if self._firsts is not None:
                executed = executed[self._first_rows(self._firsts, number, executed)]
            if number + 1 == len(self._starts):
                self._starts.append(self._starts[-1] + executed.size)
            self._kept[number] = executed
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]

    def _first_rows(self, firsts: dict[int, Keys], number: int, executed: Any) -> Keys:
        if number not in firsts:
            keys, rows = np.unique(self._keys[executed["place"]], return_index=True)
            firsts[number] = np.sort(rows[~self._was_seen[keys]])
            self._was_seen[keys] = True
        return firsts[number]

    def _pieces(self, start: int) -> Iterator[tuple[int, Any]]:
        """What was executed from *start* on, piece by piece, each with its own start."""
        chunks = self.trace.file.chunks
        number = max(int(np.searchsorted(self._starts, start, side="right")) - 1, 0)
        for each in range(number, len(chunks)):
            executed = self._chunk(each)
            first = self._starts[each]
            if start < first + executed.size:
                begin = max(start - first, 0)
                yield first + begin, executed[begin:]

    def rows(self, start: int, count: int) -> Any:
        """*count* of them as rows of :data:`emu.traces.instructions.EXECUTED`, fewer at the end of a chunk."""
        return next((piece[:count] for _, piece in self._pieces(start)), None)

    def keys(self, start: int, count: int) -> Keys:
        """See :meth:`Steps.keys`; fewer at the end of a chunk, none only at the end."""
        rows = self.rows(start, count)
        return np.empty(0, dtype=np.int64) if rows is None else self._keys[rows["place"]]

    def index_of(self, number: int) -> int:
        """The first one of instruction *number* or later."""
        for start, rows in self._pieces(0):
            index = int(np.searchsorted(rows["number"], np.uint64(number)))
            if index < rows.size:
                return start + index
        return self._starts[-1]

    def taken_before(self, index: int) -> TakenBefore | None:
        """See :meth:`Steps.taken_before`."""
        rows = self.rows(index, 1)
        if rows is None:
            return None
        number, address = int(rows["number"][0]), int(rows["address"][0])
        for chunk in self.trace.file.chunks_between(number, number):
            taken = chunk.rows("interruptions")
            taken = taken[(taken["number"] == number) & (taken["cpu"] == self.cpu) & (taken["new_address"] == address)]
            if taken.size:
                last = taken[-1]
                kind, code = InterruptionClass(int(last["class"])), int(last["code"])
                name = f" {interruption_name(code)}" if kind is InterruptionClass.PROGRAM else ""
                return TakenBefore(int(last["old_address"]), f"{kind.word} interruption {code:#06x}{name}")
        return None

    def find_return(self, index: int, address: int) -> int | None:
        """See :meth:`Steps.find_return`."""
        was_loaded = False
        for start, rows in self._pieces(index):
            loads = self._returns[rows["place"]]
            behind = np.concatenate(([was_loaded], loads[:-1]))
            found = np.flatnonzero(behind & (rows["address"] == np.uint64(address)))
            if found.size:
                return start + int(found[0])
            was_loaded = bool(loads[-1])
        return None

    def lines(self, first: int, last: int) -> Iterator[str]:
        """See :meth:`Steps.lines`."""
        shape = TextShape(self.trace)
        for index in range(max(first, 0), last + 1):
            rows = self.rows(index, 1)
            if rows is None:
                return
            number, turn = int(rows["number"][0]), int(rows["turn"][0])
            wanted = Filter(numbers=(number, number), cpus=frozenset({self.cpu}))
            for told in tell(self.trace, wanted):
                if isinstance(told, ToldInstruction) and told.kind is FlowKind.EXECUTED and told.turn == turn:
                    yield from shape.lines(told)

    def describe(self, index: int) -> str:
        """See :meth:`Steps.describe`."""
        rows = self.rows(index, 1)
        if rows is None:
            return f"the end of {self.trace.name}"
        return f"instruction {int(rows['number'][0]):,} of {self.trace.name}"
