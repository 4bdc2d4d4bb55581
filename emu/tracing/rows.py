# SPDX-License-Identifier: GPL-2.0-or-later
"""From the rows of the ring (:mod:`emu.engine.trace_ring`) to the streams of a trace (:mod:`emu.traces.schema`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from emu.engine.trace_ring import (
    CPU_SHIFT,
    FIRST_SHIFT,
    LOW_CORE_BYTES,
    PSW_BYTES,
    SECOND_SHIFT,
    THIRD_SHIFT,
    RowKind,
)
from emu.instruction_length import instruction_length
from emu.traces import schema
from emu.traces.schema import LOW_CORE_LENGTH, NOTHING, STREAMS, FlowKind, InterruptionClass, mode_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Rows = npt.NDArray[Any]
_BYTE: Final = np.uint64(0xFF)
_LENGTH: Final = np.uint64(0xFFFF_FFFF)
_PLACE_BITS: Final = np.uint64(24)
"""The place of a row in the ring has so many."""
_MOST_TURNS: Final = 0xFFFF
_BLOCKS: Final = 1 << 16
"""How many blocks there is room for at first."""
_STREAM_OF: Final = {
    RowKind.REGISTER: "registers",
    RowKind.ACCESS: "accesses",
    RowKind.INTERRUPTION: "interruptions",
    RowKind.STATE: "page_states",
    RowKind.KEY: "keys",
    RowKind.HOST: "host",
    RowKind.FILL: "translations",
    RowKind.DEVICE: "devices",
}
"""The stream that rows of each kind make, alone or with the row that follows."""
assert LOW_CORE_LENGTH == LOW_CORE_BYTES


def _cpu(first: Rows) -> Rows:
    return _byte(first, CPU_SHIFT)


def _byte(first: Rows, shift: int) -> Rows:
    return first >> np.uint64(shift) & _BYTE


class RowReader:
    """Makes streams of rows; it knows which blocks the trace has already."""

    def __init__(self, *, follows_flow: bool) -> None:
        """Know none; make streams of flow, or leave them out."""
        self._follows_flow = follows_flow
        self._ids: dict[tuple[int, int, bytes], int] = {}
        self._lengths: list[int] = []
        """How many instructions each block has."""
        self._of_compiled = np.zeros(_BLOCKS, dtype=np.uint32)
        """By the identification that compiled code has given to a block, that in the trace."""
        self._turns = TurnCounter()

    def streams(self, rows: Rows, octets: npt.NDArray[np.uint8], end: int) -> dict[str, Rows]:
        """The streams of *rows*, whose bytes are in *octets*, up to instruction *end*."""
        kinds = rows[:, 0] & _BYTE
        self._turns.begin(rows, kinds)
        found = self._flow_streams(rows, kinds, octets, end) if self._follows_flow else {}
        places = {kind: np.flatnonzero(kinds == kind) for kind in _STREAM_OF}
        found |= {
            "registers": _registers(rows[places[RowKind.REGISTER]]),
            "accesses": _accesses(rows, places[RowKind.ACCESS]),
            "interruptions": _interruptions(rows[places[RowKind.INTERRUPTION]], octets),
            "page_states": _page_states(rows, places[RowKind.STATE]),
            "keys": _keys(rows[places[RowKind.KEY]]),
            "host": _host(rows[places[RowKind.HOST]]),
            "translations": _translations(rows, places[RowKind.FILL]),
            "devices": _devices(rows, places[RowKind.DEVICE]),
        }
        for kind, name in _STREAM_OF.items():
            found[name]["turn"] = self._turns.of(rows[places[kind], 1], places[kind])
        self._turns.end(end)
        found["registers"] = _joined(found["registers"])
        return {name: stream for name, stream in found.items() if stream.size}

    def _flow_streams(self, rows: Rows, kinds: Rows, octets: npt.NDArray[np.uint8], end: int) -> dict[str, Rows]:
        blocks, alone = self._blocks(rows, kinds, octets)
        return {"blocks": blocks, "flow": self._flow(rows, kinds, alone, end)}

    def _blocks(self, rows: Rows, kinds: Rows, octets: npt.NDArray[np.uint8]) -> tuple[Rows, dict[int, int]]:
        """The blocks that are new to the trace; and which block what was executed alone is, by the place of its row."""
        new: list[tuple[int, int, int, int, int]] = []
        alone: dict[int, int] = {}

        def identified(address: int, mask: int, place: int, size: int) -> int:
            code = octets[place : place + size].tobytes()
            key = address, mode_of(mask), code
            known = self._ids.get(key)
            if known is None:
                known = self._ids[key] = len(self._ids)
                self._lengths.append(sum(1 for _ in split_instructions(code)))
                new.append((known, address, key[1], place, size))
            return known

        places = np.flatnonzero((kinds == RowKind.NEW_BLOCK) | (kinds == RowKind.ALONE))
        for place, (first, second, third, fourth) in zip(places.tolist(), rows[places].tolist(), strict=True):
            if first & 0xFF == RowKind.NEW_BLOCK:
                size, at = third >> THIRD_SHIFT, third & 0xFFFF_FFFF
                number = first >> FIRST_SHIFT
                if number >= self._of_compiled.size:
                    self._of_compiled = np.concatenate((self._of_compiled, np.zeros_like(self._of_compiled)))
                self._of_compiled[number] = identified(second, fourth, at, size)
            else:
                mask = int(rows[place + 1, 1])
                alone[place] = identified(fourth, mask, first >> THIRD_SHIFT, first >> FIRST_SHIFT & 0xFF)
        return np.array(new, dtype=STREAMS["blocks"]), alone

    def _flow(self, rows: Rows, kinds: Rows, alone: Mapping[int, int], end: int) -> Rows:
        is_flow = (kinds == RowKind.BLOCK) | (kinds == RowKind.ALONE)
        places = np.flatnonzero(is_flow)
        if not places.size:
            return np.empty(0, dtype=STREAMS["flow"])
        chosen = rows[places]
        is_alone = kinds[places] == RowKind.ALONE
        is_target = is_alone & (_byte(chosen[:, 0], SECOND_SHIFT) == FlowKind.TARGET)
        own, targets = np.flatnonzero(~is_target), np.flatnonzero(is_target)
        blocks = np.empty(len(places), dtype=np.uint32)
        blocks[~is_alone] = self._of_compiled[chosen[~is_alone, 0] >> np.uint64(FIRST_SHIFT)]
        blocks[is_alone] = [alone[place] for place in places[is_alone].tolist()]
        count = np.zeros(len(places), dtype=np.int64)
        count[own] = np.diff(chosen[own, 1].astype(np.int64), append=end)
        flow = np.zeros(len(places), dtype=STREAMS["flow"])
        flow["number"], flow["time"], flow["cpu"] = chosen[:, 1], chosen[:, 2], _cpu(chosen[:, 0])
        flow["block"], flow["count"] = blocks, count
        flow["turn"] = self._turns.of(chosen[:, 1], places)
        flow["kind"][targets] = FlowKind.TARGET
        refused = self._refused(rows, kinds, places, flow, own)
        flow["kind"][own[count[own] == 0]] = FlowKind.NOT_EXECUTED
        # A block that began, and whose first instruction was then executed alone, is none.
        is_left = (count == 0) & ~is_alone
        is_left[refused] = False
        is_left[targets] = ~_belong(flow, is_alone, own, targets, refused)
        parts = refused[count[refused] > 0]
        kept: Rows = flow[~is_left]
        if not parts.size:
            return kept
        more = flow[parts]
        more["number"] += more["count"].astype(np.uint64)
        more["time"] += more["count"].astype(np.uint64)
        more["start"], more["count"], more["kind"], more["turn"] = more["count"], 0, FlowKind.NOT_EXECUTED, 0
        whole: Rows = np.insert(kept, np.cumsum(~is_left)[parts], more)
        return whole

    def _refused(
        self, rows: Rows, kinds: Rows, places: Rows, flow: Rows, own: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Which rows of *flow*, by their index, a program interruption has cut off; *own* are those of no target."""
        is_program = (kinds == RowKind.INTERRUPTION) & (_byte(rows[:, 0], FIRST_SHIFT) == InterruptionClass.PROGRAM)
        at = np.flatnonzero(is_program)
        before = np.searchsorted(places[own], at) - 1
        is_known = before >= 0
        at, before = at[is_known], own[before[is_known]]
        cut = flow[before]
        lengths = np.array(self._lengths, dtype=np.int64)[cut["block"]]
        is_cut = (lengths > cut["count"]) & (cut["number"] + cut["count"] == rows[at, 1])
        is_cut &= kinds[places[before]] == RowKind.BLOCK
        return np.unique(before[is_cut])


