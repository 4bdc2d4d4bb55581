# SPDX-License-Identifier: GPL-2.0-or-later
"""The line-mode console: message data blocks that a guest writes, and operator commands that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emu.identification import EBCDIC

_MESSAGE_OBJECT: Final = 4
_MESSAGE_TEXT: Final = 10
"""Offset of the text in a message-text object."""
_MESSAGE_BLOCK_HEADER: Final = 12
_MESSAGE_BLOCK_TAG: Final = "MDB ".encode(EBCDIC)


def message_lines(data: bytes) -> Iterator[bytes]:
    """The text of each message-text object in the message data block *data*, as a line of its own.

    A block that is not put together rightly ends where it goes wrong.
    """
    if data[4:8] != _MESSAGE_BLOCK_TAG:
        return
    offset = _MESSAGE_BLOCK_HEADER
    while offset + 4 <= len(data):
        length = int.from_bytes(data[offset : offset + 2], "big")
        kind = int.from_bytes(data[offset + 2 : offset + 4], "big")
        if length < 4:
            return
        if kind == _MESSAGE_OBJECT:
            text = data[offset + _MESSAGE_TEXT : offset + length].decode(EBCDIC, errors="replace")
            yield (text.replace("\x85", "\n") + "\n").encode()
        offset += length


def operator_command(text: bytes) -> bytes:
    """The vectors in which an operator command travels: management data, control-point message, text command."""

    def vector(identifier: int, content: bytes) -> bytes:
        return (4 + len(content)).to_bytes(2, "big") + identifier.to_bytes(2, "big") + content

    def subvector(key: int, content: bytes) -> bytes:
        return bytes((2 + len(content), key)) + content

    return vector(0x1310, vector(0x1212, vector(0x1320, subvector(0x31, subvector(0x30, text)))))
