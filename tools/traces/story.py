# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trace tells, in the order in which it happened: instructions with what they changed, and what came between.

The instructions of a chunk and the rows of its other streams are brought together by their numbers and turns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emu.psw import Psw
from emu.traces import schema
from emu.traces.filters import EVERYTHING, Filter
from emu.traces.schema import AccessKind, FlowKind, InterruptionClass, Mode

if TYPE_CHECKING:
    from emu.traces.reader import Chunk
    from tools.traces.opened import OpenedTrace


@dataclass(frozen=True, slots=True)
class AccessedBytes:
    """An access to storage."""

    is_store: bool
    logical: int
    absolute: int
    old: bytes
    """Of a store."""
    new: bytes
    """What was stored, or fetched."""


@dataclass(frozen=True, slots=True)
class PageStateChanged:
    """An ESSA."""

    number: int
    turn: int
    cpu: int
    request: int
    before: int
    after: int
    page: int
    address: int


@dataclass(frozen=True, slots=True)
class MadeTranslation:
    """A translation that the engine has asked for."""

    kind: AccessKind
    logical: int
    """Of the page."""
    absolute: int
    space: int
    """The address-space-control element; 0 if it is a real address."""


@dataclass(slots=True)
class ToldInstruction:
    """An instruction, and what it changed."""

    number: int
    turn: int
    time: int
    cpu: int
    kind: FlowKind
    is_problem_state: bool
    address: int
    code: bytes
    target: bytes = b""
    """Of an EXECUTE, what it has executed."""
    target_address: int = 0
    registers: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Old and new content by :class:`emu.traces.schema.Register`, of its own CPU."""
    accesses: list[AccessedBytes] = field(default_factory=list)
    states: list[PageStateChanged] = field(default_factory=list)
    keys: list[tuple[int, int, int]] = field(default_factory=list)
    """Page, key before and after."""
    translations: list[MadeTranslation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ToldInterruption:
    """An interruption."""

    number: int
    turn: int
    time: int
    cpu: int
    kind: InterruptionClass
    code: int
    length: int
    old: Psw
    new: Psw
    low_core: bytes


@dataclass(frozen=True, slots=True)
class ToldHostAction:
    """What the host did with a page."""

    number: int
    turn: int
    time: int
    page: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ToldDeviceEvent:
    """What a device did."""

    number: int
    turn: int
    time: int
    device: str
    kind: schema.DeviceEvent
    data: bytes


_Moment = tuple[int, int]
"""Number and turn."""
_Between = ToldInterruption | ToldHostAction | ToldDeviceEvent
Told = ToldInstruction | ToldInterruption | ToldHostAction | ToldDeviceEvent | PageStateChanged
"""A page-state change stands alone where no instructions were recorded."""


def tell(trace: OpenedTrace, wanted: Filter = EVERYTHING, chunks: tuple[Chunk, ...] | None = None) -> Iterator[Told]:
    """Tell what is *wanted* of *trace*, or of some of its *chunks*."""
    for chunk in trace.file.chunks if chunks is None else chunks:
        if wanted.numbers is not None and not (chunk.first <= wanted.numbers[1] and chunk.end >= wanted.numbers[0]):
            continue
        if wanted.times is not None and not (
            chunk.head.time <= wanted.times[1] and chunk.head.end_time >= wanted.times[0]
        ):
            continue
        names = [name for name in _TOLD if chunk.count(name)]
        streams = wanted.apply({name: chunk.rows(name) for name in names}, trace.code)
        yield from _ChunkStory(trace, chunk, streams).tell()


_TOLD: Final = (
    "flow",
    "registers",
    "accesses",
    "interruptions",
    "page_states",
    "keys",
    "host",
    "devices",
    "translations",
)


class _ChunkStory:
    """The story of one chunk."""

    def __init__(self, trace: OpenedTrace, chunk: Chunk, streams: dict[str, Any]) -> None:
        self._trace = trace
        self._chunk = chunk
        self._streams = streams
        self._between: list[_Between] = [*self._host(), *self._interruptions(), *self._devices()]
        self._between.sort(key=_order)
        self._next = 0

    def _rows(self, stream: str) -> Iterator[Any]:
        rows = self._streams.get(stream)
        return iter(()) if rows is None else iter(rows.tolist())

    def tell(self) -> Iterator[Told]:
        """Tell it."""
        flow = self._streams.get("flow")
        if flow is None or not flow.size:
            alone: list[Told] = [*self._between]
            alone += [PageStateChanged(*_of_state(row)) for row in self._rows("page_states")]
            yield from sorted(alone, key=_moment)
            return
        changes = self._changes()
        waiting: ToldInstruction | None = None
        for number, turn, time, cpu, kind, mode, address, place in self._trace.code.expand(flow).tolist():
            code = self._trace.code.bytes_at(place)
            if kind == FlowKind.TARGET:
                if waiting is not None:
                    waiting.target, waiting.target_address = code, address
                continue
            if waiting is not None:
                yield waiting
            is_problem_state = bool(mode & Mode.PROBLEM_STATE)
            told = ToldInstruction(number, turn, time, cpu, FlowKind(kind), is_problem_state, address, code)
            yield from self._until(told)
            changes.give(told)
            waiting = told
        if waiting is not None:
            yield waiting
        yield from self._between[self._next :]

    def _until(self, told: ToldInstruction) -> Iterator[Told]:
        """What comes before the instruction *told*."""
        while self._next < len(self._between):
            event = self._between[self._next]
            # What devices do at its number it has made them do, and an interruption ends the turn.
            is_of_host = isinstance(event, ToldHostAction)
            if _moment(event) > _moment(told) or (_moment(event) == _moment(told) and not is_of_host):
                return
            self._next += 1
            yield event

    def _piece(self, offset: int, length: int) -> bytes:
        return b"" if offset == schema.NOTHING else self._chunk.blob[offset : offset + length]

    def _interruptions(self) -> Iterator[ToldInterruption]:
        for row in self._rows("interruptions"):
            number, turn, time, cpu, kind, length, code, old_mask, old_address, new_mask, new_address, low_core = row
            old, new = Psw(old_mask, old_address), Psw(new_mask, new_address)
            content = self._piece(low_core, schema.LOW_CORE_LENGTH)
            yield ToldInterruption(number, turn, time, cpu, InterruptionClass(kind), code, length, old, new, content)

    def _host(self) -> Iterator[ToldHostAction]:
        for number, turn, time, before, after, page in self._rows("host"):
            yield ToldHostAction(number, turn, time, page, before, after)

    def _devices(self) -> Iterator[ToldDeviceEvent]:
        names = self._trace.file.metadata.get("devices", [])
        for number, turn, time, device, kind, data, length in self._rows("devices"):
            name = names[device] if device < len(names) else f"device {device}"
            yield ToldDeviceEvent(number, turn, time, name, schema.DeviceEvent(kind), self._piece(data, length))

    def _changes(self) -> _Changes:
        changes = _Changes()
        for number, turn, cpu, register, old, new in self._rows("registers"):
            changes.registers[number, turn].append((cpu, register, old, new))
        for number, turn, _, kind, logical, absolute, length, old_at, new_at in self._rows("accesses"):
            old, new = self._piece(old_at, length), self._piece(new_at, length)
            accessed = AccessedBytes(kind == AccessKind.STORE, logical, absolute, old, new)
            changes.accesses[number, turn].append(accessed)
        for row in self._rows("page_states"):
            changed = PageStateChanged(*_of_state(row))
            changes.states[changed.number, changed.turn].append(changed)
        for number, turn, _, before, after, page in self._rows("keys"):
            changes.keys[number, turn].append((page, before, after))
        for number, turn, _, kind, logical, absolute, space in self._rows("translations"):
            changes.translations[number, turn].append(MadeTranslation(AccessKind(kind), logical, absolute, space))
        return changes


class _Changes:
    """What instructions changed, by their moments."""

    def __init__(self) -> None:
        self.registers: defaultdict[_Moment, list[tuple[int, int, int, int]]] = defaultdict(list)
        self.accesses: defaultdict[_Moment, list[AccessedBytes]] = defaultdict(list)
        self.states: defaultdict[_Moment, list[PageStateChanged]] = defaultdict(list)
        self.keys: defaultdict[_Moment, list[tuple[int, int, int]]] = defaultdict(list)
        self.translations: defaultdict[_Moment, list[MadeTranslation]] = defaultdict(list)

    def give(self, told: ToldInstruction) -> None:
        """Give an instruction what is its own."""
        moment = _moment(told)
        if moment in self.registers:
            told.registers = {
                register: (old, new) for cpu, register, old, new in self.registers[moment] if cpu == told.cpu
            }
        if moment in self.accesses:
            told.accesses = self.accesses[moment]
        if moment in self.states:
            told.states = self.states[moment]
        if moment in self.keys:
            told.keys = self.keys[moment]
        if moment in self.translations:
            told.translations = self.translations[moment]


def _of_state(row: Any) -> tuple[int, ...]:
    number, turn, _, cpu, request, before, after, page, address = row
    return number, turn, cpu, request, before, after, page, address


def _moment(told: Told) -> _Moment:
    return told.number, told.turn


def _order(told: _Between) -> tuple[int, int, bool]:
    """An interruption ends its turn."""
    return told.number, told.turn, isinstance(told, ToldInterruption)
