# SPDX-License-Identifier: GPL-2.0-or-later
"""Where Unicorn keeps its own small translation-lookaside buffer and the blocks that were found last (seen in 2.1.4).

Its flush sets all 256 entries of the buffer, or however many there are by then, and all 4,096 words for blocks, which
takes a microsecond, however few of them are in use.  Each entry was filled by an answer of the callback for fills, and
a block is found only in a page of which instructions could be fetched since the last flush.  So who knows what was
asked for since then knows what is to be set (:mod:`emu.engine.flushing`).

Both lie before the registers, at distances that an experiment finds.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.bits import MASK_64
from emu.engine.library import EngineError, InterruptCallback, Unicorn
from emu.engine.quirks.register_places import find_environment
from emu.psw import ADDRESS_SPACE_CONTROL, ADDRESSING_MODE, DAT, PROBLEM_STATE

ENTRY_SHIFT: Final = 6
"""An entry has 64 bytes; it is that of a page whose number ends with its index, and holds ones while it is empty."""
VICTIM_ENTRIES: Final = 8
"""Entries that have given way to others are kept in so many of their own."""
BLOCK_WORDS: Final = 4096
"""Words for the blocks that were found last; zero if there is none."""
WORDS_OF_PAGE: Final = 64
"""So many of them, one behind the other, are for the blocks of a page, and of other pages with equal last bits."""

SPACES: Final = 4
"""Each kind of addresses has a buffer of its own: primary, secondary, home and real, by bits of the engine's PSW."""
TABLE_BYTES: Final = 16
"""Bytes of the words on each; what else is said of it is elsewhere."""
DESCRIPTION_BYTES: Final = 696
COUNT, VICTIM_COUNT, VICTIMS = 32, 40, 48
"""Offsets there: how many entries are in use, how many have given way since the last flush, and those of them that are
kept."""

_BEFORE: Final = 40_000
"""Bytes before the registers in which all of this is looked for."""
_MASK_WORD: Final = 255 << ENTRY_SHIFT
_USED: Final = 32
"""Bytes before the descriptions."""
_DATA: Final = 0x9000
_PRIMARY, _HOME = 0, 2
_REAL: Final = 3
_MOST_TRIES: Final = 20
_EXPERIMENTS: Final = (*((0x1000, _REAL), (0x2124, _PRIMARY), (0x5346, _HOME), (0x43468, _REAL), (0x7E, _PRIMARY)),)
"""Where an instruction lies, and which space it is fetched from."""
_MASKS: Final = {_REAL: 0, _PRIMARY: DAT, _HOME: DAT | ADDRESS_SPACE_CONTROL}
# LG 1,0(2), and an invalid operation
_CODE: Final = bytes.fromhex("e31020000004 0000")
_STORAGE: Final = 0x50000
_NOT_AS_KNOWN: Final = "Unicorn keeps its own buffers otherwise; this project needs Unicorn 2.1.4"


@dataclass(frozen=True, slots=True)
class BufferPlaces:
    """Byte offsets from the general registers."""

    used: int
    """Of a word with a bit for each space, counted from the right: whether its buffer may have been filled."""
    descriptions: int
    """Of what is said of each buffer."""
    tables: int
    """Of two words for each: the offset of its last entry from its first one, and the address of that."""
    blocks: int
    """Of the blocks that were found last."""


def first_word_of_page(page: int) -> int:
    """The first of the words for blocks in the page with the number *page*."""
    return (page ^ page >> 6) << 6 & BLOCK_WORDS - 1


def _word_of_block(address: int) -> int:
    return first_word_of_page(address >> 12) | (address ^ address >> 6) & WORDS_OF_PAGE - 1


@cache
def buffer_places() -> BufferPlaces:
    """Where they lie in the installed library, found once a process.

    :raises EngineError: if they are not as they are known.
    """
    # Unicorn looks at the host's clock for how large a buffer should be: an experiment may be held up too long.
    for _ in range(_MOST_TRIES - 1):
        with suppress(EngineError):
            return _experiment()
    return _experiment()


