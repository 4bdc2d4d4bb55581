# SPDX-License-Identifier: GPL-2.0-or-later
"""Code in the prefix area that Unicorn is not shown: a page takes its place in which every instruction traps.

Kernels leave through a LOAD PSW in the low core, beside what each interruption stores.  Were that a page of code, every
interruption would have to drop what was translated of it.  So where the next instruction there is one that is executed
compiled, Unicorn is shown a page of zeros, which are no instructions, and the callback for exceptions executes the
instruction that it finds in the guest's storage.  Any other that Unicorn comes to in that page traps as well, and is
executed alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE

if TYPE_CHECKING:
    from emu.engine.library import Unicorn

TRAPPING_PAGE: Final = 1 << 39
"""Engine-physical address of that page."""


def map_trapping_page(unicorn: Unicorn) -> None:
    """Give *unicorn* that page."""
    unicorn.uc.mem_map(TRAPPING_PAGE, PAGE_SIZE)
