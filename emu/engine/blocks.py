# SPDX-License-Identifier: GPL-2.0-or-later
"""What the compiled block callback and Python share: constants, tables, and the state of one engine.

The callback itself is in :mod:`emu.engine.callbacks`, which only a compilation imports, because importing numba takes
long; :mod:`emu.engine.compiled` gives its address.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from emu.addresses import PAGE_SHIFT
from emu.engine.library import STOP_FUNCTION

if TYPE_CHECKING:
    from emu.engine.environment import EngineRegisters


class StopReason(IntEnum):
    """Why the callback stopped the engine."""

    NONE = 0
    LIMIT = 1
    """The goal is reached, or the block does not fit under the limit."""
    CANDIDATE = 2
    """The block holds an instruction that may have to be intercepted."""
    UNKNOWN_CODE = 3
    """The block lies in a page whose code the callback cannot see."""
    ODD_ADDRESS = 4
    """The instruction address is odd, or that of an EXECUTE's target, or the target is not one for the engine."""
    EXECUTE_TARGET = 5
    """The target of an EXECUTE, about to be executed, may have to be intercepted."""
    EXCEPTION = 6
    """An instruction ended in an exception that the callback for them does not execute away."""


class HotInstruction(IntEnum):
    """The instructions of the model that kernels execute so often that they are compiled: they never leave Unicorn.

    Each is executed so only in its plain form; whatever is not plain is Python's (:mod:`emu.engine.hot_callback`).
    """

    ESSA = 0
    LRA = 1
    STURG = 2
    STNSM = 3
    STOSM = 4
    STCK = 5
    STCKF = 6
    STCKE = 7
    STPT = 8
    CLC = 9


# The words of the state that Python and the callback share.
LEFT: Final = 0
"""What is left of BOUND; it may become negative, as a 64-bit number."""
LIMIT: Final = 1
"""Instructions that must not be exceeded."""
REASON: Final = 2
BLOCK_ADDRESS: Final = 3
BLOCK_SIZE: Final = 4
BLOCK_COUNT: Final = 5
MODE: Final = 7
"""Which space instructions come from: 0 real, 1 primary, 3 home; it distinguishes equal addresses."""
STOP: Final = 8
EXECUTE_VALUE: Final = 9
"""Address of Unicorn's word that holds the pending target of an EXECUTE."""
CANDIDATES: Final = 10
"""Address of the table of candidate instructions."""
ALLOWED_TARGET: Final = 11
"""The pending EXECUTE target that Python has looked at and lets through."""
GOAL: Final = 12
"""Instructions after which the engine stops at the next block."""
GENERAL_REGISTERS: Final = 13
"""Address of the general registers."""
CC_OPERATION: Final = 14
"""Address of the word that says how Unicorn will compute the condition code."""
CC_OPERANDS: Final = 15
"""Address of the three doublewords that it will compute it from."""
BOUND: Final = 20
"""Instructions to the nearer one of goal and limit."""
SAVED_CC: Final = 16
"""Those four at the start of the last block that asked for it."""
CONTEXT: Final = 21
"""What the remembered fills must have been made in to be good now: see :class:`~emu.engine.fills.RememberedFills`."""
FILL_FUNCTION: Final = 22
"""Address of the function that is asked for a fill that is not remembered."""
INTERRUPTION: Final = 23
"""Address of Unicorn's words on the interruption reported last."""
CODE_DISTANCE: Final = 24
"""From where a code page lies in the engine's physical memory to where it lies in this process."""
PSW: Final = 25
"""Address of the PSW: two doublewords, the mask that Unicorn runs with and the instruction address."""
SYSTEM_MASK: Final = 26
"""The guest's PSW mask but for what Unicorn keeps of it; compiled instructions may change its bits 0-7."""
IS_SUPERVISOR: Final = 27
"""Whether the CPU is in the supervisor state."""
DOES_ESSA: Final = 28
"""Whether ESSA is one of them: not while somebody follows the page states."""
FRAME_DISTANCE: Final = 29
"""From the engine-physical address of the frame pool to its address in this process."""
STORAGE_PAGES: Final = 30
"""How many pages absolute storage has."""
STATES: Final = 31
"""Address of the state byte of every page."""
KEYS: Final = 32
"""Address of the storage key of every page."""
TRANSITIONS: Final = 33
"""Address of the table of plain transitions that ESSA makes."""
REACHED: Final = 34
"""Address of a byte for every page: whether some translation may lead to it."""
HOT_WORK: Final = 35
"""The work that instructions executed compiled are reckoned at beyond one unit each, which LEFT has lost as well."""
HOT_COUNTS: Final = 36
"""How often each of them was executed: a word for each of HotInstruction."""
REQUEST_COUNTS: Final = 48
"""How often ESSA was executed with each operation request code."""
QUIET: Final = 56
"""Units of work, from where BOUND was set, for which enabling for interruptions changes nothing else."""
WORK: Final = 57
"""Units of work done where BOUND was set."""
EPOCH: Final = 58
"""The TOD clock when no work was done."""
TIMER_ORIGIN: Final = 59
"""The CPU timer when no work was done."""
PROGRAMMABLE_FIELD: Final = 60
"""The TOD programmable field."""
DOES_STCKF: Final = 61
"""Whether STORE CLOCK FAST is one of the compiled instructions: only with its facility."""
MARK_DISTANCE: Final = 62
"""From where a code page lies in this process to where its marks do."""
TABLES: Final = 64
KEEPS_CC: Final = 1 << 63
"""In the count of a block: the condition code is to be saved when it starts.  In the memo no size looks like that."""

