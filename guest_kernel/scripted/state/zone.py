# SPDX-License-Identifier: GPL-2.0-or-later
"""struct zone: which pages are free (mmzone.h)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from guest_kernel.scripted.state.mm_types import Page

MAX_ORDER: Final = 11
"""The largest block has 2**10 pages."""


class Zone:
    """All storage: the free blocks by order, and the per-CPU lists of single pages."""

    def __init__(self, cpus: int) -> None:
        # Dictionaries as ordered sets: the last block freed is the first one used, and a buddy is found by its frame.
        self.free_area: list[dict[int, Page]] = [{} for _ in range(MAX_ORDER)]
        self.free_pages = 0
        self.per_cpu: list[deque[Page]] = [deque() for _ in range(cpus)]
        """Hot pages on the left, cold ones on the right."""
