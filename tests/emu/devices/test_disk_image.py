# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk whose content is a file: what can be a disk, what stands in the file, and what it says about itself."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from emu.devices.disk_image import DiskImage

CONTENT = bytes(range(256)) * 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of four sectors."""
    path = tmp_path / "disk"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("size", (0, 1, 511, 513, 1000))
def test_a_file_that_is_not_whole_sectors_is_no_disk(tmp_path: Path, size: int) -> None:
    path = tmp_path / "disk"
    path.write_bytes(bytes(size))
    with pytest.raises(ValueError, match=rf"^expected a multiple of 512 bytes, not {size}$"):
        DiskImage(path)


def test_a_file_that_is_not_there_is_no_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        DiskImage(tmp_path / "nothing")


def test_a_directory_is_no_disk(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        DiskImage(tmp_path)


def test_the_size_is_that_of_the_file(path: Path) -> None:
    assert DiskImage(path).size == 2048


def test_what_is_read_stands_at_the_offset(path: Path) -> None:
    assert DiskImage(path).read(513, 600) == CONTENT[513:1113]


def test_a_file_that_has_become_shorter_is_an_error(path: Path) -> None:
    image = DiskImage(path)
    os.truncate(path, 512)
    with pytest.raises(OSError, match="the image has become shorter"):
        image.read(512, 512)


def test_what_is_written_stands_in_the_file_at_the_offset(path: Path) -> None:
    image = DiskImage(path, is_writable=True)
    image.write(512, b"\xaa" * 512)
    image.flush()
    assert path.read_bytes() == CONTENT[:512] + b"\xaa" * 512 + CONTENT[1024:]
    assert image.read(510, 4) == CONTENT[510:512] + b"\xaa\xaa"


def test_a_flush_has_the_file_itself_written_for_good(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = DiskImage(path, is_writable=True)
    written: list[int] = []
    monkeypatch.setattr(os, "fsync", written.append)
    image.flush()
    assert [os.path.samestat(os.fstat(file), path.stat()) for file in written] == [True]


def test_an_image_is_read_only_unless_told_otherwise(path: Path) -> None:
    image = DiskImage(path)
    assert not image.is_writable
    with pytest.raises(OSError, match="Bad file descriptor"):
        image.write(0, bytes(512))
    assert path.read_bytes() == CONTENT


def test_a_read_only_file_can_be_an_image(path: Path) -> None:
    path.chmod(0o400)
    assert DiskImage(path).read(0, 512) == CONTENT[:512]


def test_the_digest_is_the_sha_256_sum_of_the_content(path: Path) -> None:
    image = DiskImage(path)
    image.read(1024, 512)
    assert image.digest() == hashlib.sha256(CONTENT).hexdigest()


def test_the_digest_is_another_after_a_write(path: Path) -> None:
    image = DiskImage(path, is_writable=True)
    before = image.digest()
    image.write(0, b"\xaa" * 512)
    assert image.digest() == hashlib.sha256(path.read_bytes()).hexdigest() != before


def test_the_file_is_closed_with_the_image(path: Path) -> None:
    image = DiskImage(path)
    file = image._file
    del image
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)


def test_what_was_in_the_sectors_that_are_written_is_kept(path: Path) -> None:
    image = DiskImage(path, is_writable=True)
    assert image.original is None
    image.keep_original(1536)
    image.write(512, b"\xaa" * 1024)
    image.write(0, b"\xbb" * 1024)
    assert image.original == {0: CONTENT[:512], 512: CONTENT[512:1024], 1024: CONTENT[1024:1536]}
    image.write(1536, b"\xcc" * 512)
    assert image.original is None, "that were more bytes than are to be kept"
    image.write(0, b"\xdd" * 512)
    assert image.original is None


def test_what_is_laid_over_is_read_and_written_in_place_of_the_file(path: Path) -> None:
    image = DiskImage(path, is_writable=True)
    before = image.digest()
    image.lay_over({512: b"\xaa" * 512})
    assert image.read(0, 2048) == CONTENT[:512] + b"\xaa" * 512 + CONTENT[1024:]
    assert image.read(512, 512) == b"\xaa" * 512
    image.write(512, CONTENT[512:1536])
    assert image.digest() == before
    image.write(0, b"\xbb" * 1024)
    assert image.read(0, 1536) == b"\xbb" * 1024 + CONTENT[1024:1536]
    assert image.digest() == hashlib.sha256(b"\xbb" * 1024 + CONTENT[1024:]).hexdigest()
    assert path.read_bytes() == CONTENT


def test_of_what_is_written_the_journal_is_told_before(path: Path) -> None:
    class Told:
        def note(self, offset: int, data: bytes) -> None:
            found.append((offset, data, path.read_bytes()))

    found: list[tuple[int, bytes, bytes]] = []
    image = DiskImage(path, is_writable=True)
    image.journal = Told()
    image.write(512, b"\xaa" * 512)
    image.put(0, b"\xbb" * 512)
    assert found == [(512, b"\xaa" * 512, CONTENT)]
