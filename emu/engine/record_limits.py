# SPDX-License-Identifier: GPL-2.0-or-later
"""How large the tables of the shared record are, what some of its words mean, and why a callback stops the engine."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class StopReason(IntEnum):
    """Why a callback stopped the engine."""

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
    REFUSED_STORE = 7
    """An instruction would store into low storage what only the careful engine can."""
    REFUSED_ACCESS = 8
    """An instruction has an access exception whose interruption is not plain."""
    TRACE_FULL = 9
    """What has been traced must be taken before the block begins."""
    TRACED_ALONE = 10
    """What the instruction accesses is found where it is executed alone."""


MEMO_BITS: Final = 16
MEMO_BLOCKS: Final = 1 << MEMO_BITS
"""How many blocks are remembered."""
PAGES: Final = 1 << 14
"""How many pages of code are shown at a time."""
EPOCHS: Final = 1 << 12
"""How many epochs there are, each of which belongs to many pages."""
FILLS: Final = 1 << 15
"""How many fills are remembered."""
MOST_CPUS: Final = 248
"""For so many CPUs there is room."""
MOST_STARTS: Final = 1 << 20
"""For so many translations of blocks there is a word."""
MOST_LEFT: Final = 1 << 31
"""So much of a budget is set at a time, at most."""
MOST_FILLED: Final = 64
"""How many fills since the last flush of Unicorn's own buffer are noted one by one."""
CONTEXT_BITS: Final = 8
CONTEXTS: Final = 1 << CONTEXT_BITS
"""How many contexts compiled instructions find again."""
MOST_INSTRUCTIONS: Final = 512
"""For so many declared instructions there is room."""
SUPERVISOR_CALLS: Final = 1 << 8
"""Numbers of supervisor calls."""
FACILITY_WORDS: Final = 4
"""Words of 64 facility bits."""
MOST_SUPPLIED: Final = 1 << 8
"""So many pages can be given frames until the host is told."""
CONDITIONS: Final = 1 << 9
"""Codes of program interruptions."""
WATCHED_BITS: Final = 1 << 12
"""Bits that say which pages are watched."""
FOLLOWED_BITS: Final = 1 << 12
"""Bits that say of which pages the state is followed."""
FOLLOWED_WORDS: Final = 4
"""Words of 32 bits in a register that is followed, at most."""
FOLLOWED_CHANGES: Final = 1 << 10
"""So many of its changes are kept, the last ones."""
NO_CONTEXT: Final = 0xFFFF_FFFF_FFFF_FFFF
"""A context that nothing is remembered of, or may be."""
STOP_BITS: Final = 1 << 16
"""Bits that say at which addresses a stop may wait for an instruction."""
NO_PAGE: Final = 0xFFFF_FFFF_FFFF_FFFF
"""In the keys of shown pages: none is shown there."""


SHORT_ADDRESSES: Final = 1 << 63
"""In the mode: that of addresses is 24 or 31 bits.  No such address has this bit in a key."""

LONE_HAS_OTHER_CPUS: Final = 1
LONE_KEYS_FOLLOWED: Final = 2
"""What the function for one instruction by itself is told: see emu.engine.rules.lone."""
LONE_SUPPLIED: Final = 1 << 13
LONE_OTHER: Final = 1 << 14
LONE_EXECUTED: Final = 1 << 15
LONE_WORK: Final = 16
"""In what it gives: to the right the number of the instruction; whether a page has got a frame; whether it is none of
the instructions that it executes; whether it was executed; and from this bit on its work."""
