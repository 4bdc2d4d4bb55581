# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's devices, and its disk: files of known content, latency in virtual time, and a count of the transfers.

The content of a page of a file is a function of inode, index and how often the page has been written: every read can
be checked, and a disk of any size costs nothing but what was written.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.program_interruption import ProgramInterruption
from emu.storage_keys import CHANGE, REFERENCE
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.state.history import Event

if TYPE_CHECKING:
    from emu.machine import Machine
    from guest_kernel.scripted.state.history import PageHistory
    from guest_kernel.scripted.state.mm_types import Page

LATENCY: Final = 20_000
"""Units of work that one transfer takes."""
_MULTIPLIER: Final = 0x9E37_79B9_7F4A_7C15
_MASK: Final = (1 << 64) - 1
_HEAD: Final = struct.Struct(">4Q")
_HEADS: Final = PAGE_SIZE // _HEAD.size
_pack: Final = _HEAD.pack


def page_content(inode: int, index: int, version: int = 0) -> bytes:
    """The 4096 bytes of page *index* of the file *inode*, after *version* writes: no two pages are the same."""
    seed = (inode << 40 ^ index << 16 ^ version) * _MULTIPLIER & _MASK
    return _pack(inode, index, version, seed) * _HEADS


class PageDevice:
    """A channel device: it sees storage by absolute address, without keys, and sets R and C in them."""

    def __init__(self, machine: Machine, latency: int = LATENCY) -> None:
        self._machine = machine
        self._latency = latency
        self.history: PageHistory | None = None
        """Where its transfers are noted, if anywhere."""
        self.reads = 0
        """Pages read from it."""
        self.writes = 0
        """Pages written to it."""

    def transfer_to(self, page: Page, content: bytes) -> None:
        """Read: put *content* into *page*.

        :raises KernelBug: if the page is unused or discarded: a channel-program check on the machine.
        """
        try:
            self._machine.load_storage(page.address, content)
        except ProgramInterruption as condition:
            raise _channel_check(page, condition) from None
        self._machine.keys.bytes[page.frame] |= REFERENCE | CHANGE
        self._note(page, Event.DEVICE_READ)
        self.reads += 1
        self._machine.timing.work += self._latency

    def transfer_from(self, page: Page) -> bytes:
        """Write: give what is in *page*.

        :raises KernelBug: if the page is unused or discarded.
        """
        try:
            content = self._machine.read_storage(page.address, PAGE_SIZE)
        except ProgramInterruption as condition:
            raise _channel_check(page, condition) from None
        self._machine.keys.bytes[page.frame] |= REFERENCE
        self._note(page, Event.DEVICE_WRITE)
        self.writes += 1
        self._machine.timing.work += self._latency
        return content

    def _note(self, page: Page, event: Event) -> None:
        if self.history is not None:
            self.history.note(page.frame, event)


class BlockDevice(PageDevice):
    """The disk with the files."""

    def __init__(self, machine: Machine, latency: int = LATENCY) -> None:
        super().__init__(machine, latency)
        self._written: dict[tuple[int, int], bytes] = {}
        self.re_reads = 0
        """Those of the reads that were not the first one of their page: what it costs to have lost pages."""
        self._been_read: set[tuple[int, int]] = set()

    def content(self, inode: int, index: int) -> bytes:
        """What the disk has for page *index* of *inode* now."""
        return self._written.get((inode, index)) or page_content(inode, index)

    def read(self, inode: int, index: int, page: Page) -> None:
        """Transfer page *index* of *inode* into *page*.

        :raises KernelBug: as :meth:`PageDevice.transfer_to`.
        """
        self.transfer_to(page, self.content(inode, index))
        if (inode, index) in self._been_read:
            self.re_reads += 1
        else:
            self._been_read.add((inode, index))

    def write(self, inode: int, index: int, page: Page) -> None:
        """Transfer *page* to page *index* of *inode*.

        :raises KernelBug: as :meth:`PageDevice.transfer_from`.
        """
        self._written[inode, index] = self.transfer_from(page)


def _channel_check(page: Page, condition: ProgramInterruption) -> KernelBug:
    return KernelBug(f"channel-program check: I/O to a page without content ({condition}): {page!r}")
