# SPDX-License-Identifier: GPL-2.0-or-later
"""The frames of gdb's remote serial protocol: ``$``, data, ``#`` and two digits of checksum.

Source: the manual of gdb, appendix "gdb Remote Serial Protocol", "Overview".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

LARGEST: Final = 0x20000
"""Bytes of a packet, as the server announces it."""
_LARGEST_RECEIVED: Final = 4 * LARGEST
"""What may be kept of a packet that does not end."""
_START, _END, _ESCAPE, _ESCAPED_BY = b"$", b"#", 0x7D, 0x20
_ESCAPED: Final = frozenset(b"#$}*")
_CHECKSUM_DIGITS: Final = 2


class Between(Enum):
    """What comes between packets, or in place of one."""

    RECEIVED = "+"
    SEND_AGAIN = "-"
    BREAK = "0x03"
    """Ctrl-C was pressed in gdb."""
    DAMAGED = "a packet that is not what its checksum says"


@dataclass(frozen=True, slots=True)
class Packet:
    """The data of a packet, with nothing escaped any more."""

    data: bytes


def frame(data: bytes) -> bytes:
    """*data* as a packet."""
    escaped = bytearray()
    for byte in data:
        if byte in _ESCAPED:
            escaped += bytes((_ESCAPE, byte ^ _ESCAPED_BY))
        else:
            escaped.append(byte)
    return _START + bytes(escaped) + _END + b"%02x" % (sum(escaped) & 0xFF)


class PacketReader:
    """Finds packets in the bytes that arrive, in whatever pieces; rubbish between packets is passed over."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, received: bytes) -> list[Packet | Between]:
        """Take what was *received*, and give what is complete."""
        self._bytes += received
        found: list[Packet | Between] = []
        while self._bytes:
            if self._bytes[:1] != _START:
                found += self._between()
                continue
            end = self._bytes.find(_END)
            if end < 0:
                if len(self._bytes) > _LARGEST_RECEIVED:
                    self._bytes.clear()
                    found.append(Between.DAMAGED)
                break
            if len(self._bytes) < end + 1 + _CHECKSUM_DIGITS:
                break
            found.append(_packet(bytes(self._bytes[1:end]), bytes(self._bytes[end + 1 : end + 1 + _CHECKSUM_DIGITS])))
            del self._bytes[: end + 1 + _CHECKSUM_DIGITS]
        return found

    def _between(self) -> list[Packet | Between]:
        """Take one byte that belongs to no packet."""
        byte = self._bytes.pop(0)
        match byte:
            case 0x2B:
                return [Between.RECEIVED]
            case 0x2D:
                return [Between.SEND_AGAIN]
            case 0x03:
                return [Between.BREAK]
        return []


def _packet(escaped: bytes, digits: bytes) -> Packet | Between:
    try:
        checksum = int(digits, 16)
    except ValueError:
        return Between.DAMAGED
    if sum(escaped) & 0xFF != checksum:
        return Between.DAMAGED
    data = bytearray()
    is_escaped = False
    for byte in escaped:
        if not is_escaped and byte == _ESCAPE:
            is_escaped = True
            continue
        data.append(byte ^ _ESCAPED_BY if is_escaped else byte)
        is_escaped = False
    return Packet(bytes(data))
