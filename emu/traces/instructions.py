# SPDX-License-Identifier: GPL-2.0-or-later
"""The instructions that blocks are made of, and, one by one, those that were executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from emu.traces.schema import FlowKind, empty

if TYPE_CHECKING:
    from emu.traces.prediction import Rows, Values
    from emu.traces.reader import TraceFile

EXECUTED: Final = np.dtype(
    [
        ("number", "<u8"),
        ("turn", "<u2"),
        ("time", "<u8"),  # before it
        ("cpu", "u1"),
        ("kind", "u1"),  # a FlowKind
        ("mode", "u1"),  # a Mode
        ("address", "<u8"),
        ("place", "<i8"),  # which of the instructions of the CodeTable it is
    ]
)
"""An instruction that was executed."""


def have_ended(executed: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which of these *executed* instructions have ended, or are what an EXECUTE has executed that has."""
    kinds = executed["kind"]
    ended: npt.NDArray[np.bool_] = kinds == FlowKind.EXECUTED
    ended[1:] |= (kinds[1:] == FlowKind.TARGET) & ended[:-1]
    return ended


_LENGTHS: Final = np.array([2, 4, 4, 6], dtype=np.int64)
"""Of an instruction, by the first two bits of it (PoP 5, "Instruction Formats")."""


