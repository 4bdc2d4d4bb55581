# SPDX-License-Identifier: GPL-2.0-or-later
"""Where code is shown: which slot of :class:`~emu.engine.code.CodePages` an engine has found at which virtual page.

The compiled callbacks see a part of it, and remember how many instructions the blocks there have.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from emu.addresses import PAGE_SIZE

if TYPE_CHECKING:
    from emu.engine.blocks import BlockState
    from emu.engine.code import CodePages


class ShownCode:
    """The code that one engine has been shown."""

    def __init__(self, state: BlockState, code: CodePages) -> None:
        self._state = state
        self._address = code.address
        self._slots: dict[tuple[int, int], int] = {}
        self._pages: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)

    def show(self, virtual_page: int, mode: int, slot: int) -> None:
        """Show the code in *slot* at *virtual_page* for fetches in *mode* (see MODE in :mod:`emu.engine.blocks`)."""
        where = (virtual_page, mode)
        before = self._slots.get(where)
        if before != slot:
            if before is not None:
                self._pages[before].discard(where)
                self._state.forget_blocks_in(virtual_page)
            self._slots[where] = slot
            self._pages[slot].add(where)
        self._state.show_page(virtual_page, mode, self._address + slot * PAGE_SIZE)

    def find(self, virtual_page: int, mode: int) -> int | None:
        """The slot that was shown there last, if any was."""
        return self._slots.get((virtual_page, mode))

    def slot(self, virtual_page: int, mode: int) -> int:
        """The same of a page where code has been shown.

        :raises KeyError: if it has not.
        """
        return self._slots[virtual_page, mode]

    def forget_blocks(self, slot: int) -> None:
        """Forget what is known of the blocks in *slot*, wherever it is shown: its code is not what it was."""
        for virtual_page, _ in self._pages[slot]:
            self._state.forget_blocks_in(virtual_page)

    def clear(self) -> None:
        """Nothing is shown any more."""
        self._slots.clear()
        self._pages.clear()
        self._state.forget_blocks()