def _belong(
    flow: Rows,
    is_alone: Rows,
    own: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int64],
    refused: npt.NDArray[np.int64],
) -> Rows:
    """Which *targets* follow the EXECUTE that they are of: this was not left for being executed alone."""
    index = np.searchsorted(own, targets) - 1
    owner = own[np.maximum(index, 0)]
    owned = flow[owner]
    behind = owned["number"] + owned["count"]
    has_not_ended = np.isin(owner, refused) | (is_alone[owner] & (owned["count"] == 0))
    found: Rows = (index >= 0) & (flow["number"][targets] == np.where(has_not_ended, behind, behind - np.uint64(1)))
    return found


class TurnCounter:
    """The turns of rows (:mod:`emu.traces.schema`): how many interruptions of the same number come before each."""

    def __init__(self) -> None:
        self._number = self._count = 0
        """How many interruptions before the present rows had this number, the last that there was."""
        self._keys: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._numbers: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)

    def begin(self, rows: Rows, kinds: Rows) -> None:
        """Have these *rows*, of these *kinds*, which come after those of before."""
        places = np.flatnonzero(kinds == RowKind.INTERRUPTION)
        self._numbers = np.sort(rows[places, 1])
        self._keys = np.sort(_key(rows[places, 1], places))

    def of(self, numbers: Rows, places: npt.NDArray[np.int64]) -> Rows:
        """The turns of rows with these *numbers* at these *places* of the ring; 0xFFFF are so many or more."""
        if not self._keys.size and not self._count:
            return np.zeros(len(numbers), dtype=np.uint16)
        found = np.searchsorted(self._keys, _key(numbers, places)) - np.searchsorted(self._numbers, numbers)
        found[numbers == self._number] += self._count
        turns: Rows = np.minimum(found, _MOST_TURNS).astype(np.uint16)
        return turns

    def end(self, number: int) -> None:
        """What comes next begins with instruction *number*."""
        here = int(np.sum(self._numbers == number))
        self._count = here + (self._count if self._number == number else 0)
        self._number = number


