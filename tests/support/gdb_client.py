# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of gdb's protocol that does what a test says."""

from __future__ import annotations

import socket

from tools.gdb.packets import Packet, PacketReader, frame


class GdbClient:
    """Sends packets and takes the answers, without acknowledging anything."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=60)
        self._reader = PacketReader()
        self._found: list[Packet] = []

    def send(self, packet: str) -> None:
        self.socket.sendall(frame(packet.encode("latin-1")))

    def receive(self) -> str:
        """The next packet."""
        while not self._found:
            received = self.socket.recv(1 << 16)
            assert received, "the server has closed its end"
            self._found += [each for each in self._reader.feed(received) if isinstance(each, Packet)]
        return self._found.pop(0).data.decode("latin-1")

    def ask(self, packet: str) -> str:
        """The answer to *packet*; what the machine says meanwhile is passed over."""
        self.send(packet)
        return self.answer()

    def answer(self) -> str:
        """The next packet that is no output."""
        while True:
            answer = self.receive()
            if not answer.startswith("O") or answer == "OK":
                return answer

    def press_ctrl_c(self) -> None:
        self.socket.sendall(b"\x03")

    def vanish(self) -> None:
        """Go without a word."""
        self.socket.close()
