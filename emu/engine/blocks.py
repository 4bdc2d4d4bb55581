# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of blocks and of code pages, in the record that the compiled callbacks share with Python.

The constants are what Python and the callbacks must agree on to read it.  The callbacks are in
:mod:`emu.engine.callbacks`, which only a compilation imports, because importing numba takes long;
:mod:`emu.engine.compiled` gives their addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.addresses import PAGE_SHIFT
from emu.engine.library import STOP_FUNCTION
from emu.engine.quirks.small_buffer import buffer_places
from emu.engine.record import SharedRecord
from emu.engine.record_entries import ShownPage
from emu.engine.record_limits import FILLS, NO_CONTEXT, NO_PAGE
from emu.engine.tables import LAST_GENERATION, block_key, block_tag, epoch_index, memo_index, page_index, page_key

if TYPE_CHECKING:
    import numpy.typing as npt

    from emu.engine.library import Unicorn
    from emu.engine.quirks.register_file import EngineRegisters

SIZE_SHIFT: Final = 32
"""The size of a block lies in the upper half of what is known of it."""
NO_FILL: Final = FILLS
"""No index into the tables of fills: the one that is looked for is not remembered."""
FIRST_FILL_ACCESS: Final = 16
"""Unicorn's number for the first of the kinds of access that it asks a fill for: read, write, fetch."""
FILL_READ: Final = 0
FILL_STORE: Final = 1
FILL_FETCH: Final = 2
"""These kinds, counted from the first: those for operands that are fetched or stored, and for instructions."""

EXECUTE_OPCODE: Final = 0x44
EXECUTE_RELATIVE_OPCODE: Final = 0xC6
"""The first byte of EXECUTE RELATIVE LONG, and of other instructions."""
INVISIBLE: Final = 256
"""Not a byte: the page is not one that the callback can read."""
INVISIBLE_WORD: Final = 1 << 32
"""Not four bytes of such a page."""

CANDIDATE: Final = 1
"""In the table of candidates: an instruction with this first halfword may have to be intercepted."""
SPLIT: Final = 2
"""There: look at the first and the sixth byte."""
TARGET: Final = 4
"""There: to be looked at when it is the target of an EXECUTE."""
BY_FORM: Final = 8
"""There: its form says whether it is to be intercepted; or it is an EXECUTE RELATIVE LONG, of which its target does."""
SPLIT_TABLE: Final = 1 << 16
TABLE_BYTES: Final = 2 << 16


class BlockState(SharedRecord):
    """The record of one engine, with what it says of blocks and code pages."""

    def __init__(self, registers: EngineRegisters) -> None:
        super().__init__()
        memo = self.table("memo")
        self._keys: npt.NDArray[np.uint64] = memo["key"]
        self._known: npt.NDArray[np.uint64] = memo["known"]
        self._starts: npt.NDArray[np.uint64] = self.table("starts")
        record = self.fields
        self._begin_generation()
        record.stop_function = STOP_FUNCTION
        record.registers_address = registers.base
        record.vector_registers_address = registers.base + registers.layout.vector
        record.execute_value_address = registers.execute_value_address
        record.cc_operation_address = registers.cc_operation_address
        record.cc_operands_address = registers.base + registers.layout.cc_operands
        record.interruption_address = registers.interruption_address
        record.psw_address = registers.psw_address
        places = buffer_places()
        record.buffers_used_address = registers.base + places.used
        record.buffer_descriptions_address = registers.base + places.descriptions
        record.buffer_tables_address = registers.base + places.tables
        record.blocks_address = registers.base + places.blocks
        record.breaking_event_address = registers.base + registers.layout.breaking_event

    def show_page(self, virtual_page: int, mode: int, place: int) -> None:
        """Let the callback read the code of *virtual_page* at the address *place*."""
        entry = self._shown_at(virtual_page)
        entry.key = page_key(virtual_page, mode)
        entry.place = place

    def hide_page(self, virtual_page: int, mode: int) -> None:
        """Let it be read no more."""
        entry = self._shown_at(virtual_page)
        if entry.key == page_key(virtual_page, mode):
            entry.key = NO_PAGE

    def _shown_at(self, virtual_page: int) -> ShownPage:
        return self.fields.shown[page_index(virtual_page)]

    def settle_block(self) -> None:
        """Let the record say which block began last, after Unicorn has run."""
        record = self.fields
        number = record.block_start
        if number:
            record.block_start = 0
            record.block_address = record.start_addresses[number - 1]
            record.block_size = record.start_sizes[number - 1]

    def unhook(self, unicorn: Unicorn, hook: int) -> None:
        """Have *unicorn* call a callback no more; what it asks meanwhile is none of the guest's questions."""
        context, self.fields.context = self.fields.context, NO_CONTEXT
        unicorn.unhook(hook)
        self.fields.context = context

    def forget_starts(self) -> None:
        """Take all translations for such as have not begun; the words of those that are gone can be used again."""
        self._starts[:] = 0
        self.fields.starts_used = 0

    def forget_blocks(self) -> None:
        """Forget all blocks."""
        self._begin_generation()
        self._keys[:] = self._known[:] = 0

    def forget_blocks_in(self, virtual_page: int) -> None:
        """Forget those that lie in *virtual_page*, or reach into it."""
        self._begin_generation()
        self.fields.epochs[epoch_index(virtual_page)] += 1

    def _begin_generation(self) -> None:
        """Let no translation begin without being looked at."""
        record = self.fields
        if record.generation == LAST_GENERATION:
            self._starts[:] = 0
            record.generation = 0
        record.generation += 1
        record.block_tag = block_tag(record.generation, record.mode)

    def remember_block(self, address: int, size: int, count: int) -> None:
        """Let the block at *address* run: it has *count* instructions and nothing to intercept."""
        key = block_key(address, self.fields.mode)
        entry = self.fields.memo[memo_index(key)]
        entry.key = key
        entry.known = size << SIZE_SHIFT | count
        entry.epoch = self.block_epoch(address, size)

    def block_epoch(self, address: int, size: int) -> int:
        """What the epochs of its first and its last byte come to: more than before if its page was forgotten."""
        return sum(self.fields.epochs[epoch_index(each >> PAGE_SHIFT)] for each in (address, address + size - 1))