def _key(numbers: Rows, places: npt.NDArray[np.int64]) -> Rows:
    key: Rows = numbers << _PLACE_BITS | places.astype(np.uint64)
    return key


def split_instructions(code: bytes) -> Iterator[bytes]:
    """The instructions that *code* is made of."""
    offset = 0
    while offset < len(code):
        length = instruction_length(code[offset])
        yield code[offset : offset + length]
        offset += length


def _registers(rows: Rows) -> Rows:
    found = np.empty(len(rows), dtype=STREAMS["registers"])
    found["number"], found["old"], found["new"] = rows[:, 1], rows[:, 2], rows[:, 3]
    found["cpu"], found["register"] = _cpu(rows[:, 0]), _byte(rows[:, 0], FIRST_SHIFT)
    return found


def _joined(found: Rows) -> Rows:
    """One row for each register that an instruction changed, also where an attempt that was given up had changed it."""
    moments = schema.moments(found)
    key = found["cpu"].astype(np.int64) << 8 | found["register"]
    may_be_twice = (moments[1:] == moments[:-1]) & (key[1:] <= key[:-1])
    if not may_be_twice.any():
        return found
    # Rows are in the order of their moments.
    several = np.unique(moments[1:][may_be_twice])
    begins, ends = np.searchsorted(moments, several), np.searchsorted(moments, several, side="right")
    lengths = ends - begins
    chosen = np.arange(int(lengths.sum())) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
    order = chosen[np.lexsort((chosen, key[chosen], moments[chosen]))]
    is_same = (key[order][1:] == key[order][:-1]) & (moments[order][1:] == moments[order][:-1])
    joined, is_gone = found[order], np.zeros(len(chosen), dtype=bool)
    for before in np.flatnonzero(is_same).tolist():
        joined["old"][before + 1] = joined["old"][before]
        is_gone[before] = True
    is_gone |= joined["old"] == joined["new"]
    found[chosen] = joined
    return np.delete(found, chosen[is_gone]) if is_gone.any() else found