MEMO_BITS: Final = 16
MEMO_BLOCKS: Final = 1 << MEMO_BITS
MEMO_SPREAD: Final = 0x9E37_79B9_7F4A_7C15
"""Multiplied by it, addresses of blocks spread over the upper bits (Knuth, The Art of Computer Programming, 6.4)."""
MEMO: Final = TABLES
"""Pairs of words, so that a look takes one line of the cache: the key of a block; and its size in the upper half, in
the lower its count."""
SIZE_SHIFT: Final = 32
PAGES: Final = 1 << 12
PAGE_KEYS: Final = MEMO + 2 * MEMO_BLOCKS
PAGE_PLACES: Final = PAGE_KEYS + PAGES
FILLS: Final = 1 << 15
FILL_KEYS: Final = PAGE_PLACES + PAGES
FILL_CONTEXTS: Final = FILL_KEYS + FILLS
FILL_ANSWERS: Final = FILL_CONTEXTS + FILLS
FILL_REALS: Final = FILL_ANSWERS + FILLS
STATE_WORDS: Final = FILL_REALS + FILLS
CONTEXT_SPREAD: Final = 1021
"""How far apart the same page in two contexts is in the table."""
NO_REAL_ADDRESS: Final = 0xFFFF_FFFF_FFFF_FFFF
"""Among the real addresses of fills: not known, since real and absolute address may differ."""
NO_FILL: Final = FILLS
"""No index into the tables of fills: the one that is looked for is not remembered."""
FIRST_FILL_ACCESS: Final = 16
"""Unicorn's number for the first of the kinds of access that it asks a fill for: read, write, fetch."""
FILL_FETCH: Final = 2
"""Of these kinds, counted from the first, the one for instructions."""

EXECUTE_OPCODE: Final = 0x44
EXECUTE_RELATIVE_LONG: Final = 0xC60
INVISIBLE: Final = 256
"""Not a byte: the page is not one that the callback can read."""

TRAPPED_CLC: Final = 0xD8
TRAPPED_B2: Final = 0xB0
"""Unassigned opcodes that stand for CLC and for opcodes B2xx in code pages, with the rest of the instruction kept."""

