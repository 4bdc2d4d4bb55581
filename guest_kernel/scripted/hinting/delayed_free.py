# SPDX-License-Identifier: GPL-2.0-or-later
"""Delayed freeing of discarded pages (patch 6, reference 3.5).

The discard fault reports an absolute address.  Until its handler has looked the page up the page must not become
another one, so a discarded page is freed only when every CPU has been enabled for interruptions at least once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.state.page import DISCARDED

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.page import Page


class DiscardLists:
    """The three stages: a list of each CPU, the gather list, and the sign-off list with the CPUs still to sign."""

    def __init__(self, cpus: int) -> None:
        self.per_cpu: list[list[Page]] = [[] for _ in range(cpus)]
        self.gather: list[Page] = []
        self.signoff: list[Page] = []
        self.mask: set[int] = set()
        """CPUs that have not signed the sign-off list yet."""


def page_free_discarded(kernel: Kernel, page: Page) -> bool:
    """Keep the discarded *page*, which is being freed, for now; False if it may be freed at once."""
    if 6 not in kernel.patches or not kernel.cmma_flag or not kernel.rules.delayed_free:
        return False
    kernel.discard_lists.per_cpu[kernel.smp_processor_id].append(page)
    return True


def page_shrink_discard_list(kernel: Kernel) -> Script[None]:
    """What each CPU does where it is enabled: in the idle loop and in the timer interruption.

    A CPU without a script to run is idle without a tick: it cannot be in the middle of a discard fault.
    """
    lists, cpu = kernel.discard_lists, kernel.smp_processor_id
    lists.gather += lists.per_cpu[cpu]
    lists.per_cpu[cpu].clear()
    lists.mask.discard(cpu)
    if lists.mask:
        return
    pages, lists.signoff = lists.signoff, []
    for page in pages:
        page.flags &= ~DISCARDED
        yield from kernel.free_cold_page(page)
    if lists.gather:
        lists.signoff, lists.gather = lists.gather, []
        lists.mask = kernel.busy_cpus - {cpu}
