# SPDX-License-Identifier: GPL-2.0-or-later
"""Stores of the engine that runs freely into pages of which low-address protection leaves a part (PoP 3).

Such a page is shown to Unicorn for stores at another place than for everything else: there the frames are read-only, so
that Unicorn asks about each store (UC_HOOK_MEM_WRITE_PROT), with its address and everything in the CPU as it is before
the instruction.  The compiled callback makes the stores that are allowed; otherwise nothing of the instruction is done,
and it is executed alone.  Linux keeps its low core there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unicorn import unicorn_const as uc_const

from emu.addresses import LOW_PAGES_END, PAGE_SHIFT

if TYPE_CHECKING:
    from emu.engine.library import Unicorn

CHECKED_FRAMES: Final = 1 << 60
"""Engine-physical address at which the frame pool is shown, read-only, for the first page of effective addresses."""
CHECKED_SHIFT: Final = 50
"""So many bits to the left, the number of a low page says how far behind the pool is shown for that one."""
FIRST_UNPROTECTED: Final = 512
"""The first byte of a low page that low-address protection lets be stored into: there it is asked about the page."""


def map_checked_frames(unicorn: Unicorn, size: int, host_address: int, callback: int, record_address: int) -> None:
    """Show the frame pool of *size* bytes so, and have *callback* asked about the stores there.

    :raises EngineError: if Unicorn refuses the callback.
    """
    for page in range(LOW_PAGES_END >> PAGE_SHIFT):
        place = CHECKED_FRAMES + (page << CHECKED_SHIFT)
        unicorn.map(place, size, uc_const.UC_PROT_ALL, host_address)
        # Mapped so from the beginning, Unicorn 2.1.4 would store without asking.
        unicorn.uc.mem_protect(place, size, uc_const.UC_PROT_READ)
    # Where a callback may be asked about stores, all of them leave translated code: it must be asked nowhere else.
    end = CHECKED_FRAMES + (LOW_PAGES_END >> PAGE_SHIFT << CHECKED_SHIFT)
    unicorn.hook(uc_const.UC_HOOK_MEM_WRITE_PROT, callback, record_address, first=CHECKED_FRAMES, last=end - 1)
