# SPDX-License-Identifier: GPL-2.0-or-later
"""What eviction does with a page: the tables, and how they are looked up.

Whoever has to know what may go without I/O asks here (:func:`may_drop`); only :mod:`host.data_loss`, which checks the
host, has rules of its own.

z/VM profile: tables 5.1 and 2.3 of the page-hinting reference.  KVM profile: reference 6.2 and 6.4.  The host drops
resident pages that are unused, and looks at no other usage; no eviction changes the usage, and what is not resident is
shown as preserved.  Without ESSA (profile OFF) every page is stable.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.page_states import CONTENT_MASK, USAGE_MASK, Content, Profile, Usage, name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Table = NDArray[np.uint8]


class EvictionOutcome(IntEnum):
    """What the host does with the content of the page."""

    DROP = 0
    """Throw it away, without I/O."""
    PRESERVE = 1
    """Write it to the paging device, unless it is all zeros."""


CHANGED: Final = 0x10
"""In an index: the change bit that the guest sees."""
_SHOWN: Final = np.uint8(USAGE_MASK | CONTENT_MASK)
_CHANGED_SHIFT: Final = np.uint8(CHANGED.bit_length() - 1)
INDICES: Final = 2 * CHANGED
"""How many indices there are."""
INVALID: Final = 255
"""The entry of a page that is not resident, or in a state that the profile does not have."""

# The state before, with "clean" or "dirty" where the change bit matters; the outcome; the state after; and, where it is
# another one, the state after if the content is all zeros and is not written.
_ZVM_TABLE: Final = """
    Sr        preserve  Sp  Sz
    Ur        drop      Uz
    Vr        drop      Vz
    Pr clean  drop      Vz
    Pr dirty  preserve  Sp  Sz
"""
_KVM_TABLE: Final = """
    Sr        preserve  Sp
    Ur        drop      Up
    Vr        preserve  Vp
    Pr        preserve  Pp
"""
_OFF_TABLE: Final = """
    Sr        preserve  Sp  Sz
"""
_STATES: Final = {name(usage | content): usage | content for usage in Usage for content in Content}


def _read_table(text: str) -> tuple[Table, Table, Table]:
    """The table as three arrays by index: outcome, state after, state after if the content is all zeros."""
    outcomes, after, after_zero = (np.full(INDICES, INVALID, dtype=np.uint8) for _ in range(3))
    for line in text.strip().splitlines():
        before, *cells = line.split()
        when = cells.pop(0) if cells[0] in {"clean", "dirty"} else ""
        outcome, state, *zero = cells
        for changed in {"clean": (0,), "dirty": (CHANGED,)}.get(when, (0, CHANGED)):
            index = _STATES[before] | changed
            outcomes[index] = EvictionOutcome[outcome.upper()]
            after[index] = _STATES[state]
            after_zero[index] = _STATES[zero[0] if zero else state]
    for table in (outcomes, after, after_zero):
        table.setflags(write=False)
    return outcomes, after, after_zero


_TABLES: Final = {
    Profile.ZVM: _read_table(_ZVM_TABLE),
    Profile.KVM: _read_table(_KVM_TABLE),
    Profile.OFF: _read_table(_OFF_TABLE),
}
# Each is indexed by what table_index gives; no-DAT is not theirs, callers keep it.
OUTCOMES: Final[dict[Profile, Table]] = {profile: tables[0] for profile, tables in _TABLES.items()}
"""The :class:`EvictionOutcome`."""
AFTER: Final[dict[Profile, Table]] = {profile: tables[1] for profile, tables in _TABLES.items()}
"""The state afterwards, in its low four bits."""
AFTER_ZERO: Final[dict[Profile, Table]] = {profile: tables[2] for profile, tables in _TABLES.items()}
"""The same if content to be preserved is all zeros, and is therefore not written."""


def table_index(states: NDArray[np.uint8], changed: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The index, in the tables, of pages in *states*; as wide as numpy wants indices.

    :param changed: the change bits that the guest sees of them.
    """
    index = (states & _SHOWN) | (changed.view(np.uint8) << _CHANGED_SHIFT)
    return index.astype(np.intp)


def may_drop(profile: Profile, states: NDArray[np.uint8], changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each of the resident pages in *states*, whether a host of that *profile* drops it without I/O.

    :param changed: the change bits that the guest sees of them.
    """
    return np.asarray(OUTCOMES[profile][table_index(states, changed)] == EvictionOutcome.DROP)
