# SPDX-License-Identifier: GPL-2.0-or-later
"""Where in storage an instruction has been intercepted, for all engines of a configuration.

Whether COMPARE LOGICAL or EXECUTE RELATIVE LONG is intercepted depends on the block or on registers.  An intercepted
instruction is more work than one that the engine executes, so it stays intercepted, however and by whichever CPU it is
reached, until its page is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable


class InterceptedPlaces:
    """The places: absolute pages and offsets in them."""

    def __init__(self) -> None:
        self._offsets: defaultdict[int, set[int]] = defaultdict(set)
        self.listeners: list[Callable[[int, int], None]] = []
        """Called with the page and the offset, when a place is added."""

    def holds(self, page: int, offset: int) -> bool:
        """Whether an instruction there has been intercepted."""
        return page in self._offsets and offset in self._offsets[page]

    def add(self, page: int, offset: int) -> None:
        """Intercept the instruction there from now on."""
        if offset not in self._offsets[page]:
            self._offsets[page].add(offset)
            for listener in self.listeners:
                listener(page, offset)

    def forget(self, page: int) -> None:
        """The code in absolute *page* is not what it was."""
        self._offsets.pop(page, None)
