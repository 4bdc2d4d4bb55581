# SPDX-License-Identifier: GPL-2.0-or-later
"""Absolute storage: the bytes behind the frames that the host supplies."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator

import numpy as np

from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE
from emu.hypervisor import Hypervisor
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.sparse_zeros import sparse_zeros


class Storage:
    """The configuration's absolute storage, *size* bytes.

    Reads and writes here are the machine's own: no key, no protection, no reference or change recording.  They do
    touch the page, so an unused or discarded page gives its exception here too, whoever asks.
    """

    def __init__(self, size: int, hypervisor: Hypervisor) -> None:
        self.size = size
        self.pages = size >> PAGE_SHIFT
        self.hypervisor = hypervisor
        pool = (ctypes.c_ubyte * hypervisor.frame_bytes).from_address(hypervisor.frame_address)
        self.pool = memoryview(pool).cast("B")
        """The host's frames, byte by byte."""
        self.code_flags = sparse_zeros(self.pages, np.uint8)
        """One for each page that some CPU's engine may hold translated code of."""
        self.code_pages = self.code_flags.data
        """The same for single pages."""
        self.stored: Callable[[int, int], None] | None = None
        """Called with the absolute address and the number of bytes that are stored here; None if nobody watches."""
        self.code_written: Callable[[int], None] = _ignore
        """Called with the page, before a page of :attr:`code_pages` is written."""

    def require(self, address: int) -> None:
        """Raise the addressing exception unless *address* is in the configuration."""
        if address >= self.size:
            raise ProgramInterruption(ProgramInterruptionCode.ADDRESSING)

    def read(self, address: int, length: int) -> bytes:
        """The *length* bytes at absolute *address*.

        :raises ProgramInterruption: addressing, or what the page's state gives.
        :raises FrameShortage: as for every access here, if a page needs a frame and none is free.
        """
        offset = address & PAGE_OFFSET_MASK
        if offset + length <= PAGE_SIZE:
            self.require(address)
            start = self.hypervisor.frame(address >> PAGE_SHIFT) + offset
            return bytes(self.pool[start : start + length])
        return b"".join(self.read(at, size) for at, size in _by_page(address, length))

    def write(self, address: int, data: bytes) -> None:
        """Store *data* at absolute *address*; nothing is stored if any page of it gives an exception."""
        offset = address & PAGE_OFFSET_MASK
        length = len(data)
        if offset + length > PAGE_SIZE:
            parts = list(_by_page(address, length))
            for at, _ in parts:
                self.require(at)
                self.hypervisor.frame_for_store(at >> PAGE_SHIFT)
            for at, size in parts:
                self.write(at, data[at - address : at - address + size])
            return
        self.require(address)
        page = address >> PAGE_SHIFT
        start = self.hypervisor.frame_for_store(page) + offset
        if self.code_pages[page]:
            self.code_written(page)
        self.pool[start : start + length] = data
        if self.stored is not None:
            self.stored(address, length)

    def read_frame(self, offset: int, length: int) -> bytes:
        """The *length* bytes at *offset* in the frame pool, where a translation that is still good leads."""
        return bytes(self.pool[offset : offset + length])

    def write_frame(self, offset: int, data: bytes) -> None:
        """Store *data* at *offset* in the frame pool, where a translation for stores that is still good leads."""
        self.pool[offset : offset + len(data)] = data

    def read_integer(self, address: int, length: int) -> int:
        """The big-endian integer of *length* bytes at absolute *address*."""
        return int.from_bytes(self.read(address, length), "big")

    def write_integer(self, address: int, length: int, value: int) -> None:
        """Store *value* as *length* bytes, big-endian."""
        self.write(address, value.to_bytes(length, "big"))


def _by_page(address: int, length: int) -> Iterator[tuple[int, int]]:
    """The (address, length) of the parts of an area, cut at page boundaries."""
    end = address + length
    while address < end:
        size = min(end - address, PAGE_SIZE - (address & PAGE_OFFSET_MASK))
        yield address, size
        address += size


def _ignore(page: int) -> None:
    """Nothing holds translated code yet."""
