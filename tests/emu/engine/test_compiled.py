# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions in the compiler's intermediate language: made into object code once."""

from __future__ import annotations

import ctypes
import hashlib
from pathlib import Path

import pytest

from emu.engine import compiled
from emu.object_code import files


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder where object code may be kept."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(files, "folders", lambda: [folder])
    return folder


@pytest.mark.parametrize("times", (1, 2))
def test_functions_in_the_intermediate_language(place: Path, times: int) -> None:
    for _ in range(times):
        source = "define i64 @seven() { ret i64 7 }\ndefine i64 @eight() { ret i64 8 }"
        addresses = compiled.functions("numbers", source, (), ("eight", "seven"))
    assert [ctypes.CFUNCTYPE(ctypes.c_uint64)(address)() for address in addresses] == [8, 7]
    assert [each.name.split("-")[0] for each in place.iterdir()] == ["numbers"]


def test_a_file_that_holds_more_than_object_code_is_not_loaded(place: Path) -> None:
    """It was called after the compiler and the source alone."""
    source = "define i64 @seven() { ret i64 7 }"
    digest = hashlib.sha256(f"{files.compiler()} {source}".encode()).hexdigest()
    files.write(f"numbers-{digest}.o", b"\0" + bytes(1000))
    (address,) = compiled.functions("numbers", source, (), ("seven",))
    assert ctypes.CFUNCTYPE(ctypes.c_uint64)(address)() == 7
    assert len(list(place.iterdir())) == 2
