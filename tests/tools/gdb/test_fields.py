# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers, bytes and threads in packets."""

from __future__ import annotations

import pytest

from tools.gdb import fields
from tools.gdb.errors import PacketError


def test_what_is_right_is_read() -> None:
    assert fields.number(b"1aF") == 0x1AF
    assert fields.numbers(b"10,2", 2) == [16, 2]
    assert fields.octets(b"00fF") == b"\x00\xff"
    assert fields.octets(b"") == b""
    assert [fields.thread(text) for text in (b"0", b"-1", b"a", b"p1.2", b"p1.-1")] == [0, -1, 10, 2, -1]


@pytest.mark.parametrize("text", ("", "-1", "0x1", "1 ", "1" * 17, "1" * 100_000, "\u0663"), ids=lambda text: text[:18])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(PacketError, match="E16"):
        fields.number(text.encode())


@pytest.mark.parametrize("text", (b"1", b"1,2,3", b"", b",", b"1,x"))
def test_what_are_not_two_numbers(text: bytes) -> None:
    with pytest.raises(PacketError):
        fields.numbers(text, 2)


@pytest.mark.parametrize("text", (b"0", b"0g", b"00 00"))
def test_what_are_no_bytes(text: bytes) -> None:
    with pytest.raises(PacketError):
        fields.octets(text)


@pytest.mark.parametrize("text", (b"", b"p1", b"-2", b"p1.", b"123456789"))
def test_what_is_no_thread(text: bytes) -> None:
    with pytest.raises(PacketError):
        fields.thread(text)


def test_a_document_is_handed_over_in_parts() -> None:
    assert fields.part_of(b"abcdef", b"0,4") == b"mabcd"
    assert fields.part_of(b"abcdef", b"4,4") == b"lef"
    assert fields.part_of(b"abcdef", b"6,4") == b"l"
    assert fields.part_of(b"abcdef", b"ffffffff,4") == b"l"
