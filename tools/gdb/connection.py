# SPDX-License-Identifier: GPL-2.0-or-later
"""One gdb at the other end of a socket: packets in and out, acknowledged until it wants that no more."""

from __future__ import annotations

import select
from collections import deque
from typing import TYPE_CHECKING, Final

from tools.gdb.packets import Between, Packet, PacketReader, frame

if TYPE_CHECKING:
    import socket

_AT_ONCE: Final = 1 << 16
"""Bytes read in one call."""
_PATIENCE: Final = 20.0
"""Seconds that gdb may take to read what it is sent."""


class ClientGone(Exception):  # noqa: N818 - it is no error of anybody here
    """The client has closed its end, or does not read."""


class Connection:
    """Packets over one socket."""

    def __init__(self, client: socket.socket) -> None:
        self._socket = client
        self._socket.settimeout(_PATIENCE)
        self._reader = PacketReader()
        self._waiting: deque[Packet] = deque()
        self._last = b""
        self._has_break = False
        self.is_acknowledged = True
        self.is_silent = False
        """Nothing had come, nor had the client gone, when it was looked at last."""

    def receive(self, seconds: float) -> bytes | None:
        """The data of the next packet; None if none has come within so many *seconds*.

        :raises ClientGone: if no more can come.
        """
        if not self._waiting:
            self._look(seconds)
        return self._waiting.popleft().data if self._waiting else None

    def wants_break(self) -> bool:
        """Whether gdb has asked, since the last time, that the machine stop.

        :raises ClientGone: if no more can come.
        """
        self._look(0)
        has_break, self._has_break = self._has_break, False
        return has_break

    def forget_break(self) -> None:
        """What was asked before the machine went on was meant for what was before."""
        self._has_break = False

    def send(self, data: bytes) -> None:
        """Send *data* as a packet.

        :raises ClientGone: if nobody takes it.
        """
        self._last = frame(data)
        self._write(self._last)

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def _look(self, seconds: float) -> None:
        """Read what is there, or comes within so many *seconds*."""
        try:
            ready, _, _ = select.select([self._socket], [], [], seconds)
            self.is_silent = not ready
            if not ready:
                return
            received = self._socket.recv(_AT_ONCE)
        except OSError as reason:
            raise ClientGone from reason
        if not received:
            raise ClientGone
        for each in self._reader.feed(received):
            self._take(each)

    def _take(self, found: Packet | Between) -> None:
        match found:
            case Packet():
                if self.is_acknowledged:
                    self._write(b"+")
                self._waiting.append(found)
            case Between.BREAK:
                self._has_break = True
            case Between.DAMAGED:
                if self.is_acknowledged:
                    self._write(b"-")
            case Between.SEND_AGAIN:
                # gdb says it also when it has waited for two seconds: without acknowledgement the answer would come
                # twice, and the second one would be taken for that to the next request.
                if self.is_acknowledged:
                    self._write(self._last)
            case Between.RECEIVED:
                pass

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as reason:
            raise ClientGone from reason
