# SPDX-License-Identifier: GPL-2.0-or-later
"""The code that one engine has been shown: from which frames it executes, and at which virtual pages they are.

Blocks are translated from the guest's own frames.  What was translated of a page, and what is known of its blocks, is
good until the page is written or its frame is taken; the engine makes sure that it hears of that first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.instruction_length import instruction_length

if TYPE_CHECKING:
    from emu.engine.blocks import BlockState
    from emu.engine.fills import RememberedFills
    from emu.engine.library import Unicorn
    from emu.engine.stop_places import StopPlaces
    from emu.storage import Storage

FRAMES: Final = 1 << 40
"""Where the host's frame pool lies in the engine's physical memory."""
_LONGEST: Final = 6
_PRIMARY: Final = (1, 2)
"""Modes in which instructions come from the primary space."""


class ShownCode:
    """The code that one engine has been shown.

    A virtual page is told together with the mode of fetches there (see *mode* in :mod:`emu.engine.record`).
    """

    def __init__(
        self,
        state: BlockState,
        unicorn: Unicorn,
        fills: RememberedFills,
        storage: Storage,
        places: StopPlaces,
    ) -> None:
        self._state = state
        self._unicorn = unicorn
        self._fills = fills
        self._storage = storage
        self._stop_places = places
        self._frames: dict[int, int] = {}
        """The offset in the frame pool of each absolute page that was shown since its code was last dropped."""
        self._pages: dict[tuple[int, int], int] = {}
        """The absolute page at each virtual page and mode."""
        self._places: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        """The same the other way round."""
        self._trapped: dict[tuple[int, int], bytes | None] = {}
        """What :meth:`instruction` has found, by address and mode, since a page was last shown anew or hidden."""

    def show(self, virtual_page: int, mode: int, page: int, frame: int) -> None:
        """Show the code of absolute *page*, which lies at *frame* in the pool, at *virtual_page*."""
        where = (virtual_page, mode)
        if self._pages.get(where) != page:
            # Unicorn does not ask again when one of two modes with the same space for instructions follows the other.
            for each in {mode, mode ^ 3 if mode & 3 in _PRIMARY else mode}:
                if self._pages.get((virtual_page, each), page) != page:
                    self._hide((virtual_page, each))
            self._pages[where] = page
            self._places[page].add(where)
            self._frames[page] = frame
            self._trapped.clear()
            self._stop_places.page_shown(virtual_page, page)
        self._state.show_page(virtual_page, mode, self._storage.hypervisor.frame_address + frame)

    def is_shown(self, virtual_page: int, mode: int, page: int) -> bool:
        """Whether the code of absolute *page* is shown at *virtual_page*."""
        return self._pages.get((virtual_page, mode)) == page

    def _hide(self, where: tuple[int, int]) -> None:
        """Show no more what is shown there; something is."""
        self._places[self._pages.pop(where)].discard(where)
        self._trapped.clear()
        self._state.forget_blocks_in(where[0])
        self._state.hide_page(*where)

    def show_again(self, virtual_page: int, mode: int) -> bool:
        """Show what was shown there last: the callbacks may see another page in its stead.  Give whether there is."""
        page = self._pages.get((virtual_page, mode))
        if page is None:
            return False
        self._state.show_page(virtual_page, mode, self._storage.hypervisor.frame_address + self._frames[page])
        return True

    def read(self, address: int, length: int, mode: int) -> bytes:
        """The *length* bytes of code at *address*.

        :raises KeyError: if it has not been shown.
        """
        found = b""
        while len(found) < length:
            at = address + len(found)
            offset = at & (PAGE_SIZE - 1)
            frame = self._frames[self._pages[at >> 12, mode]]
            found += self._storage.read_frame(frame + offset, min(length - len(found), PAGE_SIZE - offset))
        return found

    def instruction(self, address: int, mode: int) -> bytes | None:
        """The instruction at *address*, whose fetch was checked when the engine asked for the page.

        None if it is not known, or may reach into the next page.
        """
        where = (address, mode)
        if where not in self._trapped:
            is_known = (address >> 12, mode) in self._pages and address & (PAGE_SIZE - 1) <= PAGE_SIZE - _LONGEST
            found = self.read(address, _LONGEST, mode) if is_known else None
            self._trapped[where] = found and found[: instruction_length(found[0])]
        return self._trapped[where]

    def shown_instruction(self, address: int, mode: int) -> bytes | None:
        """The same as it is now, also where the page has been written since, if it is shown."""
        if (address >> 12, mode) not in self._pages or address & (PAGE_SIZE - 1) > PAGE_SIZE - _LONGEST:
            return None
        found = self.read(address, _LONGEST, mode)
        return found[: instruction_length(found[0])]

    def retranslate(self, address: int, mode: int) -> None:
        """Drop the blocks that hold the instruction at *address*: it is to be translated differently."""
        self._drop(self._frames[self._pages[address >> 12, mode]] + (address & (PAGE_SIZE - 1)), 1)

    def forget_all(self) -> None:
        """The same for all pages."""
        for page in list(self._frames):
            self.forget(page)

    def forget(self, page: int) -> None:
        """Drop what was translated of absolute *page*, and show it no more."""
        frame = self._frames.pop(page, None)
        if frame is not None:
            for where in list(self._places[page]):
                self._hide(where)
            del self._places[page]
            self._drop(frame, PAGE_SIZE)

    def _drop(self, frame: int, length: int) -> None:
        # Unicorn's question where that lies must not be answered from memory.
        self._fills.leave()
        self._unicorn.drop_code(FRAMES + frame, length)
