# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions before which the engine that runs freely comes back: what the stops of a machine wait for.

They are had trapped as what is intercepted (:mod:`emu.engine.interception`): a block that is about to run for the first
time is looked at if it holds one, and translated again so that it ends before.  Compiled code looks into a table of
bits, at the place that the address of an instruction gives (:func:`emu.engine.tables.stop_index`), or finds the opcode
among the candidates.  A bit may stand for other addresses, too: whoever asked looks whether the instruction is meant.

(Unicorn can end a block at given addresses by itself, its "exits".  But then it looks, each time that it stops, for
the pages in which they lie, and drops what was translated there.)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT
from emu.engine.blocks import CANDIDATE, TARGET
from emu.engine.interception import candidates, enter_opcode
from emu.engine.mnemonics import first_bytes, mnemonic_of, opcodes_by_mnemonic
from emu.engine.quirks.execute_targets import is_executed_at_once
from emu.engine.record_limits import SHORT_ADDRESSES
from emu.engine.tables import fetch_mode, stop_index
from emu.psw import DAT, AddressSpaceControl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from emu.engine.record import SharedRecord

EXECUTES: Final = frozenset({"EX", "EXRL"})
_OPERANDS_APART: Final = fetch_mode(0, DAT | AddressSpaceControl.SECONDARY << 46)
"""The mode in which operands are not in the space that instructions come from."""


@dataclass(frozen=True, slots=True)
class ChosenPlaces:
    """Which instructions are meant."""

    logical: frozenset[int] = frozenset()
    """Those at these logical addresses, in whatever space."""
    absolute: frozenset[int] = frozenset()
    """Those at these absolute addresses."""
    mnemonics: frozenset[str] = frozenset()
    """Those that are called so, or whose target is if they are an EXECUTE; each is in
    :func:`emu.engine.mnemonics.opcodes_by_mnemonic`."""


_NONE: Final = ChosenPlaces()


class StopPlaces:
    """The places of one engine."""

    def __init__(self, shared: SharedRecord, facilities: frozenset[int]) -> None:
        """Have none; the machine has these *facilities*."""
        self._facilities = facilities
        self._record = shared.fields
        self._bits = shared.table("stop_places")
        self._places = _NONE
        self._addresses: set[int] = set()
        """The logical addresses, those included at which an absolute one is shown."""
        self._offsets: defaultdict[int, list[int]] = defaultdict(list)
        """Of the absolute pages that hold places, where those lie in the page."""
        self._wanted: frozenset[str] = frozenset()
        self._first_bytes: frozenset[int] = frozenset()
        """Those of their opcodes."""
        self._tables: dict[int, tuple[NDArray[np.uint8], int]] = {}
        """The tables of candidates by mode, each with its place."""

    def choose(self, places: ChosenPlaces) -> bool:
        """Let *places* be those from now on; give whether they are others, so that all code must be shown anew."""
        if places == self._places:
            return False
        self._places = places
        self._offsets.clear()
        for address in places.absolute:
            self._offsets[address >> PAGE_SHIFT].append(address & PAGE_OFFSET_MASK)
        self._wanted = places.mnemonics
        if any(_is_executed_at_once(name) for name in places.mnemonics):
            # Unicorn executes such a target without looking it up.
            self._wanted |= EXECUTES
        self._first_bytes = first_bytes(self._wanted)
        self._tables.clear()
        self._record.allowed_target = 0
        self._bits[:] = 0
        self._addresses.clear()
        for address in places.logical:
            self._include(address)
        return True

    @property
    def are_there(self) -> bool:
        """Whether there are any."""
        return self._places != _NONE

    def page_shown(self, virtual_page: int, page: int) -> None:
        """The code of absolute *page* is about to be translated at *virtual_page*."""
        for offset in self._offsets.get(page, ()):
            self._include(virtual_page << PAGE_SHIFT | offset)

    def _include(self, address: int) -> None:
        self._addresses.add(address)
        index = stop_index(address)
        self._record.stop_places[index >> 6] |= 1 << (index & 63)

    def means(self, address: int, instruction: bytes) -> bool:
        """Whether *instruction* at logical *address* is one to come back before."""
        return address in self._addresses or self.wants(instruction)

    def wants(self, instruction: bytes) -> bool:
        """Whether *instruction* is one to come back before, whatever its address is."""
        return instruction[0] in self._first_bytes and mnemonic_of(instruction) in self._wanted

    def candidates_address(self, mode: int) -> int:
        """Where the table of candidates lies where instructions come from there, those included that are wanted.

        :param mode: see *mode* in :mod:`emu.engine.record`.
        """
        known = self._tables.get(mode)
        if known is None:
            table = candidates(
                is_64_bit=not mode & SHORT_ADDRESSES,
                operands_are_apart=mode & ~SHORT_ADDRESSES == _OPERANDS_APART,
                facilities=self._facilities,
            )
            if self._wanted:
                table = table.copy()
                for name in self._wanted:
                    opcode = opcodes_by_mnemonic()[name]
                    enter_opcode(table, int(str(opcode), 16), opcode.pieces, CANDIDATE | TARGET)
            known = self._tables[mode] = table, int(table.ctypes.data)
        return known[1]


def _is_executed_at_once(mnemonic: str) -> bool:
    opcode = opcodes_by_mnemonic()[mnemonic]
    return opcode.pieces == ((0, 8),) and is_executed_at_once(bytes((opcode.first,)))
