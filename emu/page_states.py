# SPDX-License-Identifier: GPL-2.0-or-later
"""Page states and the transitions that ESSA makes: the tables, and nothing but the tables.

The instruction itself is in :mod:`emu.isa.page_hinting`.  Reference: the tables 1.4 (z/VM profile) and 6.4 (KVM
profile) of the page-hinting reference, built from patch 6 of version 7 and from KVM's emulation.

A state is kept as the byte that ESSA returns: content in 0x03, usage in 0x0c, no-DAT in 0x20.
"""

from __future__ import annotations

import contextlib
from enum import Enum, IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.state import Section


class Content(IntEnum):
    """Block content state, the host's side of a page."""

    RESIDENT = 0
    PRESERVED = 2
    ZERO = 3


class Usage(IntEnum):
    """Block usage state, the guest's side of a page, in place in the state byte."""

    STABLE = 0x00
    UNUSED = 0x04
    POTENTIALLY_VOLATILE = 0x08
    VOLATILE = 0x0C


CONTENT_MASK: Final = 0x03
USAGE_MASK: Final = 0x0C
NO_DAT: Final = 0x20
STATE_BITS: Final = 0x3F
"""More than a state has: so many bits of the index into a table of transitions are the state's."""

NOT_RESIDENT_STABLE: Final = USAGE_MASK | CONTENT_MASK
"""A page whose state has none of these bits is resident and stable: an access changes nothing of it."""
STABLE_RESIDENT: Final = Usage.STABLE | Content.RESIDENT
DISCARDED: Final = Usage.VOLATILE | Content.ZERO


class OperationRequest(IntEnum):
    """ESSA operation request codes, the M3 field."""

    GET_STATE = 0
    SET_STABLE = 1
    SET_UNUSED = 2
    SET_VOLATILE = 3
    SET_POTENTIALLY_VOLATILE = 4
    SET_STABLE_AND_MAKE_RESIDENT = 5
    SET_STABLE_IF_NOT_DISCARDED = 6
    SET_STABLE_NO_DAT = 7


class Profile(Enum):
    """Whose ESSA this machine has."""

    ZVM = "zvm"
    """The architected one: discard faults are delivered."""
    KVM = "kvm"
    """KVM's: no faults, non-resident pages keep their usage."""
    OFF = "off"
    """None: ESSA is an operation exception."""


ABSENT: Final = {
    Profile.ZVM: Content.ZERO,
    Profile.KVM: Content.PRESERVED,
    Profile.OFF: Content.ZERO,
}
"""The content state of a page that is nowhere.

KVM shows every page without a page-table entry as preserved, also one that never existed (reference 6.4, inferred).
"""


class PageStates:
    """The state byte of every page of absolute storage; a new page is stable and nowhere: Sz, or KVM's Sp."""

    STATE = Section("page states", "array", excluded={"bytes": "a view of the array", "transitions": "a table"})

    def __init__(self, pages: int, profile: Profile = Profile.ZVM) -> None:
        self.array = np.full(pages, int(ABSENT[profile]), dtype=np.uint8)
        self.bytes = self.array.data
        self.transitions = transition_table(profile)
        """The state after, by :func:`transition_index`."""

    def transition(self, page: int, request: int, changed: bool) -> int:
        """The state of *page* after ESSA with *request*, its change bit being *changed*.

        :raises KeyError: if its state is not valid in this profile.
        """
        after = int(self.transitions[transition_index(self.bytes[page], request, changed)])
        if after == NO_TRANSITION:
            raise KeyError(page)
        return after

    def reset(self) -> None:
        """Make every page stable and clear no-DAT, as a clear or load-clear reset does (reference 6.1, 6.6)."""
        self.array &= CONTENT_MASK


def without_content(state: int, profile: Profile) -> int:
    """The state of a page in *state* once its content is nowhere; usage and no-DAT stay.

    Only Pz does not exist in the z/VM profile: Vz takes its place (reference 1.4).
    """
    absent = state & ~CONTENT_MASK | ABSENT[profile]
    if profile is Profile.ZVM and absent & USAGE_MASK == Usage.POTENTIALLY_VOLATILE:
        absent |= Usage.VOLATILE
    return absent


def name(state: int) -> str:
    """The two-letter name of a state as the reference writes it, with ``+NT`` for no-DAT: ``Sr``, ``Vz``, ``Sr+NT``."""
    usage = {Usage.STABLE: "S", Usage.UNUSED: "U", Usage.POTENTIALLY_VOLATILE: "P", Usage.VOLATILE: "V"}
    content = {Content.RESIDENT: "r", Content.PRESERVED: "p", Content.ZERO: "z"}
    letters = usage[Usage(state & USAGE_MASK)] + content[Content(state & CONTENT_MASK)]
    return letters + "+NT" if state & NO_DAT else letters


_STATES: Final = {
    letters + suffix: usage | content | no_dat
    for letters, usage, content in (
        (u_letter + c_letter, usage, content)
        for u_letter, usage in (("S", 0x00), ("U", 0x04), ("P", 0x08), ("V", 0x0C))
        for c_letter, content in (("r", 0), ("p", 2), ("z", 3))
    )
    for suffix, no_dat in (("", 0), ("+NT", NO_DAT))
}

