# SPDX-License-Identifier: GPL-2.0-or-later
"""Symbols of the image, of what was fetched with it, and of files that are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.errors import SymbolFileError
from guest_kernel.native.shipped import image_path
from tools.command.cli import main
from tools.machines.images import BootFiles
from tools.machines.options import MachineOptions, SymbolOptions, SymbolSource
from tools.machines.symbols import load_symbols

HELLO = MachineOptions(image=BootFiles(image_path("hello")))


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "System.map"
    path.write_text("0000000000100000 T startup\n")
    return path


def test_an_image_brings_its_own() -> None:
    assert load_symbols(HELLO, SymbolOptions()).address("start_program") == 0x13230


def test_files_come_besides(listed: Path) -> None:
    table = load_symbols(HELLO, SymbolOptions(symbols=(SymbolSource(listed, 0x1000),)))
    assert table.address("startup") == 0x101000
    assert table.address("print") == 0x121E0


def test_those_of_a_kernel_were_fetched_with_it(listed: Path, tmp_path: Path) -> None:
    options = MachineOptions(image=BootFiles(tmp_path / "vmlinuz", symbols=listed))
    assert load_symbols(options, SymbolOptions()).address("startup") == 0x100000


def test_there_may_be_none(tmp_path: Path) -> None:
    assert not load_symbols(MachineOptions(image=BootFiles(tmp_path / "vmlinuz")), SymbolOptions())


def test_a_wrong_file_is_named_whether_it_is_needed_or_not(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed.write_text("0000000000100000 T startup\nrubbish\n")
    with pytest.raises(SymbolFileError):
        load_symbols(HELLO, SymbolOptions(symbols=(SymbolSource(listed),)))
    assert main(["run", "hello", "--symbols", str(listed)]) == 2
    assert capsys.readouterr().err == (
        f"essa: {listed}, line 2: expected 'ADDRESS KIND NAME [MODULE]', not 'rubbish'\n"
    )
