# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel can go without, to see what it is for: patches of the series, and rules that protect against races."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALL_PATCHES: Final = frozenset(range(1, 7))


@dataclass(slots=True)
class Rules:
    """Rules that protect against races; each can be switched off, to see the damage that it prevents."""

    state_change_lock: bool = True
    """make_stable waits for a make_volatile that has begun (reference 4.2.3)."""
    discarded_at_mapping: bool = True
    """Whoever sets a page-table entry looks at PG_discarded under the page_table_lock (reference 3.4)."""
    stable_before_slot_is_freed: bool = True
    """A page of the swap cache is made stable before its slot is given up, and keeps the slot if it has been discarded
    (reference 3.4 and 4.3)."""
    check_address_locked: bool = True
    """page_check_address takes the page_table_lock also where it would find nothing (reference 3.4)."""
    discarded_test_and_set: bool = True
    """page_discard removes a page only if PG_discarded was not set before (reference 3.4)."""
    discarded_before_removal: bool = True
    """Whoever removes a page in another way sets PG_discarded first, and keeps it if the host has discarded the page:
    then it is freed late (reference 3.4)."""
    discarded_before_lru: bool = True
    """A discarded page does not get on an LRU list (reference 3.4)."""
    delayed_free: bool = True
    """A discarded page is freed when every CPU has been enabled once (reference 3.5)."""
    stable_before_clean: bool = True
    """A changed page is made stable before its change bit gets into PG_dirty (reference 2.6, hazard 1)."""
    writable_makes_stable: bool = True
    """A page that cannot be potentially volatile is made stable before a writable entry is set (reference 4.5)."""
