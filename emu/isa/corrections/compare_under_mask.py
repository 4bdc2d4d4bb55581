# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE LOGICAL CHARACTERS UNDER MASK (PoP chapter 7).

With a mask of zero access exceptions are recognized for one byte; Unicorn 2.1.4 recognizes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import field
from emu.isa.condition_codes import of_comparison
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RS_B, RSY_B, Format

if TYPE_CHECKING:
    from emu.cpu import Cpu

_FORMS: Final = (
    (0xBD, "CLM", RS_B, "low", 32),
    (0xEB21, "CLMY", RSY_B, "low", 32),
    (0xEB20, "CLMH", RSY_B, "high", 0),
)
"""Opcode, mnemonic, format, and which part of R1, with its first bit."""


def _has_no_mask(operands: Operands, _: int) -> bool:
    return operands.m3 == 0


def _declare(opcode: int, mnemonic: str, form: Format, part: str, first: int) -> None:
    title = f"COMPARE LOGICAL CHARACTERS UNDER MASK ({part})"

    @instruction(opcode, mnemonic, form, title, reason=Reason.CORRECTION, only=_has_no_mask)
    def compare(cpu: Cpu, operands: Operands) -> None:
        mask = operands.m3
        address = cpu.effective_address(operands.b2, operands.d2)
        if not mask:
            access.load(cpu, address, 1)
        # Bytes behind the first that is unequal are not fetched.
        code = 0
        for byte in range(4):
            if mask & 8 >> byte and not code:
                selected = field(cpu.gr[operands.r1], first + 8 * byte, first + 8 * byte + 7)
                code = of_comparison(selected, access.load_integer(cpu, address, 1))
                address = cpu.wrap(address + 1)
        cpu.cc = code


for _form in _FORMS:
    _declare(*_form)
