# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that people name."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.input_files.reading import read_whole


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(2 << 20))
    assert read_whole(path) == bytes(2 << 20)


def test_a_device_with_an_end() -> None:
    assert read_whole(Path("/dev/null")) == b""


def test_a_device_without_an_end_is_refused() -> None:
    with pytest.raises(OSError, match="expected a file, not a device without an end"):
        read_whole(Path("/dev/zero"))
