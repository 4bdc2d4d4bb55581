# SPDX-License-Identifier: GPL-2.0-or-later
"""What files and processes must contain: a model of them that knows nothing of pages, tables and caches.

It is told what is written, mapped and stored, and says what every later read and load must give, whatever the kernel
and its host did with the pages meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from guest_kernel.scripted.state.block_device import page_content

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

_DOUBLEWORD: Final = 8


class Refused(Exception):  # noqa: N818 - it is what is expected
    """The process must get the signal *name* instead."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class PageContent:
    """The content of a page: what a version of a file has there, or zeros, and what was stored since."""

    inode: int | None = None
    """None: zeros."""
    index: int = 0
    version: int = 0
    stores: Mapping[int, int] = field(default_factory=dict)
    """Doublewords by their offsets."""

    def to_bytes(self) -> bytes:
        """All of it."""
        content = bytes(PAGE_SIZE) if self.inode is None else page_content(self.inode, self.index, self.version)
        if not self.stores:
            return content
        changed = bytearray(content)
        for offset, value in self.stores.items():
            changed[offset : offset + _DOUBLEWORD] = value.to_bytes(_DOUBLEWORD, "big")
        return bytes(changed)

    def doubleword(self, offset: int) -> int:
        """The doubleword at *offset*."""
        if offset in self.stores:
            return self.stores[offset]
        return 0 if self.inode is None else int.from_bytes(self.to_bytes()[offset : offset + _DOUBLEWORD], "big")

    def after_store(self, offset: int, value: int) -> PageContent:
        """The content after a doubleword has been stored."""
        return replace(self, stores={**self.stores, offset: value})


@dataclass(slots=True)
class _Mapped:
    """A page of a process: what it shows, and its own copy once there is one."""

    inode: int | None
    index: int
    is_shared: bool
    is_writable: bool
    own: PageContent | None = None


class ExpectedContent:
    """Files by their inode numbers, and processes by whatever they are called."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._changed: dict[tuple[int, int], PageContent] = {}
        """The pages of files that are not as they were at first."""
        self._versions: dict[tuple[int, int], int] = {}
        self._processes: dict[Hashable, dict[int, _Mapped]] = {}
        """The pages of each process by their numbers."""
        self._shared_memory = 0
        """Shared anonymous mappings so far: each is a file of zeros with a negative number."""

    def add_file(self, inode: int, pages: int) -> None:
        """There is a file of *pages* pages."""
        self._sizes[inode] = pages

    def file_page(self, inode: int, index: int) -> PageContent:
        """What page *index* of the file has."""
        return self._changed.get((inode, index)) or PageContent(None if inode < 0 else inode, index)

    def file_bytes(self, inode: int, index: int) -> bytes:
        """Every byte of that page."""
        changed = self._changed.get((inode, index))
        return page_content(inode, index) if changed is None else changed.to_bytes()

    def write(self, inode: int, index: int) -> PageContent:
        """Page *index* of the file is replaced by its next version: that."""
        version = self._versions[inode, index] = self._versions.get((inode, index), 0) + 1
        content = self._changed[inode, index] = PageContent(inode, index, version)
        return content

    def truncate(self, inode: int, pages: int) -> None:
        """The file has only *pages* pages from now on."""
        self._sizes[inode] = min(pages, self._sizes[inode])

    def begin(self, process: Hashable) -> None:
        """A *process* begins, in which nothing is mapped."""
        self._processes[process] = {}

    def end(self, process: Hashable) -> None:
        """The *process* has ended."""
        del self._processes[process]

    def fork(self, parent: Hashable, child: Hashable) -> None:
        """Process *child* begins as a copy of *parent*."""
        self._processes[child] = {number: replace(page) for number, page in self._processes[parent].items()}

    def map(
        self,
        process: Hashable,
        start: int,
        pages: int,
        *,
        inode: int | None = None,
        first: int = 0,
        shared: bool = False,
        writable: bool = True,
    ) -> None:
        """The *process* maps a file from page *first* on, or memory (None), at address *start*."""
        if inode is None and shared:
            self._shared_memory += 1
            inode = -self._shared_memory
            self.add_file(inode, pages)
        for number in range(pages):
            page = _Mapped(inode, first + number, shared, writable)
            self._processes[process][(start >> PAGE_SHIFT) + number] = page

    def unmap(self, process: Hashable, start: int, pages: int) -> None:
        """The *process* unmaps whatever it has mapped there."""
        for number in range(pages):
            self._processes[process].pop((start >> PAGE_SHIFT) + number, None)

    def remap(self, process: Hashable, start: int, pages: int, first: int) -> None:
        """The pages there of a shared mapping are those of the same file from page *first* on."""
        for number in range(pages):
            self._processes[process][(start >> PAGE_SHIFT) + number].index = first + number

    def protect(self, process: Hashable, start: int, pages: int, *, writable: bool) -> None:
        """The *process* may store there from now on, or may not."""
        for number in range(pages):
            self._processes[process][(start >> PAGE_SHIFT) + number].is_writable = writable

    def lock(self, process: Hashable, start: int, pages: int) -> None:
        """The pages there are brought in: as copies those that the *process* may store into and does not share."""
        for number in range(pages):
            page = self._processes[process][(start >> PAGE_SHIFT) + number]
            if page.is_writable and not page.is_shared:
                page.own = self._content(page)

    def refusal(self, process: Hashable, address: int, *, is_store: bool = False) -> str | None:
        """The signal that the *process* must get if it accesses the doubleword at *address*, or None."""
        try:
            page = self._page(process, address)
            self._content(page)
        except Refused as refused:
            return refused.name
        return "SIGSEGV" if is_store and not page.is_writable else None

    def load(self, process: Hashable, address: int) -> int:
        """The doubleword that the *process* must find at *address*.

        :raises Refused: if it must get a signal.
        """
        return self._content(self._page(process, address)).doubleword(address % PAGE_SIZE)

    def store(self, process: Hashable, address: int, value: int) -> None:
        """The *process* stores a doubleword.

        :raises Refused: if it must get a signal; nothing is stored then.
        """
        page = self._page(process, address)
        if not page.is_writable:
            raise Refused("SIGSEGV")
        content = self._content(page).after_store(address % PAGE_SIZE, value)
        if page.is_shared and page.inode is not None:
            self._changed[page.inode, page.index] = content
        else:
            page.own = content

    def stored(self, process: Hashable) -> list[int]:
        """The addresses of all doublewords that are known there because somebody has stored them."""
        found = []
        for number, page in sorted(self._processes[process].items()):
            content = page.own
            if content is None and page.inode is not None and page.index < self._sizes[page.inode]:
                content = self.file_page(page.inode, page.index)
            found += [(number << PAGE_SHIFT) + offset for offset in sorted(content.stores if content else ())]
        return found

    def _page(self, process: Hashable, address: int) -> _Mapped:
        page = self._processes[process].get(address >> PAGE_SHIFT)
        if page is None:
            raise Refused("SIGSEGV")
        return page

    def _content(self, page: _Mapped) -> PageContent:
        if page.own is not None:
            return page.own
        if page.inode is None:
            return PageContent()
        if page.index >= self._sizes[page.inode]:
            raise Refused("SIGBUS")
        return self.file_page(page.inode, page.index)
