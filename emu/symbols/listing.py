# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions as text, with the symbols of the addresses that are in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.disassembler import disassemble
from emu.isa.relative_operands import relative_operand

if TYPE_CHECKING:
    from emu.symbols.table import SymbolTable


def instruction_text(instruction: bytes, address: int, symbols: SymbolTable, *, is_problem_state: bool = False) -> str:
    """The *instruction* found at *address*, with the symbol of its relative operand: ``BRASL 14,0x13230 <puts>``.

    :raises ValueError: if there are no bytes.
    """
    text = disassemble(instruction, address)
    if not symbols:
        return text
    target = relative_operand(instruction, address)
    if target is None:
        return text
    return f"{text} {symbols.label(target, is_problem_state=is_problem_state)}".rstrip()
