# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled callbacks: kept in files that are whole or not there."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from emu.engine import compiled


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one place where object code may be kept."""
    file = tmp_path / "cache" / "callback.o"
    monkeypatch.setattr(compiled, "_places", lambda _, __: [file])
    return file


def test_what_is_written_is_read(place: Path) -> None:
    compiled._write("callback", "1", "symbol", b"\0code\0")
    assert compiled._read("callback", "1") == ("symbol", b"\0code\0")
    assert [each.name for each in place.parent.iterdir()] == ["callback.o"]


@pytest.mark.parametrize("damage", (b"", b"short", b"x" * 100))
def test_a_damaged_file_is_not_used(place: Path, damage: bytes) -> None:
    place.parent.mkdir()
    place.write_bytes(damage)
    assert compiled._read("callback", "1") is None


def test_a_place_that_cannot_be_written_does_no_harm(place: Path) -> None:
    place.parent.write_bytes(b"a file, and no folder")
    compiled._write("callback", "1", "symbol", b"code")
    assert compiled._read("callback", "1") is None


@pytest.mark.parametrize("times", (1, 2))
def test_functions_in_the_intermediate_language(place: Path, times: int) -> None:
    for _ in range(times):
        source = "define i64 @seven() { ret i64 7 }\ndefine i64 @eight() { ret i64 8 }"
        addresses = compiled.functions("numbers", source, (), ("eight", "seven"))
    assert [ctypes.CFUNCTYPE(ctypes.c_uint64)(address)() for address in addresses] == [8, 7]
    assert place.is_file()
