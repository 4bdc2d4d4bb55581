# SPDX-License-Identifier: GPL-2.0-or-later
"""Which symbol names an address."""

from __future__ import annotations

import pytest

from emu.symbols.symbol import SourceLine, Symbol
from emu.symbols.symbol_file import SymbolFile, with_sizes


def names(file: SymbolFile, *addresses: int) -> list[str]:
    return [str(file.nearest(address)) for address in addresses]


def test_a_symbol_names_the_bytes_that_it_covers() -> None:
    file = SymbolFile("f", [Symbol(0x100, "first", 0x10), Symbol(0x120, "second", 8)])
    assert names(file, 0xFF, 0x100, 0x10F, 0x110, 0x11F, 0x120, 0x127, 0x128) == [
        *("None", "first", "first+0xf", "None", "None", "second", "second+0x7", "None"),
    ]


def test_a_label_inside_a_function_does_not_hide_the_rest_of_it() -> None:
    file = SymbolFile("f", [Symbol(0x100, "function", 0x40), Symbol(0x108, "label", 0)])
    assert names(file, 0x107, 0x108, 0x109) == ["function+0x7", "label", "function+0x9"]


@pytest.mark.parametrize(
    ("symbols", "expected"),
    (
        ([Symbol(8, "data", 8, is_code=False), Symbol(8, "zcode", 8)], "zcode"),
        ([Symbol(8, "_text", 8), Symbol(8, "startup_continue", 8)], "startup_continue"),
        ([Symbol(8, "a_local", 8, is_local=True), Symbol(8, "b_global", 8)], "b_global"),
        ([Symbol(8, "b", 8), Symbol(8, "a", 8)], "a"),
    ),
)
def test_of_several_the_most_telling_names_the_address(symbols: list[Symbol], expected: str) -> None:
    for order in (symbols, symbols[::-1]):
        file = SymbolFile("f", order)
        assert names(file, 8) == [expected]
        assert len(file) == 2
        assert sorted(file.by_name) == sorted(symbol.name for symbol in symbols)


def test_without_a_size_a_symbol_reaches_to_the_next_of_its_module() -> None:
    sized = with_sizes(
        [Symbol(0x100, "a"), Symbol(0x100, "alias"), Symbol(0x110, "b", 4), Symbol(0x104, "c", module="m")],
        {"m": 0x108},
        0x1000,
    )
    assert {symbol.name: symbol.size for symbol in sized} == {"a": 0x10, "alias": 0x10, "b": 4, "c": 4}


@pytest.mark.parametrize(("ends", "size"), (({}, 0x20), ({"": 0x118}, 0x18), ({"": 0x400}, 0x20), ({"": 0x80}, 0)))
def test_the_last_one_reaches_no_further_than_is_said(ends: dict[str, int], size: int) -> None:
    assert [symbol.size for symbol in with_sizes([Symbol(0x100, "a")], ends, 0x20)] == [size]


class Lines:
    """Line n is made into the code at 2 * n."""

    def at(self, address: int) -> SourceLine | None:
        return SourceLine("a.c", address // 2)

    def addresses(self, file: str, line: int) -> list[int]:
        return [2 * line]


def test_a_program_may_lie_elsewhere() -> None:
    file = SymbolFile("f", [Symbol(0x100, "a", 0x10, module="m")], lines=Lines(), is_kernel=True).moved(0x1000)
    assert names(file, 0x100, 0x1108) == ["None", "a+0x8 [m]"]
    assert file.is_kernel
    assert file.lines is not None
    assert file.lines.at(0x1010) == ("a.c", 8)
    assert file.lines.addresses("a.c", 8) == [0x1010]
