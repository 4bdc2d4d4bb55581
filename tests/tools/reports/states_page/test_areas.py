# SPDX-License-Identifier: GPL-2.0-or-later
"""What lies in which page, by symbols."""

from __future__ import annotations

from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import NO_SYMBOLS, SymbolTable
from tools.reports.states_page.areas import PageArea, page_areas, page_symbols


def table(*symbols: Symbol) -> SymbolTable:
    return SymbolTable([SymbolFile("file", symbols)])


def label(name: str, address: int) -> Symbol:
    return Symbol(address, name)


def test_code_and_data_of_a_program() -> None:
    symbols = table(
        Symbol(0x1FF0, "function", 0x20),
        Symbol(0x3000, "variable", 0x1000, is_code=False),
        Symbol(0x4008, "other", 8, is_code=False),
        Symbol(0x4010, "inside", 8),
        label("end", 0x9000),
    )
    areas = page_areas(symbols, 256)
    # A page with both is code, and a symbol without a size says nothing.
    assert areas == [PageArea("code", 1, 2), PageArea("data", 3, 1), PageArea("code", 4, 1)]
    assert page_symbols(symbols, areas) == {2: "<function+0x10>", 3: "<variable>"}


def test_sections_of_a_kernel() -> None:
    symbols = table(
        label("_stext", 0x100000),
        Symbol(0x100000, "startup", 0x800),
        label("_etext", 0x103000),
        label("__start_rodata", 0x103000),
        label("__end_rodata", 0x104001),
        label("_edata", 0x107000),
        label("__init_begin", 0x106000),
        label("__init_end", 0x109000),
    )
    assert page_areas(symbols, 0x1000) == [
        PageArea("kernel code", 0x100, 3),
        PageArea("kernel data, read-only", 0x103, 2),
        PageArea("kernel data", 0x105, 1),
        PageArea("kernel, until it has started", 0x106, 3),
    ]


def test_what_lies_behind_the_memory_is_nowhere() -> None:
    symbols = table(Symbol(0xFF000, "last", 0x2000), Symbol(0x3FF00000000, "module", 0x1000))
    assert page_areas(symbols, 256) == [PageArea("code", 255, 1)]


def test_nothing_is_known() -> None:
    assert page_areas(NO_SYMBOLS, 256) == []
    assert page_areas(table(label("_stext", 0x5000)), 256) == []
