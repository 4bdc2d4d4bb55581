# SPDX-License-Identifier: GPL-2.0-or-later
"""Locking pages of a process in memory (mm/mlock.c), with patch 3: pages of a file that is mapped locked are stable.

The patch never takes that back: from then on all pages of the file stay stable (reference 4.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.mm.gup import make_pages_present
from guest_kernel.scripted.mm.memory_map import isolate_areas

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct


def mlock(kernel: Kernel, mm: MmStruct, start: int, pages: int) -> Script[None]:
    """Have the *pages* pages at *start* in memory, and keep them there.

    :raises guest_kernel.scripted.mm.memory_map.MapError: if they are not all mapped.
    :raises guest_kernel.scripted.mm.faults.Signal: if there is nothing behind the mapping.
    """
    areas = isolate_areas(mm, start, pages)
    for area in areas:
        # mlock_fixup
        area.is_locked = True
        if area.file is not None and 3 in kernel.patches:
            area.file.mlocked = True
    for area in areas:
        yield from make_pages_present(kernel, mm, area.start, area.end)


def munlock(mm: MmStruct, start: int, pages: int) -> None:
    """Let the *pages* pages at *start* go again.

    :raises guest_kernel.scripted.mm.memory_map.MapError: if they are not all mapped.
    """
    for area in isolate_areas(mm, start, pages):
        area.is_locked = False
