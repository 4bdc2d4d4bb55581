# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPRESSION CALL for cases: index symbols of nine bits, entries of dictionaries, and rows (SA22-7208, chapter 2).

The dictionary is in page3, which it fills, and that for expansion behind it in page4 where descriptors of format 1 go
on there; registers 2 and 4 designate the operands, which are in page1 and page2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tools.conform.architecture.case import Masked
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value
from tools.conform.architecture.storage_area import area

SOURCE: Final = "PoP 7, Compression Call; Enterprise Systems Architecture/390 Data Compression (SA22-7208)"
BITS: Final = 9
SIZE_9: Final = 1 << 12
"""So register 0 says how long an index symbol is."""
EXPAND: Final = 1 << 8
FORMAT_1: Final = 1 << 9
TRANSLATE: Final = 1 << 16
ENTRIES: Final = 1 << BITS
LENGTH: Final = 0x30
"""Bytes around either operand that are looked at."""
_ONES: Final = (1 << 64) - 1
_AGAIN: Final = "again: CMPSC 2,4\nBRC 1,again"


def packed(symbols: Sequence[int], start: int = 0) -> bytes:
    """Index symbols one behind the other, from bit *start* on; ones before them and zeros behind them."""
    count = start + BITS * len(symbols)
    value = (1 << start) - 1
    for symbol in symbols:
        value = value << BITS | symbol
    return (value << -count % 8).to_bytes((count + 7) // 8, "big")


def entry_at(index: int) -> str:
    """Where the entry of *index* is."""
    return f"page3+{8 * index}"


def compression_row(
    name: str,
    text: bytes,
    symbols: Sequence[int],
    dictionary: dict[Value, int],
    *,
    start: int = 0,
    room: int = 0x28,
    cc: int = 0,
    left: int = 0,
    controls: int = 0,
    table: int = 0,
) -> InstructionRow:
    """*text* becomes *symbols*, but for its last *left* characters.

    :param start: the bit at which the first symbol begins.
    :param controls: of register 0, besides the size of a symbol.
    :param table: the symbol-translation table, bytes behind the dictionary.
    """
    result = packed(symbols, start)
    used = len(text) - left
    whole, rest = divmod(start + BITS * len(symbols), 8)
    place = table // 128 << 3
    registers: dict[int, Value] = {0: SIZE_9 | controls, 1: f"page3+{place + start}", 2: "page1+3", 3: room}
    registers |= {4: "page2+5", 5: len(text)}
    after: dict[int, Masked] = {1: f"page3+{place + rest}", 2: f"page1+{3 + whole}", 3: room - whole}
    after |= {4: f"page2+{5 + used}", 5: len(text) - used}
    held = area("page1", LENGTH, {3: b"\xff" * 16}) | area("page2", LENGTH, {5: text}) | dictionary
    ends = area("page1", LENGTH, {3: result + b"\xff" * (16 - len(result))})
    stored: dict[Value, Masked] = dict(ends)
    if rest:
        # What becomes of the bits to the right of the last symbol is left out.
        number, behind = divmod(3 + whole, 8)
        word = f"page1+{8 * number}"
        stored[word] = ends[word], _ONES ^ (0xFF >> rest) << 8 * (7 - behind)
    return InstructionRow(name, _AGAIN, registers, after, cc, held, stored)


def expansion_row(
    name: str,
    symbols: Sequence[int],
    strings: Sequence[bytes],
    dictionary: dict[Value, int],
    *,
    start: int = 0,
    room: int = 30,
    controls: int = 0,
) -> InstructionRow:
    """The first of *symbols* become *strings*; cc 1 if there is no room for more."""
    source = packed(symbols, start)
    result = b"".join(strings)
    whole, rest = divmod(start + BITS * len(strings), 8)
    registers: dict[int, Value] = {0: SIZE_9 | EXPAND | controls, 1: f"page3+{start}", 2: "page1+3", 3: room}
    registers |= {4: "page2+5", 5: len(source)}
    after: dict[int, Masked] = {1: f"page3+{rest}", 2: f"page1+{3 + len(result)}", 3: room - len(result)}
    after |= {4: f"page2+{5 + whole}", 5: len(source) - whole}
    held = area("page1", LENGTH, {}) | area("page2", LENGTH, {5: source}) | dictionary
    stored: dict[Value, Masked] = dict(area("page1", LENGTH, {3: result}))
    return InstructionRow(name, _AGAIN, registers, after, int(len(strings) < len(symbols)), held, stored)
