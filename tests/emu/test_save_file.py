# SPDX-License-Identifier: GPL-2.0-or-later
"""A saved state in a file: read back as it was written, or refused with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.machine import MEGABYTE, Machine
from emu.save_file import SaveFileError, read_saved, write_saved
from emu.saving import save
from emu.snapshot import differences


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a saved machine."""
    machine = Machine(MEGABYTE)
    machine.load_storage(0x5000, b"content")
    path = tmp_path / "saved"
    write_saved(path, save(machine))
    return path


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    saved = save(Machine(MEGABYTE, cpus=2)) | {"more": {1: b"x", "big": [None, True, -5, 1 << 63, "text"]}}
    write_saved(tmp_path / "saved", saved)
    assert differences(saved, read_saved(tmp_path / "saved")) == []


def test_nothing_else_is_left_in_the_folder(file: Path) -> None:
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("place", (60, -1))
def test_a_damaged_file_is_refused(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 0x40
    file.write_bytes(content)
    with pytest.raises(SaveFileError, match="saved: damaged"):
        read_saved(file)


def test_a_file_that_is_cut_short_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(SaveFileError, match="saved: damaged"):
        read_saved(file)


def test_another_version_is_refused(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[21] += 1
    file.write_bytes(content)
    with pytest.raises(SaveFileError, match="expected a saved machine of version 1, not 2"):
        read_saved(file)


@pytest.mark.parametrize("content", (b"", b"\x7fELF", b"page-hinting save\n"))
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(SaveFileError, match="other: expected a saved machine"):
        read_saved(tmp_path / "other")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SaveFileError, match="none: cannot be read: No such file"):
        read_saved(tmp_path / "none")
    with pytest.raises(SaveFileError, match="saved: cannot be written: No such file"):
        write_saved(tmp_path / "none" / "saved", {})
