# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions as text, in the notation of :mod:`emu.isa.assembler`.

Declared instructions, ESSA among them, are written from their declarations; what the engine executes is left to
capstone, whose text is brought to the same notation; anything else is shown as a constant, ``DC X'...'``.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.bits import MASK_64
from emu.instruction_length import instruction_length
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.formats import Kind
from emu.isa.operand_syntax import Operand, fields_by_name, names_of, operand_lists
from emu.isa.relative_operands import relative_operand

if TYPE_CHECKING:
    from emu.isa.declaration import Instruction

_REGISTER_LETTER: Final = re.compile(r"%[racfv](?=\d)")
_CACHE: Final = 1 << 14


@lru_cache(_CACHE)
def disassemble(instruction: bytes, address: int = 0) -> str:
    """The *instruction* found at *address* as text; relative operands are shown as the address they mean.

    :raises ValueError: if there are no bytes.
    """
    if not instruction:
        raise ValueError("there is no instruction in no bytes")
    if len(instruction) == instruction_length(instruction[0]):
        raw = int.from_bytes(instruction, "big")
        declared = INSTRUCTIONS.find(raw, len(instruction))
        if declared is not None:
            return _declared(declared, raw, address)
        undeclared = _by_capstone(instruction, address)
        if undeclared is not None:
            return undeclared
    return f"DC X'{instruction.hex()}'"


def _declared(instruction: Instruction, raw: int, address: int) -> str:
    form = instruction.format
    values = form.extract(raw)
    if form.compose(instruction.opcode, values) != raw:
        # Bits that belong to no field are not zero; the instruction is the same, but its text would lose them.
        return f"DC X'{raw.to_bytes(form.length, 'big').hex()}'"
    used = {name for name, value in values.items() if value}
    operands = next(
        (operands for operands in operand_lists(instruction) if used <= names_of(operands)),
        operand_lists(instruction)[-1],
    )
    text = ",".join(_operand(instruction, operand, values, address) for operand in operands)
    return f"{instruction.mnemonic} {text}".rstrip()


def _operand(instruction: Instruction, operand: Operand, values: dict[str, int], address: int) -> str:
    first = _field(instruction, operand.name, values, address)
    inner = operand.inner
    if not inner:
        return first
    kinds = fields_by_name(instruction)
    if kinds[inner[0]].kind is Kind.INDEX and not values[inner[0]]:
        inner = inner[1:]
    if inner == (inner[-1],) and kinds[inner[0]].kind is Kind.BASE and not values[inner[0]]:
        return first
    return f"{first}({','.join(_field(instruction, name, values, address) for name in inner)})"


def _field(instruction: Instruction, name: str, values: dict[str, int], address: int) -> str:
    kind = fields_by_name(instruction)[name].kind
    if kind is Kind.RELATIVE:
        return f"{address + 2 * values[name] & MASK_64:#x}"
    if kind is Kind.LENGTH:
        return _number(values[name] + 1)
    if kind in (Kind.REGISTER, Kind.VECTOR_REGISTER, Kind.BASE, Kind.INDEX):
        return str(values[name])
    return _number(values[name])


def _number(value: int) -> str:
    """*value* as capstone writes numbers: hexadecimal from ten on."""
    return str(value) if abs(value) < 10 else f"{value:#x}"


@cache
def _capstone() -> Any:
    import capstone  # takes 0.2 s, which a run without a trace need not spend

    return capstone.Cs(capstone.CS_ARCH_SYSZ, capstone.CS_MODE_BIG_ENDIAN)


def _by_capstone(instruction: bytes, address: int) -> str | None:
    for _, size, mnemonic, operands in _capstone().disasm_lite(instruction, address, 1):
        if size == len(instruction):
            text = _REGISTER_LETTER.sub("", operands).replace(", ", ",")
            target = relative_operand(instruction, address)
            if target is not None:
                # Capstone writes one below zero with a sign.
                text = text[: text.rfind(",") + 1] + f"{target:#x}"
            return f"{mnemonic.upper()} {text}".rstrip()
    return None
