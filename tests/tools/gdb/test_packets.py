# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames, in whatever pieces they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.gdb.packets import LARGEST, Between, Packet, PacketReader, frame


def read(*pieces: bytes) -> list[Packet | Between]:
    reader = PacketReader()
    return [each for piece in pieces for each in reader.feed(piece)]


def test_the_checksum_is_the_sum_of_the_bytes() -> None:
    assert frame(b"OK") == b"$OK#9a"
    assert frame(b"") == b"$#00"
    assert read(b"$m0,1#fa") == [Packet(b"m0,1")]


def test_some_bytes_are_escaped() -> None:
    assert frame(b"}#$*") == b"$}]}\x03}\x04}\x0a#" + b"%02x" % (sum(b"}]}\x03}\x04}\x0a") & 0xFF)
    assert read(frame(b"X0,4:}#$*")) == [Packet(b"X0,4:}#$*")]


@given(st.binary(), st.integers(0, 300))
def test_whatever_is_framed_comes_out(data: bytes, cut: int) -> None:
    framed = frame(data)
    assert read(framed[:cut], framed[cut:]) == [Packet(data)]


def test_what_stands_between_packets() -> None:
    assert read(b"+$OK#9a-\x03rubbish+") == [
        *(Between.RECEIVED, Packet(b"OK"), Between.SEND_AGAIN, Between.BREAK, Between.RECEIVED),
    ]


@pytest.mark.parametrize("damaged", (b"$OK#9b", b"$OK#zz", b"$OK# 9", b"$#0x"))
def test_a_damaged_packet_is_noticed_and_the_next_is_read(damaged: bytes) -> None:
    assert read(damaged + b"$OK#9a") == [Between.DAMAGED, Packet(b"OK")]


def test_a_packet_without_an_end_is_dropped() -> None:
    reader = PacketReader()
    found = [each for _ in range(5) for each in reader.feed(b"$" + bytes(LARGEST))]
    assert found == [Between.DAMAGED]
    assert Packet(b"OK") in reader.feed(b"#00$OK#9a") + reader.feed(b"$OK#9a")


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_rubbish_is_no_error(pieces: list[bytes]) -> None:
    read(*pieces)
