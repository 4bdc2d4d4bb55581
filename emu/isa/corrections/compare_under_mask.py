# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE LOGICAL CHARACTERS UNDER MASK with a mask of zero (PoP chapter 7).

Access exceptions are recognized for one byte then; Unicorn 2.1.4 recognizes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.access import NotModelled
from emu.facilities import Facility
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RS_B, RSY_B, Format

if TYPE_CHECKING:
    from emu.cpu import Cpu

_FORMS: Final = (
    (0xBD, "CLM", RS_B, "low", None),
    (0xEB21, "CLMY", RSY_B, "low", Facility.LONG_DISPLACEMENT),
    (0xEB20, "CLMH", RSY_B, "high", None),
)


def _has_no_mask(operands: Operands, _: int) -> bool:
    return operands.m3 == 0


def _declare(opcode: int, mnemonic: str, form: Format, part: str, facility: Facility | None) -> None:
    title = f"COMPARE LOGICAL CHARACTERS UNDER MASK ({part})"

    @instruction(opcode, mnemonic, form, title, reason=Reason.CORRECTION, only=_has_no_mask)
    def compare(cpu: Cpu, operands: Operands) -> None:
        if operands.m3:
            raise NotModelled(f"{mnemonic} outside the engine")
        access.load(cpu, cpu.effective_address(operands.b2, operands.d2), 1)
        cpu.cc = 0


for _form in _FORMS:
    _declare(*_form)