def _accesses(rows: Rows, places: Rows) -> Rows:
    chosen, more = rows[places], rows[places + 1]
    found = np.empty(len(places), dtype=STREAMS["accesses"])
    found["number"], found["logical"], found["absolute"] = chosen[:, 1], chosen[:, 2], chosen[:, 3]
    found["cpu"], found["kind"] = _cpu(chosen[:, 0]), _byte(chosen[:, 0], FIRST_SHIFT)
    found["length"] = chosen[:, 0] >> np.uint64(SECOND_SHIFT) & _LENGTH
    found["old"], found["new"] = more[:, 1] & np.uint64(NOTHING), more[:, 2] & np.uint64(NOTHING)
    return found


def _interruptions(rows: Rows, octets: npt.NDArray[np.uint8]) -> Rows:
    found = np.empty(len(rows), dtype=STREAMS["interruptions"])
    places = rows[:, 3].astype(np.int64)
    found["number"], found["time"], found["cpu"] = rows[:, 1], rows[:, 2], _cpu(rows[:, 0])
    found["class"], found["length"] = _byte(rows[:, 0], FIRST_SHIFT), _byte(rows[:, 0], SECOND_SHIFT)
    found["code"] = rows[:, 0] >> np.uint64(THIRD_SHIFT)
    psws = octets[places[:, None] + np.arange(2 * PSW_BYTES)] if len(rows) else np.empty((0, 32), dtype=np.uint8)
    words = psws.copy().view(">u8").astype(np.uint64)
    for column, name in enumerate(("old_mask", "old_address", "new_mask", "new_address")):
        found[name] = words[:, column]
    found["low_core"] = places + 2 * PSW_BYTES
    return found


def _page_states(rows: Rows, places: Rows) -> Rows:
    chosen = rows[places]
    found = np.empty(len(places), dtype=STREAMS["page_states"])
    found["number"], found["time"], found["page"] = chosen[:, 1], chosen[:, 2], chosen[:, 3]
    found["cpu"], found["request"] = _cpu(chosen[:, 0]), _byte(chosen[:, 0], FIRST_SHIFT)
    found["before"], found["after"] = _byte(chosen[:, 0], SECOND_SHIFT), _byte(chosen[:, 0], THIRD_SHIFT)
    found["address"] = rows[places + 1, 1]
    return found


def _keys(rows: Rows) -> Rows:
    found = np.empty(len(rows), dtype=STREAMS["keys"])
    found["number"], found["page"], found["cpu"] = rows[:, 1], rows[:, 3], _cpu(rows[:, 0])
    found["before"], found["after"] = _byte(rows[:, 0], FIRST_SHIFT), _byte(rows[:, 0], SECOND_SHIFT)
    return found


def _host(rows: Rows) -> Rows:
    found = np.empty(len(rows), dtype=STREAMS["host"])
    found["number"], found["time"], found["page"] = rows[:, 1], rows[:, 2], rows[:, 3]
    found["before"], found["after"] = _byte(rows[:, 0], FIRST_SHIFT), _byte(rows[:, 0], SECOND_SHIFT)
    return found


def _translations(rows: Rows, places: Rows) -> Rows:
    chosen = rows[places]
    found = np.empty(len(places), dtype=STREAMS["translations"])
    found["number"], found["logical"], found["absolute"] = chosen[:, 1], chosen[:, 2], chosen[:, 3]
    found["cpu"], found["kind"] = _cpu(chosen[:, 0]), _byte(chosen[:, 0], FIRST_SHIFT)
    found["space"] = rows[places + 1, 1]
    return found


def _devices(rows: Rows, places: Rows) -> Rows:
    chosen = rows[places]
    found = np.empty(len(places), dtype=STREAMS["devices"])
    found["number"], found["time"], found["data"] = chosen[:, 1], chosen[:, 2], chosen[:, 3]
    found["device"], found["kind"] = chosen[:, 0] >> np.uint64(THIRD_SHIFT), _byte(chosen[:, 0], FIRST_SHIFT)
    found["length"] = rows[places + 1, 1]
    return found
