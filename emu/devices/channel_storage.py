# SPDX-License-Identifier: GPL-2.0-or-later
"""Main storage as the channel subsystem reaches it: absolute addresses, the key of the channel program, R and C."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

from emu.addresses import PAGE_SIZE
from emu.program_interruption import ProgramInterruption
from emu.room import load_storage, read_storage
from emu.storage_keys import CHANGE, REFERENCE, fetch_permitted, store_permitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.configuration import Configuration
    from emu.cpu import Cpu


class SubchannelStatus(IntFlag):
    """Bits 8-15 of word 2 of the subchannel-status word (PoP 16, "Subchannel-Status Field")."""

    INCORRECT_LENGTH = 0x40
    PROGRAM_CHECK = 0x20
    PROTECTION_CHECK = 0x10


class ChannelCheck(Exception):  # noqa: N818 - a status, which the guest gets
    """The channel program cannot go on; *status* says why."""

    def __init__(self, status: SubchannelStatus) -> None:
        super().__init__(status.name)
        self.status = status


class ChannelStorage:
    """Access between instructions, so that the host can bring pages in."""

    def __init__(self, configuration: Configuration[Cpu]) -> None:
        self._configuration = configuration

    def fetch(self, address: int, length: int, key: int = 0) -> bytes:
        """The *length* bytes at absolute *address*.

        :raises ChannelCheck: program check for a page that is not there, unused or discarded; protection check.
        """
        parts = []
        for start, size in _by_page(address, length):
            self._check(start, key, is_store=False)
            try:
                parts.append(read_storage(self._configuration.storage, start, size))
            except ProgramInterruption:
                raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK) from None
            self._configuration.keys.bytes[start // PAGE_SIZE] |= REFERENCE
        return b"".join(parts)

    def store(self, address: int, data: bytes, key: int = 0) -> None:
        """Store *data* at absolute *address*; what comes before the page that gives a check has been stored.

        :raises ChannelCheck: as :meth:`fetch`.
        """
        for start, size in _by_page(address, len(data)):
            self._check(start, key, is_store=True)
            try:
                load_storage(self._configuration.storage, start, data[start - address : start - address + size])
            except ProgramInterruption:
                raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK) from None
            self._configuration.keys.bytes[start // PAGE_SIZE] |= REFERENCE | CHANGE

    def _check(self, address: int, key: int, *, is_store: bool) -> None:
        if address >= self._configuration.memory:
            raise ChannelCheck(SubchannelStatus.PROGRAM_CHECK)
        storage_key = self._configuration.keys.bytes[address // PAGE_SIZE]
        permitted = store_permitted(storage_key, key, False) if is_store else fetch_permitted(storage_key, key)
        if not permitted:
            raise ChannelCheck(SubchannelStatus.PROTECTION_CHECK)


def _by_page(address: int, length: int) -> Iterator[tuple[int, int]]:
    end = address + length
    while address < end:
        size = min(end - address, PAGE_SIZE - address % PAGE_SIZE)
        yield address, size
        address += size
