# SPDX-License-Identifier: GPL-2.0-or-later
"""One gdb at the other end of a socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tools.gdb.connection import ClientGone, Connection


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    here, there = socket.socketpair()
    there.settimeout(10)
    connection = Connection(here)
    yield connection, there
    connection.close()
    there.close()


def test_packets_are_acknowledged_until_that_is_not_wanted(ends: tuple[Connection, socket.socket]) -> None:
    connection, there = ends
    there.sendall(b"+$?#3f$g#67")
    assert (connection.receive(10), connection.receive(0)) == (b"?", b"g")
    assert there.recv(10) == b"++"
    connection.is_acknowledged = False
    there.sendall(b"$?#3f$g#00$g#67")
    assert (connection.receive(10), connection.receive(0), connection.receive(0)) == (b"?", b"g", None)
    connection.send(b"OK")
    assert there.recv(10) == b"$OK#9a"


def test_a_damaged_packet_is_asked_for_again_and_an_answer_sent_again(ends: tuple[Connection, socket.socket]) -> None:
    connection, there = ends
    connection.send(b"OK")
    there.sendall(b"$?#00")
    assert connection.receive(10) is None
    there.sendall(b"-")
    assert connection.receive(10) is None
    assert there.recv(100) == b"$OK#9a-$OK#9a"


def test_an_answer_is_not_sent_again_where_nothing_is_acknowledged(ends: tuple[Connection, socket.socket]) -> None:
    connection, there = ends
    connection.is_acknowledged = False
    connection.send(b"OK")
    there.sendall(b"-+-")
    assert connection.receive(10) is None
    connection.send(b"E01")
    assert there.recv(100) == b"$OK#9a$E01#a6"


def test_ctrl_c_is_noticed_once(ends: tuple[Connection, socket.socket]) -> None:
    connection, there = ends
    assert not connection.wants_break()
    there.sendall(b"\x03")
    assert connection.wants_break()
    assert not connection.wants_break()
    there.sendall(b"\x03$?#3f")
    assert connection.receive(10) == b"?"
    connection.forget_break()
    assert not connection.wants_break()


def test_a_client_that_has_gone(ends: tuple[Connection, socket.socket]) -> None:
    connection, there = ends
    there.close()
    with pytest.raises(ClientGone):
        connection.receive(10)
    with pytest.raises(ClientGone):
        connection.wants_break()
    with pytest.raises(ClientGone):
        connection.send(b"OK")
