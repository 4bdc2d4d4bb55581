# SPDX-License-Identifier: GPL-2.0-or-later
"""From a name to its address, and back."""

from __future__ import annotations

import pytest

from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw
from emu.symbols.symbol import SourceLine, Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import NO_SYMBOLS, SymbolTable, UnknownSymbol


class Lines:
    def at(self, address: int) -> SourceLine | None:
        return SourceLine("src/a.c", 7) if address == 0x100 else None

    def addresses(self, file: str, line: int) -> list[int]:
        return [0x100] if (file, line) == ("a.c", 7) else []


KERNEL = SymbolFile(
    "System.map",
    [
        Symbol(0x100, "do_exception", 0x40),
        Symbol(0x140, "add", 8),
        *(Symbol(0x200 + 8 * n, "init", 8) for n in range(6)),
    ],
    lines=Lines(),
    is_kernel=True,
)
PROGRAM = SymbolFile("a.elf", [Symbol(0x120, "main", 0x10), Symbol(0x130, "essa_probe", 0x20)])
TABLE = SymbolTable([KERNEL, PROGRAM])


@pytest.mark.parametrize(
    ("text", "address"),
    (
        ("do_exception", 0x100),
        ("do_exception+0x12", 0x112),
        (" do_exception + 12 ", 0x10C),
        ("main-0x20", 0x100),
        ("1f0", 0x1F0),
        ("0x1F0", 0x1F0),
        # A name goes first; 0x makes it an address.
        ("add", 0x140),
        ("0xadd", 0xADD),
        ("abc", 0xABC),
        ("a.c:7", 0x100),
    ),
)
def test_an_address_is_found(text: str, address: int) -> None:
    assert TABLE.address(text) == address


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("do_exceptoin", "there is no symbol 'do_exceptoin': did you mean do_exception?"),
        ("do_exceptoin+4", "there is no symbol 'do_exceptoin': did you mean do_exception?"),
        ("qqqq", "there is no symbol 'qqqq'"),
        ("", "there is no symbol ''"),
        ("init", "there are 6 symbols 'init'; expected one of 0x200, 0x208, 0x210, 0x218, ..."),
        ("a.c:8", "there is no code of line 8 of 'a.c'"),
        ("main+0x11111111111111111", "there is no symbol 'main+0x11111111111111111'"),
    ),
)
def test_what_is_not_found_is_said(text: str, message: str) -> None:
    with pytest.raises(UnknownSymbol) as error:
        TABLE.address(text)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_without_symbols_there_are_addresses_only() -> None:
    assert not NO_SYMBOLS
    assert NO_SYMBOLS.address("146d0") == 0x146D0
    with pytest.raises(UnknownSymbol, match="expected a hexadecimal address, not 'main'"):
        NO_SYMBOLS.address("main")
    assert NO_SYMBOLS.label(0x100) == ""


def test_all_addresses_of_a_name() -> None:
    assert TABLE.addresses("init") == [0x200, 0x208, 0x210, 0x218, 0x220, 0x228]
    assert TABLE.addresses("main") == [0x120]
    assert TABLE.addresses("nothing") == []
    assert sorted(TABLE.names("do")) == ["do_exception"]
    assert len(TABLE) == 10


def test_an_address_is_named_by_what_begins_last_before_it() -> None:
    assert TABLE.label(0x110) == "<do_exception+0x10>"
    assert TABLE.label(0x128) == "<main+0x8>"
    assert TABLE.label(0x500) == ""


def test_addresses_of_a_process_have_nothing_to_do_with_the_kernel() -> None:
    assert TABLE.label(0x110, is_problem_state=True) == ""
    assert TABLE.label(0x128, is_problem_state=True) == "<main+0x8>"
    assert TABLE.line(0x100) == ("src/a.c", 7)
    assert TABLE.line(0x100, is_problem_state=True) is None
    assert TABLE.line(0x102) is None


def test_a_psw_has_the_symbol_of_its_address() -> None:
    assert TABLE.psw_text(Psw(ADDRESSING_MODE, 0x138)) == "0000000180000000 0000000000000138 <essa_probe+0x8>"
    assert TABLE.psw_text(Psw(ADDRESSING_MODE, 0x110)).endswith(" <do_exception+0x10>")
    assert TABLE.psw_text(Psw(ADDRESSING_MODE | PROBLEM_STATE, 0x110)) == "0001000180000000 0000000000000110"
