# SPDX-License-Identifier: GPL-2.0-or-later
"""A session that gdb may come to, leave, and come to again."""

from __future__ import annotations

import select
from enum import Enum
from typing import TYPE_CHECKING, Final

from tools.gdb.connection import ClientGone, Connection
from tools.gdb.execution import Execution
from tools.gdb.stub import Leaving, Stub

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from emu.debugging.session import Session
    from emu.machine import Stop
    from tools.gdb.program_file import ProgramFile
    from tools.processes.interrupt import Switch

_SECONDS: Final = 0.2
"""How often somebody looks whether Ctrl-C has been pressed in the server's terminal."""


class Without(Enum):
    """What the machine does while no gdb is there."""

    STANDS = "it waits for one"
    RUNS = "it runs"


class GdbServer:
    """Serves one gdb after the other."""

    def __init__(
        self,
        session: Session,
        listener: socket.socket,
        *,
        program: ProgramFile,
        monitor: Callable[[str], str],
        write: Callable[[str], None],
        switch: Switch,
        limit: int | None = None,
    ) -> None:
        """Serve *session* to whoever comes to *listener*.

        :param write: takes lines for the user of the server.
        :param switch: ends it when it is pressed.
        :param limit: the number of instructions after which the machine stops for good.
        """
        self._session = session
        self._listener = listener
        self._program = program
        self._monitor = monitor
        self._write = write
        self._switch = switch
        self._limit = limit
        self._client: Connection | None = None
        self._execution = Execution(session, self._is_wanted, limit)

    def serve(self, without: Without) -> Stop | None:
        """Serve until the machine has stopped and nobody is there, gdb ends it, or Ctrl-C is pressed.

        :param without: what the machine does until the first gdb has come, and after one has vanished.
        :return: how the machine has stopped; None if it has not.
        """
        does = without
        while not self._switch.is_pressed:
            if does is Without.RUNS:
                ended = self._execution.go_a_while()
                if ended is not None:
                    return ended.stop
            if not self._accept(_SECONDS if does is Without.STANDS else 0):
                continue
            left = self._talk()
            if left is Leaving.KILLED:
                self._write("gdb: ended by the client")
                return None
            does = Without.RUNS if left is Leaving.DETACHED else without
            after = "the machine runs on" if does is Without.RUNS else "the machine waits for another"
            self._write(f"gdb: the client has {'detached' if left else 'vanished'}; {after}")
        return None

    def _accept(self, seconds: float) -> bool:
        """Whether a client has come within so many *seconds*; the first one is :attr:`_client` then."""
        ready, _, _ = select.select([self._listener], [], [], seconds)
        if not ready:
            return False
        try:
            client, address = self._listener.accept()
        except OSError:
            return False
        if self._client is not None:
            # Whoever is there is served; another one is told nothing.
            client.close()
            return False
        self._client = Connection(client)
        self._write(f"gdb: a client has come from {address[0]}")
        return True

    def _talk(self) -> Leaving | None:
        """Answer the client until it leaves, and say how; None if it has vanished."""
        client = self._client
        assert client is not None
        stub = Stub(self._session, self._execution, self._program, self._monitor, client.send)
        try:
            while stub.left is None and not self._switch.is_pressed:
                packet = client.receive(_SECONDS)
                if packet is None:
                    if client.is_silent:
                        # It is still there: whoever else has come is sent away.
                        self._accept(0)
                    continue
                client.forget_break()
                answer = stub.answer(packet)
                if answer is not None:
                    client.send(answer)
                if stub.is_without_acknowledgement:
                    client.is_acknowledged = False
        except ClientGone:
            return None
        finally:
            stub.close()
            client.close()
            self._client = None
        return stub.left

    def _is_wanted(self) -> bool:
        """Whether the client, or who sits here, wants the machine to stop.

        :raises ClientGone: if the client has gone.
        """
        return self._switch.is_pressed or (self._client is not None and self._client.wants_break())
