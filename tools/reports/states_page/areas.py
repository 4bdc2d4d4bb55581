# SPDX-License-Identifier: GPL-2.0-or-later
"""What lies in which page, as far as symbols tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT

if TYPE_CHECKING:
    from emu.symbols.table import SymbolTable

_KERNEL: Final = (
    ("kernel code", "_stext", "_etext"),
    ("kernel data", "_etext", "_edata"),
    ("kernel data, read-only", "__start_rodata", "__end_rodata"),
    ("kernel data, zero at first", "__bss_start", "__bss_stop"),
    ("kernel, until it has started", "_sinittext", "_einittext"),
    ("kernel, until it has started", "__init_begin", "__init_end"),
)
"""What a Linux kernel has between the symbols that its linker script defines; a later line lies over an earlier one.

A list that a kernel shows of itself may have only some of them."""
_CODE: Final = "code"
_DATA: Final = "data"


@dataclass(frozen=True, slots=True)
class PageArea:
    """Neighbouring pages that hold the same."""

    name: str
    first: int
    """The number of the first page."""
    pages: int


def page_areas(symbols: SymbolTable, pages: int) -> list[PageArea]:
    """What *symbols* say of a machine with so many *pages*, where addresses of symbols are absolute.

    Of a kernel its sections, of another program where it has code and where data: a page with both counts as code.
    """
    held: dict[int, str] = {}
    for name, first, last in _kernel_sections(symbols) or _code_and_data(symbols):
        held |= dict.fromkeys(range(first, min(last + 1, pages)), name)
    found: list[PageArea] = []
    for page, name in sorted(held.items()):
        if found and (found[-1].name, found[-1].first + found[-1].pages) == (name, page):
            found[-1] = replace(found[-1], pages=found[-1].pages + 1)
        else:
            found.append(PageArea(name, page, 1))
    return found


def page_symbols(symbols: SymbolTable, areas: list[PageArea]) -> dict[int, str]:
    """Of each page in *areas* the symbol that its first byte belongs to, if any."""
    numbers = (page for area in areas for page in range(area.first, area.first + area.pages))
    labels = ((page, symbols.label(page << PAGE_SHIFT)) for page in numbers)
    return {page: label for page, label in labels if label}


def _kernel_sections(symbols: SymbolTable) -> list[tuple[str, int, int]]:
    """The name, the first and the last page of each section that both symbols of are known."""
    found = []
    for name, begin, end in _KERNEL:
        begins, ends = symbols.addresses(begin), symbols.addresses(end)
        if len(begins) == len(ends) == 1 and begins[0] < ends[0]:
            found.append((name, begins[0] >> PAGE_SHIFT, ends[0] - 1 >> PAGE_SHIFT))
    return found


def _code_and_data(symbols: SymbolTable) -> list[tuple[str, int, int]]:
    """The same of whatever has a size, data first."""
    known = (symbol for file in symbols.files for each in file.by_name.values() for symbol in each if symbol.size)
    return [
        (
            _CODE if symbol.is_code else _DATA,
            symbol.address >> PAGE_SHIFT,
            symbol.address + symbol.size - 1 >> PAGE_SHIFT,
        )
        for symbol in sorted(known, key=lambda symbol: symbol.is_code)
    ]
