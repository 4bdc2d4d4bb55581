# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses as they are typed."""

from __future__ import annotations

import pytest

from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import SymbolTable
from tests.tools.stepping.conftest import Typist
from tools.stepping import addresses
from tools.stepping.commands import CommandError


@pytest.fixture
def prepared(typist: Typist) -> Typist:
    typist.session.symbols = SymbolTable([SymbolFile("x", [Symbol(0x10000, "begin", 0x10), Symbol(0x10010, "add", 4)])])
    typist.machine.cpus[0].gr[15] = 0x20000
    return typist


@pytest.mark.parametrize(
    ("text", "address"),
    (
        ("146d0", 0x146D0),
        ("0xADD", 0xADD),
        ("add", 0x10010),
        ("begin+0x10", 0x10010),
        ("gr15", 0x20000),
        ("$r15", 0x20000),
        ("gr15 + 1f", 0x2001F),
        ("gr15-10", 0x1FFF0),
        ("gr0-1", (1 << 64) - 1),
        ("psw", 0x10000),
        ("cr0", 0xE0),
        ("fc", 0xFC),
        ("f1", 0xF1),
        ("$f1", 0),
    ),
)
def test_address(prepared: Typist, text: str, address: int) -> None:
    assert addresses.address(prepared.session, "x", text) == address


@pytest.mark.parametrize(
    ("text", "area"),
    (
        ("1000", (0x1000, 0x40)),
        ("1000.8", (0x1000, 8)),
        ("1000-100f", (0x1000, 0x10)),
        ("begin.10", (0x10000, 0x10)),
        ("gr15-10", (0x1FFF0, 0x40)),
        ("gr15-10.8", (0x1FFF0, 8)),
    ),
)
def test_area(prepared: Typist, text: str, area: tuple[int, int]) -> None:
    assert addresses.area(prepared.session, "x", text) == area


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("begim", "x: there is no symbol 'begim': did you mean begin?"),
        ("1000.10001", "x: expected a length of 1 to 10000, not 10001"),
        ("1000-fff", "x: expected a length of 1 to 10000, not 0"),
        ("gr15+xx", "x: expected a hexadecimal address, not 'xx'"),
    ),
)
def test_what_is_none(prepared: Typist, text: str, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        addresses.area(prepared.session, "x", text)
    assert str(caught.value) == message


def test_a_page_is_one_of_the_memory(prepared: Typist) -> None:
    assert addresses.page(prepared.session, "x", "100fff") == 0x100
    with pytest.raises(CommandError, match="x: 200000 lies outside the memory of 200000 bytes"):
        addresses.page(prepared.session, "x", "200000")