# Rows are the state before (the value ESSA returns); columns are the request codes 0 to 7.  "clean/dirty" gives the
# result with the change bit zero and one.  No-DAT: cleared by 1, set by 7, kept by the others.
_ZVM_TABLE: Final = """
    Sr  Sr  Sr  Ur  Vr  Pr     Sr  Sr  Sr
    Sp  Sp  Sp  Uz  Vz  Vz/Sp  Sr  Sp  Sp
    Sz  Sz  Sz  Uz  Vz  Vz     Sr  Sz  Sz
    Ur  Ur  Sr  Ur  Vr  Pr     Sr  Sr  Sr
    Uz  Uz  Sz  Uz  Vz  Vz     Sr  Sz  Sz
    Pr  Pr  Sr  Ur  Vr  Pr     Sr  Sr  Sr
    Vr  Vr  Sr  Ur  Vr  Pr     Sr  Sr  Sr
    Vz  Vz  Sz  Uz  Vz  Vz     Sr  Vz  Sz
"""
_KVM_TABLE: Final = """
    Sr  Sr  Sr  Ur  Vr  Pr     Sr  Sr  Sr
    Sp  Sp  Sp  Uz  Vz  Vz/Sp  Sp  Sp  Sp
    Sz  Sz  Sz  Uz  Vz  Vz     Sz  Sz  Sz
    Ur  Ur  Sr  Ur  Vr  Pr     Sr  Sr  Sr
    Up  Up  Sp  Uz  Vz  Vz/Sp  Sp  Up  Sp
    Uz  Uz  Sz  Uz  Vz  Vz     Sz  Uz  Sz
    Pr  Pr  Sr  Ur  Vr  Pr     Sr  Sr  Sr
    Pp  Pp  Sp  Uz  Vz  Vz/Sp  Sp  Pp  Sp
    Pz  Pz  Sz  Uz  Vz  Vz     Sz  Pz  Sz
    Vr  Vr  Sr  Ur  Vr  Pr     Sr  Sr  Sr
    Vp  Vp  Sp  Uz  Vz  Vz/Sp  Sp  Vp  Sp
    Vz  Vz  Sz  Uz  Vz  Vz     Sz  Vz  Sz
"""


def _read_table(text: str) -> dict[tuple[int, int, bool], int]:
    """The table as (state before, request code, changed) -> state after, for states with and without no-DAT."""
    table = {}
    for line in text.split("\n"):
        if not line.strip():
            continue
        before, *cells = line.split()
        for request, cell in enumerate(cells):
            clean, _, dirty = cell.partition("/")
            for changed, after in ((False, clean), (True, dirty or clean)):
                for no_dat in (0, NO_DAT):
                    kept = {1: 0, 7: NO_DAT}.get(request, no_dat)
                    table[_STATES[before] | no_dat, request, changed] = _STATES[after] | kept
    return table


TRANSITIONS: Final = {Profile.ZVM: _read_table(_ZVM_TABLE), Profile.KVM: _read_table(_KVM_TABLE)}


NO_TRANSITION: Final = 0xFF
"""In the table of transitions: the state is not valid."""


def transition_index(state: int, request: int, changed: bool) -> int:
    """Where in the table of transitions the state after stands."""
    return request << 7 | changed << 6 | state & STATE_BITS


def transition_table(profile: Profile) -> npt.NDArray[np.uint8]:
    """The transitions of *profile* as a table in a row, which compiled code reads as well."""
    table = np.full(len(OperationRequest) << 7, NO_TRANSITION, dtype=np.uint8)
    for (before, request, changed), after in TRANSITIONS.get(profile, {}).items():
        table[transition_index(before, request, changed)] = after
    return table


def touch_table(profile: Profile = Profile.ZVM, *, resident_unused_traps: bool = True) -> npt.NDArray[np.uint8]:
    """What :func:`touch` makes of each state, as a table in a row; NO_TRANSITION where that is an exception."""
    table = np.full(STATE_BITS + 1, NO_TRANSITION, dtype=np.uint8)
    for state in range(STATE_BITS + 1):
        with contextlib.suppress(ProgramInterruption):
            table[state] = touch(state, 0, profile, resident_unused_traps=resident_unused_traps)
    return table


def touch(state: int, page: int, profile: Profile, *, resident_unused_traps: bool = True) -> int:
    """The state of a page in *state* after the CPU touches it, given that the host has a frame for it.

    :param resident_unused_traps: whether Ur gives the exception like Uz; patch 6 says so, but a host that leaves its
        own translation valid could not do it (reference 2.4).
    :raises ProgramInterruption: z/VM profile: addressing for an unused page, resident or not, and discard fault with
        the absolute page address for a discarded one (reference 2.4, 3.1).
    """
    if profile is Profile.ZVM:
        usage = state & USAGE_MASK
        if usage == Usage.UNUSED and (resident_unused_traps or state & CONTENT_MASK):
            raise ProgramInterruption(ProgramInterruptionCode.ADDRESSING, unused_page=page)
        if state & (USAGE_MASK | CONTENT_MASK) == DISCARDED:
            raise ProgramInterruption(ProgramInterruptionCode.DISCARD_FAULT, translation_exception=page << 12)
    return state & ~CONTENT_MASK