class CodeTable:
    """The blocks of a trace, and the instructions that they are made of, which are numbered as *places*.

    Blocks may be added at any time; the numbers of the instructions that are there stay.
    """

    def __init__(self) -> None:
        self.code = b""
        """The bytes of all blocks, one behind the other."""
        self.addresses: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        """For each place, where its instruction lies."""
        self.modes: npt.NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        """And its :class:`emu.traces.schema.Mode`."""
        self.blocks: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        """And the block that it is in."""
        self._offsets: npt.NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        """And where in the code its bytes begin; at the end where they end."""
        self._firsts: npt.NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        """For each block, the place of its first instruction; at the end how many places there are."""
        self._ids: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        """For each block, by its id, which one of those here it is; -1 if it is missing."""

    @classmethod
    def of(cls, trace: TraceFile) -> CodeTable:
        """All blocks of *trace*."""
        table = cls()
        pairs = [(chunk.rows("blocks"), chunk.blob) for chunk in trace.chunks if chunk.count("blocks")]
        code = bytearray()
        rows = []
        for blocks, blob in pairs:
            moved = blocks.copy()
            moved["code"] += len(code)
            code += blob
            rows.append(moved)
        if rows:
            table.add(np.concatenate(rows), code)
        return table

    def add(self, blocks: Rows, blob: bytes | bytearray | memoryview) -> None:
        """Add *blocks*, whose code is in *blob*."""
        if not blocks.size:
            return
        pieces = [
            bytes(blob[start : start + length])
            for start, length in zip(blocks["code"].tolist(), blocks["length"].tolist(), strict=True)
        ]
        lengths = blocks["length"].astype(np.int64)
        begins = len(self.code) + np.concatenate(([0], np.cumsum(lengths)[:-1]))
        self.code += b"".join(pieces)
        offsets, owners = self._cut(begins, begins + lengths)
        self._note_ids(blocks["id"].astype(np.int64))
        self._offsets = np.concatenate((self._offsets[:-1], offsets, [len(self.code)]))
        self.addresses = np.concatenate(
            (self.addresses, blocks["address"][owners] + (offsets - begins[owners]).astype(np.uint64))
        )
        self.modes = np.concatenate((self.modes, blocks["mode"][owners]))
        self.blocks = np.concatenate((self.blocks, blocks["id"][owners].astype(np.int64)))
        counts = np.bincount(owners, minlength=blocks.size)
        self._firsts = np.concatenate((self._firsts, self._firsts[-1] + np.cumsum(counts)))

    def _cut(
        self, begins: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where the instructions of blocks begin, and the block of each; one without code has one without bytes."""
        code = np.frombuffer(self.code, dtype=np.uint8)
        block, place = np.arange(begins.size), begins.copy()
        found, owners = [place[begins == ends]], [block[begins == ends]]
        while True:
            is_left = place < ends[block]
            block, place = block[is_left], place[is_left]
            if not block.size:
                break
            found.append(place)
            owners.append(block)
            place = place + _LENGTHS[code[place] >> 6]
        offsets, owner = np.concatenate(found), np.concatenate(owners)
        order = np.lexsort((offsets, owner))
        return offsets[order], owner[order]

    def _note_ids(self, ids: npt.NDArray[np.int64]) -> None:
        before = self._firsts.size - 1
        most = int(ids.max()) + 1
        if most > self._ids.size:
            self._ids = np.concatenate((self._ids, np.full(most - self._ids.size, -1)))
        self._ids[ids] = before + np.arange(ids.size)

    def __len__(self) -> int:
        return self.addresses.size

    def bytes_at(self, place: int) -> bytes:
        """The bytes of the instruction at *place*."""
        return self.code[self._offsets[place] : self._offsets[place + 1]]

    def places(self, block: Values, start: Values) -> npt.NDArray[np.int64]:
        """The place of instruction *start* of each *block*; of a block that is missing that of its nearest."""
        return self._firsts[self._ids[block]] + start

    def expand(self, flow: Rows) -> npt.NDArray[np.void]:
        """The instructions of these rows of *flow*, one by one, as rows of :data:`EXECUTED`."""
        if not flow.size:
            return np.empty(0, dtype=EXECUTED)
        counts = np.where(flow["kind"] == FlowKind.EXECUTED, flow["count"], 1).astype(np.int64)
        ends = np.cumsum(counts)
        row = np.repeat(np.arange(flow.size), counts)
        within = np.arange(int(ends[-1])) - np.repeat(ends - counts, counts)
        found = np.empty(row.size, dtype=EXECUTED)
        found["place"] = self.places(flow["block"], flow["start"])[row] + within
        found["number"] = flow["number"][row] + within.astype(np.uint64)
        found["time"] = flow["time"][row] + within.astype(np.uint64)
        found["turn"] = np.where(within, 0, flow["turn"][row])
        found["cpu"] = flow["cpu"][row]
        found["kind"] = flow["kind"][row]
        found["mode"] = self.modes[found["place"]]
        found["address"] = self.addresses[found["place"]]
        return found

    def fold(self, executed: npt.NDArray[np.void]) -> Rows:
        """Rows of flow that are these *executed* instructions; :meth:`expand` makes them of these again."""
        if not executed.size:
            return empty("flow")
        place, kind = executed["place"], executed["kind"]
        block = self.blocks[place]
        goes_on: Any = (
            (place[1:] == place[:-1] + 1)
            & (block[1:] == block[:-1])
            & (executed["number"][1:] == executed["number"][:-1] + np.uint64(1))
            & (executed["time"][1:] == executed["time"][:-1] + np.uint64(1))
            & (executed["cpu"][1:] == executed["cpu"][:-1])
            & (executed["turn"][1:] == 0)
            & (kind[1:] == FlowKind.EXECUTED)
            & (kind[:-1] == FlowKind.EXECUTED)
        )
        first = np.flatnonzero(np.concatenate(([True], ~goes_on)))
        rows = np.empty(first.size, dtype=empty("flow").dtype)
        for name in ("number", "turn", "time", "cpu", "kind"):
            rows[name] = executed[name][first]
        rows["block"] = block[first]
        rows["start"] = place[first] - self._firsts[self._ids[block[first]]]
        rows["count"] = np.where(rows["kind"] == FlowKind.EXECUTED, np.diff(first, append=executed.size), 0)
        return rows

    def within(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """For each place, whether its instruction lies at an address from *first* to *last*."""
        return (self.addresses >= np.uint64(first)) & (self.addresses <= np.uint64(last))
