# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that take their place when they are whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.whole_file import UnwritableError, check_place, place_of, put_whole, replacing


def test_all_of_it_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    put_whole(path, b"before")

    def break_off() -> None:
        with replacing(path) as new:
            new.write_bytes(b"half")
            assert path.read_bytes() == b"before"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert path.read_bytes() == b"before"
    put_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_stay(tmp_path: Path) -> None:
    path, usual = tmp_path / "file", tmp_path / "usual"
    put_whole(path, b"before")
    usual.write_bytes(b"")
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o600)
    put_whole(path, b"after")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_long_name_has_room(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    put_whole(path, b"content")
    assert path.read_bytes() == b"content"


def test_what_cannot_be_is_found_before(tmp_path: Path) -> None:
    path = tmp_path / "file"
    check_place(path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        check_place(tmp_path / "none" / "file")
    with pytest.raises(UnwritableError, match="cannot be written: expected a regular file, or none"):
        place_of(tmp_path)
    with pytest.raises(UnwritableError, match="none/file: cannot be written: No such file or directory"):
        put_whole(tmp_path / "none" / "file", b"")
