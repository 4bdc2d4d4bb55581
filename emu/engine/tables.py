# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are in the tables of the shared record: the hashes, once for Python and for compiled code."""

from __future__ import annotations

from typing import Final

from emu.addresses import PAGE_SHIFT
from emu.bits import MASK_64
from emu.engine.record_limits import (
    CONTEXT_BITS,
    EPOCHS,
    FILLS,
    FOLLOWED_BITS,
    MEMO_BITS,
    PAGES,
    STOP_BITS,
    WATCHED_BITS,
)
from emu.psw import ADDRESS_SPACE_CONTROL, DAT, are_operands_apart

MEMO_SPREAD: Final = 0x9E37_79B9_7F4A_7C15
"""Multiplied by it, addresses of blocks spread over the upper bits (Knuth, The Art of Computer Programming, 6.4)."""
CONTEXT_SPREAD: Final = 1021
"""How far apart the same page in two contexts is in the table of fills."""
HELD_BITS: Final = 22
HELD_PAGES: Final = 1 << HELD_BITS
"""For so many pages there is a word that says whether they are held; of larger storage, pages that lie so far apart
share one, and one of them is held at a time."""
HELD_WRITABLE: Final = 32
"""In the word of a page that is held: bits to the right are the number of its frame, this bit says whether it may be
stored into, and to the left are which of the pages that share the word it is, and the mark."""
HELD_OWNER: Final = HELD_WRITABLE + 1
HELD_MARK: Final = HELD_OWNER + 10
"""From which bits on those two are."""
CPU_STATE: Final = 3
CPU_CALL, CPU_RESTART, CPU_STOP = 2, 3, 4
"""In what is sensed of a CPU: a mask, and bits counted from the right."""
LAST_GENERATION: Final = (1 << 28) - 1
LAST_MARK: Final = (1 << 64 - HELD_MARK) - 1
CONTEXT_STEP: Final = 8
"""From one context to the next; the three bits below say DAT and address-space control."""


def block_key(address: int, mode: int) -> int:
    """The key of the block at *address*, whose instructions come from *mode*."""
    return (address << 2 | mode) & MASK_64


def block_tag(generation: int, mode: int) -> int:
    """What distinguishes blocks that were found good in this *generation* and *mode*: bits beyond any count."""
    return generation << 35 | mode >> 63 << 34 | (mode & 3) << 32


def memo_index(key: int) -> int:
    """Where in the memo the block with this *key* is, if it is there."""
    return (key * MEMO_SPREAD & MASK_64) >> 64 - MEMO_BITS


def page_key(page: int, mode: int) -> int:
    """The key of virtual *page* among the shown pages."""
    return (page << 2 | mode) & MASK_64


def epoch_index(page: int) -> int:
    """Where the epoch of virtual *page* is, which other pages share."""
    return (page ^ page >> 12) & EPOCHS - 1


def page_index(page: int) -> int:
    """Where among the shown pages virtual *page* is, if it is there."""
    return (page ^ page >> 12) & PAGES - 1


def fill_key(address: int, access: int) -> int:
    """The key of the fill for *address*, and the kind of *access* counted from the first."""
    return (address >> PAGE_SHIFT) << 2 | access & 3


def fill_index(key: int, context: int) -> int:
    """Where in the tables the fill with this *key* in *context* is, if it is there."""
    return (key ^ key >> 15 ^ context * CONTEXT_SPREAD) & FILLS - 1


def fetch_mode(addressing: int, system_mask: int) -> int:
    """Where instructions come from (see *mode* in :mod:`emu.engine.record`).

    :param addressing: SHORT_ADDRESSES if addresses are short, else zero.
    """
    if not system_mask & DAT:
        return addressing
    if are_operands_apart(system_mask):
        return addressing | 2
    return addressing | (3 if system_mask & ADDRESS_SPACE_CONTROL == ADDRESS_SPACE_CONTROL else 1)


def full_context(context: int, system_mask: int) -> int:
    """The number of *context* with what the PSW mask says of it: DAT, and the address-space control."""
    return context | system_mask >> 56 & 4 | system_mask >> 46 & 3


def context_index(primary: int, secondary: int, home: int, rest: int) -> int:
    """Where among the contexts is that of these address-space-control elements and what else it depends on, if it is
    there."""
    return ((primary + 3 * secondary + 5 * home + 7 * rest) * MEMO_SPREAD & MASK_64) >> 64 - CONTEXT_BITS


def context_rest(cr0: int, key: int, uses_access_registers: int) -> int:
    """What a context depends on besides those: the controls of CR0, the access key, whether operands are in the spaces
    of access registers."""
    return cr0 << 5 | key << 1 | uses_access_registers


def real_context(context: int) -> int:
    """The context of accesses by real address that belongs to *context*."""
    return context & -CONTEXT_STEP


def watched_index(page: int, access: int) -> int:
    """Which bit says whether this kind of *access* to *page*, an absolute or a logical one, is watched."""
    return (page << 2 ^ page >> 10 ^ access) & WATCHED_BITS - 1


def followed_index(page: int) -> int:
    """Which bit says whether the state of absolute *page* is followed."""
    return (page ^ page >> 12) & FOLLOWED_BITS - 1


def held_index(page: int) -> int:
    """Where the word of absolute *page* is."""
    return page & HELD_PAGES - 1


def held_owner(mark: int, page: int) -> int:
    """What the word of absolute *page* has from HELD_OWNER on while it is held.

    :param mark: distinguishes what is good from what was noted before a flush.
    """
    return (mark << HELD_MARK - HELD_OWNER | page >> HELD_BITS) & MASK_64 >> HELD_OWNER


def is_other_held(mark: int, page: int, word: int) -> bool:
    """Whether another page is held in the *word* of *page*."""
    return word >> HELD_MARK == mark and word >> HELD_OWNER != held_owner(mark, page)


def held_word(mark: int, page: int, frame: int, before: int, is_store: int) -> int:
    """What is noted of *page* when a translation leads to it, with the offset of its *frame* in the pool.

    :param before: what the word was; the page may have been shown for stores already, and no other is held there.
    """
    owner = held_owner(mark, page)
    writable = is_store | (before >> HELD_WRITABLE & 1 if before >> HELD_OWNER == owner else 0)
    return owner << HELD_OWNER | writable << HELD_WRITABLE | frame >> PAGE_SHIFT


def cpu_word(state: int, has_call: int, is_restarting: int, is_stopping: int) -> int:
    """What is sensed of a CPU: its state, counted in their order; whether an external call, a restart or a stop is
    pending."""
    return state | has_call << CPU_CALL | is_restarting << CPU_RESTART | is_stopping << CPU_STOP


def stop_index(address: int) -> int:
    """Which bit says whether the instruction at logical *address* may be one that a stop waits for."""
    return (address >> 1 ^ address >> 17) & STOP_BITS - 1
