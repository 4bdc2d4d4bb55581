# SPDX-License-Identifier: GPL-2.0-or-later
"""The file that tells gdb the symbols of a program that is no ELF file."""

from __future__ import annotations

from emu.symbols.elf_symbols import parse_elf_symbols
from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import NO_SYMBOLS, SymbolTable
from tools.gdb.symbol_image import make_symbol_image

SYMBOLS = [
    Symbol(0x100000, "startup", 0x50),
    Symbol(0x100050, "do_exception", 0x20, is_local=True),
    Symbol(0x3FF7FD02048, "chksum_init", 0x20, is_local=True, module="crc32c_generic"),
    Symbol(0xFE0000, "jiffies", 8, is_code=False),
]


def test_all_symbols_are_in_it() -> None:
    image = make_symbol_image(SymbolTable([SymbolFile("System.map", SYMBOLS)]))
    file = parse_elf_symbols(image, "made")
    assert file is not None
    found = [symbol for each in file.by_name.values() for symbol in each]
    assert sorted(found) == sorted(symbol._replace(module="") for symbol in SYMBOLS)


def test_without_symbols_it_tells_the_order_of_bytes_alone() -> None:
    image = make_symbol_image(NO_SYMBOLS)
    assert image[:6] == b"\x7fELF\x02\x02"
    assert parse_elf_symbols(image, "made", is_required=False) is None
