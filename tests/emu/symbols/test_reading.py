# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of symbols are told apart by what is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.errors import SymbolFileError
from emu.symbols.reading import image_symbols, read_symbols
from guest_kernel.native.build import image_path
from tests.support.elf import ending_program


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "symbols"


def test_either_kind_is_read(path: Path) -> None:
    assert read_symbols(image_path("hello")).by_name["print"]
    path.write_text("0000000000100000 T startup\n")
    assert str(read_symbols(path).nearest(0x100002)) == "startup+0x2"
    assert str(read_symbols(path, 0x1000).nearest(0x101002)) == "startup+0x2"


def test_what_cannot_be_read_is_named(path: Path) -> None:
    with pytest.raises(SymbolFileError, match="symbols: cannot be read: No such file"):
        read_symbols(path)
    with pytest.raises(SymbolFileError, match="cannot be read: Is a directory"):
        read_symbols(path.parent)


def test_bytes_that_are_no_text_are_named_with_their_line(path: Path) -> None:
    path.write_bytes(b"0000000000100000 T startup\n\xff\xfe\n")
    with pytest.raises(SymbolFileError, match="symbols, line 2: expected an ELF file, or text such as"):
        read_symbols(path)


def test_a_program_may_have_symbols_itself(path: Path) -> None:
    assert image_symbols(image_path("hello")) is not None
    assert image_symbols(path) is None
    path.write_bytes(ending_program(b"").to_bytes())
    assert image_symbols(path) is None
    path.write_bytes(b"\x7fELF")
    assert image_symbols(path) is None
    path.write_text("0000000000100000 T startup\n")
    assert image_symbols(path) is None
