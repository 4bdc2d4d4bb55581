# SPDX-License-Identifier: GPL-2.0-or-later
"""What must be true of a scripted kernel and its processes whenever no script is running."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emu.page_states import CONTENT_MASK, USAGE_MASK
from guest_kernel.scripted.mm.pgtable import pte_file, pte_none, pte_present, pte_swap, pte_to_swap, pte_write
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import MmStruct
from tests.support.processes import entry

PAGE = 4096
_VALID_STATES = {(0x0, 0), (0x0, 2), (0x0, 3), (0x4, 0), (0x4, 3), (0x8, 0), (0xC, 0), (0xC, 3)}


def check_kernel(kernel: Kernel, processes: Sequence[MmStruct], start: int, places: int) -> None:
    """Check counts, flags and states of all pages, and all slots; processes map *places* pages from *start* on.

    Nothing that must not be lost is volatile, nothing that is free is anything but unused, and only the eight states
    of reference 2.2 occur.
    """
    mapped: Counter[int] = Counter()
    writable: set[int] = set()
    tables: set[int] = set()
    slots = Counter(dict.fromkeys(kernel.swap_cache, 1))
    for mm in processes:
        assert not mm.table.locked
        for table in (mm.table.top, *mm.table.segment_tables):
            # Only the first page of a block has a reference.
            frame = table >> 12
            tables.update(range(frame, frame + 4))
        for segment in mm.table.segments(start, start + places * PAGE):
            assert segment == start
            for place in range(places):
                pte = entry(kernel, mm, start + place * PAGE)
                if pte_present(pte):
                    mapped[pte >> 12] += 1
                    if pte_write(pte):
                        writable.add(pte >> 12)
                elif pte_swap(pte):
                    slots[pte_to_swap(pte)] += 1
                else:
                    assert pte_none(pte) or pte_file(pte)
    assert slots == kernel.swap.swap_map
    waiting = Counter(page for pagevec in kernel.lru.pagevecs for page in pagevec)
    states = kernel.machine.states.bytes
    for page in kernel.mem_map:
        usage, content = states[page.frame] & USAGE_MASK, states[page.frame] & CONTENT_MASK
        assert (usage, content) in _VALID_STATES, page
        assert page.mapcount == mapped[page.frame], page
        assert not page.flags & (flags.LOCKED | flags.WRITEBACK | flags.STATE_CHANGE), page
        in_swap_cache = bool(page.flags & flags.SWAP_CACHE)
        if page.flags & flags.ANON and page.count:
            assert page.count == page.mapcount + waiting[page] + in_swap_cache, page
            assert usage == 0 or (in_swap_cache and 2 in kernel.patches), page
        if page.flags & flags.DIRTY:
            assert usage == 0, page
        if page.frame in writable:
            # A potentially volatile page that nobody has changed becomes volatile when the host discards it.
            assert usage in {0, 0x08} or (4 in kernel.patches and content == 3), page
        if page.count == 0 and page.frame not in tables and not page.flags & flags.RESERVED:
            assert page.flags & flags.DISCARDED or usage == 0x04, page
