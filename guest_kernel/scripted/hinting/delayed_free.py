# SPDX-License-Identifier: GPL-2.0-or-later
"""Delayed freeing of discarded pages (patch 6, reference 3.5).

The discard fault reports an absolute address.  Until its handler has looked the page up the page must not become
another one, so a discarded page is freed only when every CPU has been enabled for interruptions at least once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page


def page_free_discarded(kernel: Kernel, page: Page) -> bool:
    """Keep the discarded *page*, which is being freed, for now; False if it may be freed at once."""
    if 6 not in kernel.patches or not kernel.cmma_flag or not kernel.rules.delayed_free:
        return False
    kernel.discard_lists.per_cpu[kernel.smp_processor_id].append(page)
    return True
