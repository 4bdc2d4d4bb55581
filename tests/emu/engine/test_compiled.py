# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled callbacks: kept in files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.engine import compiled


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one place where object code may be kept."""
    file = tmp_path / "cache" / "callback.o"
    monkeypatch.setattr(compiled, "_places", lambda _: [file])
    return file


def test_what_is_written_is_read(place: Path) -> None:
    compiled._write("callback", "symbol", b"\0code\0")
    assert compiled._read("callback") == ("symbol", b"\0code\0")
    assert [each.name for each in place.parent.iterdir()] == ["callback.o"]


@pytest.mark.parametrize("damage", (b"", b"short", b"x" * 100))
def test_a_damaged_file_is_not_used(place: Path, damage: bytes) -> None:
    place.parent.mkdir()
    place.write_bytes(damage)
    assert compiled._read("callback") is None


def test_a_place_that_cannot_be_written_does_no_harm(place: Path) -> None:
    place.parent.write_bytes(b"a file, and no folder")
    compiled._write("callback", "symbol", b"code")
    assert compiled._read("callback") is None
