# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of the kernel's and the processes' data, of which a scenario gives only the number.

The first doubleword of each page that has been touched is known and checked whenever somebody looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.cpu.instructions import Load, Store
from guest_kernel.scripted.mm.page_alloc import alloc_pages, free_pages
from guest_kernel.scripted.state.history import wrong_content

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page

_SERIAL_SHIFT: Final = 44
"""Above the bits of any absolute address here."""


class PageGroup:
    """Allocated pages under a name."""

    def __init__(self, name: str, serial: int) -> None:
        self.name = name
        self._serial = serial
        self._blocks: list[tuple[Page, int]] = []
        """The first page and the order of each block."""
        self._touched: list[Page] = []
        self._untouched: list[Page] = []

    @property
    def touched(self) -> int:
        """How many of its pages something has been stored to."""
        return len(self._touched)

    def grow(self, kernel: Kernel, order: int = 0, *, touched: int = 1) -> Script[None]:
        """Allocate a block, and store to its first *touched* pages.

        :raises guest_kernel.scripted.mm.page_alloc.OutOfMemory: if there is none.
        """
        first = yield from alloc_pages(kernel, order)
        self._blocks.append((first, order))
        pages = kernel.mem_map[first.frame : first.frame + (1 << order)]
        for page in pages[:touched]:
            yield from self._store(page)
        self._untouched += pages[touched:]

    def touch(self) -> Script[None]:
        """Store to the next page that has not been touched."""
        yield from self._store(self._untouched.pop(0))

    def _store(self, page: Page) -> Script[None]:
        yield Store(page.address, self._value(page))
        self._touched.append(page)

    def _value(self, page: Page) -> int:
        return self._serial << _SERIAL_SHIFT | page.address

    def verify(self, kernel: Kernel, number: int) -> Script[None]:
        """Load from the touched page *number*, from 0.

        :raises KernelBug: if it is not what has been stored there.
        """
        page = self._touched[number]
        found = yield Load(page.address)
        if found != self._value(page):
            raise wrong_content(kernel.history, page, f"group {self.name}", found=found, expected=self._value(page))

    def shrink(self, kernel: Kernel) -> Script[int]:
        """Free the block allocated last, and return how many pages it had; 0 if there is none left."""
        if not self._blocks:
            return 0
        page, order = self._blocks.pop()
        yield from free_pages(kernel, page, order)
        return 1 << order
