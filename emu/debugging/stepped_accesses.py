# SPDX-License-Identifier: GPL-2.0-or-later
"""What each instruction accesses in storage, found by watching all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE
from emu.bits import MASK_64
from emu.teid import Access
from emu.traces.schema import NOTHING
from emu.watched_areas import WatchedArea

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu
    from emu.debugging.trace_rows import TraceRows
    from emu.machine import Machine
    from emu.watching import NoticedAccess

_OWNER: Final = "trace"
_EVERYTHING: Final = tuple(
    WatchedArea(0, MASK_64, frozenset({Access.FETCH, Access.STORE}), is_absolute=is_absolute)
    for is_absolute in (False, True)
)


class SteppedAccesses:
    """Writes rows of accesses after each instruction of a machine."""

    def __init__(self, machine: Machine, rows: TraceRows, *, fetches: bool) -> None:
        """Watch from now on; all other watching ends.

        :param fetches: whether fetches are written, or only stores.
        """
        self._machine = machine
        self._rows = rows
        self._fetches = fetches
        self._contents: dict[int, bytes] = {}
        """What the pages held when this was looked at last; of those that are not here, nothing has changed since."""
        configuration = machine.configuration
        configuration.watching.watch(_EVERYTHING)
        configuration.storage.stored = self._stored
        for cpu in machine.cpus:
            cpu.tlb.watch(_OWNER, _EVERYTHING)
        for page in range(machine.memory >> PAGE_SHIFT):
            content = machine.hypervisor.content(page)
            if content is not None:
                self._contents[page] = content

    def end(self) -> None:
        """Watch no more."""
        configuration = self._machine.configuration
        configuration.watching.watch(())
        configuration.storage.stored = None
        for cpu in self._machine.cpus:
            cpu.tlb.watch(_OWNER, ())

    def forget(self, page: int) -> None:
        """The content of *page* is another one now, which no instruction has stored."""
        self._contents[page] = self._now(page)

    def _stored(self, address: int, length: int) -> None:
        self._machine.configuration.watching.stored(address, length)

    def _now(self, page: int) -> bytes:
        return self._machine.hypervisor.content(page) or bytes(PAGE_SIZE)

    def write(self, cpu: Cpu, number: int) -> None:
        """Write what *cpu* has accessed in the instruction *number*, which just ended."""
        noticed = self._machine.configuration.watching.noticed
        if not noticed:
            return
        operands = [_Operand(each) for each in noticed if not each.is_absolute]
        pieces: list[_Piece] = []
        stored = set()
        for each in noticed:
            if each.is_absolute:
                for absolute, length in _by_page(each.address, each.length):
                    _add(pieces, operands, each.kind, absolute, length)
                    if each.kind is Access.STORE:
                        stored.add(absolute >> PAGE_SHIFT)
        for piece in pieces:
            if piece.kind is Access.STORE or self._fetches:
                self._write(cpu, number, piece)
        for page in stored:
            self.forget(page)
        noticed.clear()

    def _write(self, cpu: Cpu, number: int, piece: _Piece) -> None:
        page, offset = piece.absolute >> PAGE_SHIFT, piece.absolute & PAGE_OFFSET_MASK
        before = self._contents.get(page, bytes(PAGE_SIZE))[offset : offset + piece.length]
        if piece.kind is Access.STORE:
            old = self._rows.piece(before)
            new = self._rows.piece(self._now(page)[offset : offset + piece.length])
        else:
            old, new = NOTHING, self._rows.piece(before)
        self._rows.add_event(
            "accesses", number, cpu.address, piece.kind, piece.logical, piece.absolute, piece.length, old, new
        )


@dataclass(slots=True)
class _Operand:
    """An operand that was noticed by its logical address, and how much of it was found by its absolute one."""

    noticed: NoticedAccess
    found: int = 0


@dataclass(slots=True)
class _Piece:
    """Bytes of one page that follow each other."""

    kind: Access
    logical: int
    absolute: int
    length: int


def _by_page(address: int, length: int) -> Iterator[tuple[int, int]]:
    """The address and the length of each part, cut at page boundaries."""
    while length:
        part = min(length, PAGE_SIZE - (address & PAGE_OFFSET_MASK))
        yield address, part
        address, length = address + part, length - part


def _add(pieces: list[_Piece], operands: list[_Operand], kind: Access, absolute: int, length: int) -> None:
    """Add a part of an operand to *pieces*, unless it belongs to none of the *operands*: no instruction names it."""
    for operand in operands:
        logical = operand.noticed.address + operand.found & MASK_64
        if (
            operand.noticed.kind is kind
            and operand.found + length <= operand.noticed.length
            and (logical ^ absolute) & PAGE_OFFSET_MASK == 0
        ):
            operand.found += length
            break
    else:
        return
    for piece in pieces:
        distance = absolute - piece.absolute
        is_near = absolute >> PAGE_SHIFT == piece.absolute >> PAGE_SHIFT and logical - piece.logical == distance
        if not is_near or piece.kind is not kind:
            continue
        if distance == -length:
            # From right to left, as decimal instructions store.
            piece.logical, piece.absolute, piece.length = logical, absolute, piece.length + length
            return
        if 0 <= distance <= piece.length:
            piece.length = max(piece.length, distance + length)
            return
    pieces.append(_Piece(kind, logical, absolute, length))
