# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of compiled code: they are whole or not there."""

from __future__ import annotations

import ctypes
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from emu.object_code import files

FILE = "callback-1.o"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one place where the file may be kept."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(files, "folders", lambda: [folder])
    return folder / FILE


def test_what_is_written_is_read(place: Path) -> None:
    assert not files.is_kept(FILE)
    files.write(FILE, b"\0code\0")
    assert files.is_kept(FILE)
    assert files.read(FILE) == b"\0code\0"
    assert [each.name for each in place.parent.iterdir()] == [FILE]


@pytest.mark.parametrize("damage", (b"", b"short", b"x" * 100))
def test_a_damaged_file_is_not_used(place: Path, damage: bytes) -> None:
    place.parent.mkdir()
    place.write_bytes(damage)
    assert files.read(FILE) is None


def test_what_cannot_be_written_is_kept_as_long_as_the_process_lives(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.parent.write_bytes(b"a file, and no folder")
    monkeypatch.setattr(files, "_unwritten", {})
    files.write(FILE, b"code")
    assert files.read(FILE) == b"code"
    assert not files.is_all_written()
    assert place.parent.read_bytes() == b"a file, and no folder"


def test_the_next_place_is_taken_where_the_first_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"a file, and no folder")
    monkeypatch.setattr(files, "folders", lambda: [tmp_path / "file", tmp_path / "second"])
    files.write(FILE, b"code")
    assert (tmp_path / "second" / FILE).is_file()
    assert files.read(FILE) == b"code"


def test_object_code_that_is_loaded_can_be_called() -> None:
    code = files.emit(llvm.parse_assembly("define i64 @seven() { ret i64 7 }"), speed_level=2)
    address = files.load(code).get_function_address("seven")
    assert ctypes.CFUNCTYPE(ctypes.c_uint64)(address)() == 7
