# SPDX-License-Identifier: GPL-2.0-or-later
"""The balloon: what the kernel has given to the host because it was asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guest_kernel.scripted.state.mm_types import Page


class Cmm:
    """The balloon."""

    def __init__(self) -> None:
        self.page_list: list[Page] = []
        """Pages that the host has been given."""
        self.pages_target = 0
        """How many it is to have."""
        self.requests = 0
        """Messages that asked for something."""

    @property
    def pages(self) -> int:
        """How many pages the host has been given."""
        return len(self.page_list)