CANDIDATE: Final = 1
"""In the table: an instruction with this first halfword may have to be intercepted."""
SPLIT: Final = 2
"""In the table: look at the first and the sixth byte."""
TARGET: Final = 4
"""In the table: to be looked at when it is the target of an EXECUTE."""
SPLIT_TABLE: Final = 1 << 16
TABLE_BYTES: Final = 2 << 16


_KEY_PAGE_SHIFT: Final = np.uint64(2 + PAGE_SHIFT)
_KEY_PAGE_MASK: Final = (1 << 62 - PAGE_SHIFT) - 1
"""The key of a block is its address and two bits more, which leaves out the first two of the address."""


class BlockState:
    """The state that one engine's block callback works on."""

    def __init__(self, registers: EngineRegisters, candidates: npt.NDArray[np.uint8]) -> None:
        self._words = np.zeros(STATE_WORDS, dtype=np.uint64)
        self._candidates = candidates
        self.words: memoryview[int] = self._words.data
        self.words[STOP] = STOP_FUNCTION
        self.words[GENERAL_REGISTERS] = registers.base
        self.words[EXECUTE_VALUE] = registers.execute_value_address
        self.words[CC_OPERATION] = registers.cc_operation_address
        self.words[CC_OPERANDS] = registers.cc_operands_address
        self.words[CANDIDATES] = candidates.ctypes.data
        self.words[INTERRUPTION] = registers.interruption_address
        self.words[PSW] = registers.psw_address
        self._words[PAGE_KEYS : PAGE_KEYS + PAGES] = np.uint64(0xFFFF_FFFF_FFFF_FFFF)

    @property
    def address(self) -> int:
        """Where the state lies, for the callback."""
        return int(self._words.ctypes.data)

    def show_page(self, virtual_page: int, mode: int, place: int) -> None:
        """Let the callback read the code of *virtual_page* at the address *place*."""
        index = (virtual_page ^ (virtual_page >> 12)) & (PAGES - 1)
        key = (virtual_page << 2 | mode) & 0xFFFF_FFFF_FFFF_FFFF
        self.words[PAGE_KEYS + index] = key
        self.words[PAGE_PLACES + index] = place

    def table(self, start: int, length: int) -> npt.NDArray[np.uint64]:
        """*length* words from *start* on, as an array that changes with them."""
        return self._words[start : start + length]

    def forget_blocks(self) -> None:
        """Forget what is known of all blocks."""
        self._words[MEMO:PAGE_KEYS] = 0

    def forget_blocks_in(self, virtual_page: int) -> None:
        """Forget those that lie in *virtual_page*, or reach into it."""
        keys, known = self._words[MEMO:PAGE_KEYS:2], self._words[MEMO + 1 : PAGE_KEYS : 2]
        pages = keys >> _KEY_PAGE_SHIFT
        page = virtual_page & _KEY_PAGE_MASK
        near = np.flatnonzero((pages == page) | (pages == (page - 1) & _KEY_PAGE_MASK))
        ends = (keys[near] >> np.uint64(2)) + (known[near] << np.uint64(1) >> np.uint64(SIZE_SHIFT + 1))
        gone = near[(pages[near] == page) | (ends > page << PAGE_SHIFT)]
        keys[gone] = known[gone] = 0

    def remember_block(self, address: int, size: int, count: int, *, keeps_cc: bool) -> None:
        """Let the block at *address* run: it has *count* instructions and nothing to intercept.

        :param keeps_cc: have the condition code saved whenever it starts.
        """
        key = (address << 2 | self.words[MODE]) & 0xFFFF_FFFF_FFFF_FFFF
        slot = (key * MEMO_SPREAD & 0xFFFF_FFFF_FFFF_FFFF) >> 64 - MEMO_BITS
        self.words[MEMO + 2 * slot] = key
        self.words[MEMO + 2 * slot + 1] = size << SIZE_SHIFT | (count | KEEPS_CC if keeps_cc else count)
