# SPDX-License-Identifier: GPL-2.0-or-later
"""A range of addresses, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.symbols.table import SymbolTable


def range_of(symbols: SymbolTable, text: str) -> tuple[int, int]:
    """The addresses that *text* means: ``0x1000``, ``0x1000-0x1fff``, a symbol (all of it), ``symbol+0x12``.

    :raises ValueError: if it means none.
    """
    found = symbols.find(text)
    if found:
        symbol = next((each for each in found if each.address == symbols.address(text)), found[0])
        return symbol.address, symbol.address + max(symbol.size, 1) - 1
    begin, separator, end = text.partition("-")
    if separator and not symbols.find(text):
        first, last = symbols.address(begin), symbols.address(end)
        if first > last:
            raise ValueError(f"expected the lower address first, not {text!r}")
        return first, last
    address = symbols.address(text)
    return address, address
