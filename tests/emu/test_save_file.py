# SPDX-License-Identifier: GPL-2.0-or-later
"""A saved state in a file: read back as it was written, or refused with the file's name."""

from __future__ import annotations

import os
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


def test_a_link_is_followed(file: Path) -> None:
    content = file.read_bytes()
    (file.parent / "folder").mkdir()
    new, link, other = (file.parent / name for name in ("folder/new", "link", "other"))
    link.symlink_to("folder/new")
    other.symlink_to(file.name)
    write_saved(link, read_saved(file))
    write_saved(other, {"less": 1})
    assert link.is_symlink()
    assert other.is_symlink()
    assert new.read_bytes() == content
    assert read_saved(file) == {"less": 1}
    assert list(new.parent.iterdir()) == [new]


def test_what_is_no_regular_file_stays(tmp_path: Path) -> None:
    fifo, folder, loop = (tmp_path / name for name in ("fifo", "folder", "loop"))
    os.mkfifo(fifo)
    folder.mkdir()
    loop.symlink_to("loop")
    link = tmp_path / "link"
    link.symlink_to("fifo")
    for path in (fifo, folder, link):
        with pytest.raises(SaveFileError, match=f"{path.name}: cannot be written: expected a regular file, or none"):
            write_saved(path, {})
    with pytest.raises(SaveFileError, match="loop: cannot be written: Too many levels of symbolic links"):
        write_saved(loop, {})
    assert fifo.is_fifo()
    assert sorted(tmp_path.iterdir()) == [fifo, folder, link, loop]
