# SPDX-License-Identifier: GPL-2.0-or-later
"""The one file that gdb can read through the server: the program, which it asks for if it was started without one.

Source: the manual of gdb, appendix "gdb Remote Serial Protocol", "Host I/O Packets".
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING, Final

from emu.symbols.elf_symbols import ELF_MAGIC
from tools.gdb.errors import PacketError
from tools.gdb.fields import number, octets
from tools.gdb.packets import LARGEST
from tools.gdb.symbol_image import make_symbol_image

if TYPE_CHECKING:
    from emu.symbols.table import SymbolTable

NAME: Final = b"/essa/program"
"""What gdb is told that it is called."""
_DESCRIPTOR: Final = 3
_NO_FILE, _WRONG_DESCRIPTOR, _WRONG = 2, 9, 22
"""Errors in the numbers of this part of the protocol: ENOENT, EBADF, EINVAL."""
_MODE: Final = 0o100444


class ProgramFile:
    """The file, read only."""

    def __init__(self, image: bytes, symbols: SymbolTable) -> None:
        """Give *image* itself if it is an ELF file, else one with *symbols*."""
        self._image = image
        self._symbols = symbols

    @cached_property
    def content(self) -> bytes:
        """All of it."""
        return self._image if self._image.startswith(ELF_MAGIC) else make_symbol_image(self._symbols)

    def answer(self, packet: bytes) -> bytes:
        """The answer to ``vFile:`` *packet*; empty for an operation that is not there.

        :raises PacketError: if it is malformed.
        """
        operation, _, fields = packet.partition(b":")
        match operation:
            case b"setfs":
                return b"F0"
            case b"open":
                parts = fields.split(b",")
                if len(parts) != 3:
                    raise PacketError
                return b"F%x" % _DESCRIPTOR if octets(parts[0]) == NAME else _failed(_NO_FILE)
            case b"close":
                return b"F0" if number(fields) == _DESCRIPTOR else _failed(_WRONG_DESCRIPTOR)
            case b"fstat":
                return self._status() if number(fields) == _DESCRIPTOR else _failed(_WRONG_DESCRIPTOR)
            case b"pread":
                return self._read(fields)
            case b"readlink":
                return _failed(_WRONG)
        return b""

    def _read(self, fields: bytes) -> bytes:
        parts = fields.split(b",")
        if len(parts) != 3:
            raise PacketError
        descriptor, count, offset = (number(part) for part in parts)
        if descriptor != _DESCRIPTOR:
            return _failed(_WRONG_DESCRIPTOR)
        # Escaping may double the length.
        part = self.content[offset : offset + min(count, LARGEST // 2 - 64)]
        return b"F%x;" % len(part) + part

    def _status(self) -> bytes:
        """Device, inode, mode, links, user, group, special device; size, block size, blocks; three times."""
        size = len(self.content)
        status = struct.pack(">7I3Q3I", 0, 1, _MODE, 1, 0, 0, 0, size, 512, -(-size // 512), 0, 0, 0)
        return b"F%x;" % len(status) + status


def _failed(error: int) -> bytes:
    return b"F-1,%x" % error
