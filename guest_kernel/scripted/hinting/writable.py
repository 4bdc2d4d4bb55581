# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages with writable page-table entries: potentially volatile instead of volatile (patch 4, reference 4.5).

A store through such an entry is noted in the change bit only; so the host has to look at that before it discards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.script import Place, Relax
from guest_kernel.scripted.hinting import page_states
from guest_kernel.scripted.hinting.volatile import StableReason, check_state_change, page_make_volatile
from guest_kernel.scripted.state.page_flags import WRITABLE

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page


def page_check_writable(kernel: Kernel, page: Page, offset: int) -> Script[None]:
    """A writable entry for *page* is about to be set; if it is the first, the page must not stay volatile.

    :param offset: as in :func:`~guest_kernel.scripted.hinting.volatile.check_state_change`.
    """
    if 4 not in kernel.patches or not page_states.page_host_discards(kernel) or page.flags & WRITABLE:
        return
    while not page_states.page_test_set_state_change(page):
        yield Relax("page_check_writable")
    yield Place("page_check_writable: has the lock")
    condition: StableReason | None = StableReason.REFERENCED
    if not page.flags & WRITABLE:
        page.flags |= WRITABLE
        condition = check_state_change(kernel, page, offset)
        if condition is None:
            yield from page_states.page_set_volatile(kernel, page, writable=True)
        elif kernel.rules.writable_makes_stable:
            # It may be volatile already, and somebody else maps it or has taken it off the LRU just now.
            yield from page_states.page_set_stable_if_present(kernel, page)
    page_states.page_clear_state_change(page)
    if condition is StableReason.REFERENCED:
        yield from page_make_volatile(kernel, page, 1)


def page_reset_writable(kernel: Kernel, page: Page) -> None:
    """The last mapping of *page* has gone; the bit may stay if the state is being changed."""
    if 4 in kernel.patches and page.flags & WRITABLE and page_states.page_test_set_state_change(page):
        page.flags &= ~WRITABLE
        page_states.page_clear_state_change(page)