def _experiment() -> BufferPlaces:
    unicorn = Unicorn()
    base = find_environment(unicorn)
    unicorn.uc.mem_map(0, _STORAGE)
    unicorn.hook(uc_const.UC_HOOK_INTR, InterruptCallback(lambda *_: unicorn.stop()))
    unicorn.uc.reg_write(reg.UC_S390X_REG_R2, _DATA)
    unicorn.flush_tlb()
    empty = _words(base)
    for address, space in _EXPERIMENTS:
        unicorn.uc.mem_write(address, _CODE)
        unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE | _MASKS[space])
        unicorn.start(address)
    used = _words(base)
    tables = _find_tables(used)
    descriptions = tables - SPACES * DESCRIPTION_BYTES
    found = BufferPlaces(descriptions - _USED, descriptions, tables, _find_blocks(empty, used))
    _check(found, empty, used)
    return found


def _words(base: int) -> npt.NDArray[np.uint64]:
    """Those that lie before the registers."""
    return np.frombuffer(ctypes.string_at(base - _BEFORE, _BEFORE), dtype=np.uint64)


def _word(words: npt.NDArray[np.uint64], offset: int) -> int:
    """The one at this *offset* from the registers."""
    return int(words[_BEFORE + offset >> 3])


def _find_tables(used: npt.NDArray[np.uint64]) -> int:
    """Where the words on the buffers begin, if these are the words after the experiments.

    :raises EngineError: if they are not found.
    """
    is_mask = used == _MASK_WORD
    for at in np.flatnonzero(is_mask).tolist():
        if is_mask[at : at + 2 * SPACES : 2].sum() == SPACES:
            return 8 * int(at) - _BEFORE
    raise EngineError(_NOT_AS_KNOWN)


def _check(found: BufferPlaces, empty: npt.NDArray[np.uint64], used: npt.NDArray[np.uint64]) -> None:
    """See that what was *found* is what the experiments must have left, and no more.

    :raises EngineError: if it is not.
    """
    if _word(empty, found.used) or _word(used, found.used) != 1 << _REAL | 1 << _PRIMARY | 1 << _HOME:
        raise EngineError(_NOT_AS_KNOWN)
    for space in range(SPACES):
        description = found.descriptions + space * DESCRIPTION_BYTES
        pages = {address >> 12 for address, each in _EXPERIMENTS if each == space}
        pages |= {_DATA >> 12} if pages else set()
        victims = range(description + VICTIMS, description + VICTIMS + (VICTIM_ENTRIES << ENTRY_SHIFT), 8)
        entries = ctypes.string_at(_word(used, found.tables + TABLE_BYTES * space + 8), 256 << ENTRY_SHIFT)
        filled = np.flatnonzero((np.frombuffer(entries, np.uint64).reshape(256, -1)[:, :3] != MASK_64).any(axis=1))
        counts = [_word(words, description + COUNT) for words in (empty, used)]
        is_count_right = counts == [0, len(pages)] and set(filled.tolist()) == {page & 255 for page in pages}
        has_given_way = _word(used, description + VICTIM_COUNT) or {_word(used, at) for at in victims} != {MASK_64}
        if not is_count_right or has_given_way:
            raise EngineError(_NOT_AS_KNOWN)


def _find_blocks(empty: npt.NDArray[np.uint64], used: npt.NDArray[np.uint64]) -> int:
    """Where the words for blocks begin, if these are those before and after the experiment.

    :raises EngineError: if they are not found.
    """
    wanted = sorted(_word_of_block(address) for address, _ in _EXPERIMENTS)
    for at in np.flatnonzero(used).tolist():
        first = at - wanted[0]
        if first >= 0 and not empty[first : first + BLOCK_WORDS].any():
            found = np.flatnonzero(used[first : first + BLOCK_WORDS])
            if found.tolist() == wanted:
                return 8 * first - _BEFORE
    raise EngineError(_NOT_AS_KNOWN)
