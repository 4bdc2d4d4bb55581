# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions with the symbols of what they refer to."""

from __future__ import annotations

import pytest

from emu.symbols.listing import instruction_text
from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import NO_SYMBOLS, SymbolTable

TABLE = SymbolTable([SymbolFile("a.elf", [Symbol(0x13230, "puts", 16), Symbol(0x10000, "begin", 8)], is_kernel=True)])


@pytest.mark.parametrize(
    ("code", "text"),
    (
        ("c0e500001918", "BRASL 14,0x13230 <puts>"),
        ("c0e50000191a", "BRASL 14,0x13234 <puts+0x4>"),
        ("c0e50000192a", "BRASL 14,0x13254"),
        ("a7f40000", "BRC 0xf,0x10000 <begin>"),
        # No operand is an address of code or data here.
        ("b9ab0032", "ESSA 3,2,0"),
        ("a71b0001", "AGHI 1,1"),
    ),
)
def test_a_relative_operand_has_its_symbol(code: str, text: str) -> None:
    assert instruction_text(bytes.fromhex(code), 0x10000, TABLE) == text
    assert instruction_text(bytes.fromhex(code), 0x10000, NO_SYMBOLS) == text.partition(" <")[0]


def test_a_process_does_not_call_the_kernel() -> None:
    code = bytes.fromhex("c0e500001918")
    assert instruction_text(code, 0x10000, TABLE, is_problem_state=True) == "BRASL 14,0x13230"
