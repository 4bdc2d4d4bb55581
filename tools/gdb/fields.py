# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields of packets: numbers in hexadecimal, bytes, threads."""

from __future__ import annotations

import re
from typing import Final

from emu.bits import MASK_64
from tools.gdb.errors import PacketError

_HEX: Final = re.compile(rb"[0-9a-fA-F]{1,32}")
_THREAD: Final = re.compile(rb"(?:p[0-9a-fA-F]{1,8}\.)?(-1|[0-9a-fA-F]{1,8})")
ALL_THREADS: Final = -1
ANY_THREAD: Final = 0


def number(text: bytes, largest: int = MASK_64) -> int:
    """The hexadecimal number *text*.

    :raises PacketError: if it is none, or larger than *largest*.
    """
    if _HEX.fullmatch(text) is None:
        raise PacketError
    value = int(text, 16)
    if value > largest:
        raise PacketError
    return value


def numbers(text: bytes, count: int) -> list[int]:
    """The *count* hexadecimal numbers in *text*, with commas between them.

    :raises PacketError: if there are not so many.
    """
    parts = text.split(b",")
    if len(parts) != count:
        raise PacketError
    return [number(part) for part in parts]


def octets(text: bytes) -> bytes:
    """The bytes that *text* has in hexadecimal.

    :raises PacketError: if it has none.
    """
    if not re.fullmatch(rb"(?:[0-9a-fA-F]{2})*", text):
        raise PacketError
    return bytes.fromhex(text.decode("ascii"))


def thread(text: bytes) -> int:
    """The thread *text*: its number, or :data:`ALL_THREADS` or :data:`ANY_THREAD`.

    :raises PacketError: if it is none.
    """
    matched = _THREAD.fullmatch(text)
    if matched is None:
        raise PacketError
    return int(matched[1], 16)


def part_of(document: bytes, text: bytes) -> bytes:
    """The answer to a transfer of *document*, of which *text* says ``offset,length``: ``m`` or ``l`` and the part.

    :raises PacketError: if *text* is wrong.
    """
    offset, length = numbers(text, 2)
    part = document[offset : offset + length]
    return (b"l" if offset + length >= len(document) else b"m") + part
