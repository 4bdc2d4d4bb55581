# SPDX-License-Identifier: GPL-2.0-or-later
"""Where in storage an instruction has been intercepted, for all CPUs of a configuration.

Whether COMPARE LOGICAL or EXECUTE RELATIVE LONG is intercepted depends on the block or on registers.  An intercepted
instruction is more work than one that the engine executes, so it stays intercepted, however and by whichever CPU it is
reached, until its page is written.  That makes it a part of the machine state: virtual time depends on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from emu.state import Section, computed


class InterceptedPlaces:
    """The places: absolute pages and offsets in them."""

    STATE = Section(
        "intercepted places",
        computed("offsets", "offsets", "put_offsets", of=("_offsets",)),
        excluded={"listeners": "the engines"},
    )

    def __init__(self) -> None:
        self._offsets: defaultdict[int, set[int]] = defaultdict(set)
        self.listeners: list[Callable[[int], None]] = []
        """Called with the page, when a place is added."""

    def holds(self, page: int, offset: int) -> bool:
        """Whether an instruction there has been intercepted."""
        return page in self._offsets and offset in self._offsets[page]

    def add(self, page: int, offset: int) -> None:
        """Intercept the instruction there from now on."""
        if offset not in self._offsets[page]:
            self._offsets[page].add(offset)
            for listener in self.listeners:
                listener(page)

    def forget(self, page: int) -> None:
        """The code in absolute *page* is not what it was."""
        self._offsets.pop(page, None)

    def offsets(self) -> dict[int, list[int]]:
        """The offsets in each page that has any."""
        return {page: sorted(offsets) for page, offsets in sorted(self._offsets.items()) if offsets}

    def put_offsets(self, offsets: dict[int, list[int]]) -> None:
        """Let these be the places, and no others; nothing that holds them has been translated."""
        self._offsets.clear()
        for page, there in offsets.items():
            self._offsets[page].update(there)
