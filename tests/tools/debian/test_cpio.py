# SPDX-License-Identifier: GPL-2.0-or-later
"""Archives that Linux unpacks, read back by the rules of the format."""

from __future__ import annotations

import stat
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.debian import cpio


@dataclass(frozen=True)
class Found:
    """What the header of an entry says, and its content."""

    name: str
    fields: tuple[int, ...]
    content: bytes


def unpack(data: bytes) -> list[Found]:
    """All entries up to the trailer: a header of 110 bytes, the name, the content, both padded to four bytes."""
    found = []
    at = 0
    while True:
        assert at % 4 == 0
        assert data[at : at + 6] == b"070701"
        fields = tuple(int(data[place : place + 8], 16) for place in range(at + 6, at + 110, 8))
        size, length = fields[6], fields[11]
        name = data[at + 110 : at + 110 + length]
        assert name.endswith(b"\0")
        start = at + 110 + length + -(110 + length) % 4
        if name == b"TRAILER!!!\0":
            assert start == len(data)
            return found
        found.append(Found(name[:-1].decode(), fields, data[start : start + size]))
        at = start + size + -size % 4


def test_each_kind() -> None:
    entries = unpack(
        cpio.archive(
            [
                cpio.directory("dev"),
                cpio.character_device("dev/console", 5, 1),
                cpio.file("init", b"#!/bin/sh\n", 0o755),
                cpio.link("bin", "usr/bin"),
            ]
        )
    )
    assert [each.name for each in entries] == ["dev", "dev/console", "init", "bin"]
    modes = [each.fields[1] for each in entries]
    assert modes == [0o040755, 0o020600, 0o100755, 0o120777]
    assert [each.content for each in entries] == [b"", b"", b"#!/bin/sh\n", b"usr/bin"]
    assert entries[1].fields[9:11] == (5, 1)
    assert entries[0].fields[4] == 2
    assert len({each.fields[0] for each in entries}) == 4
    # Nobody's and of no time: user, group and time of modification.
    assert all(each.fields[2:4] == (0, 0) and each.fields[5] == 0 for each in entries)


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_contents_of_any_length(contents: list[bytes]) -> None:
    entries = unpack(cpio.archive([cpio.file(f"f{'x' * number}", each) for number, each in enumerate(contents)]))
    assert [each.content for each in entries] == contents
    assert all(stat.S_ISREG(each.fields[1]) for each in entries)


@pytest.mark.parametrize("name", ("", "/init", "a\0b", "TRAILER!!!"))
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        cpio.file(name, b"")
