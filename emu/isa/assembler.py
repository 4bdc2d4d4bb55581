# SPDX-License-Identifier: GPL-2.0-or-later
"""A small assembler of all instructions that the machine has: the inverse of the decoder.

Operands are written as the manual writes them, registers as plain numbers or with their letter (``3``, ``%r3``),
numbers in decimal, as 0x1F or as X'1F', a relative operand as the address it means or as ``*+8``, and a storage operand
with one register in its parentheses as displacement(base).  ``DC X'...'`` stands for bytes that are no declared
instruction, and ``#`` begins a comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.bits import MASK_64, signed
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.engine_instructions import engine_instructions
from emu.isa.formats import Kind
from emu.isa.operand_syntax import Operand, fields_by_name, operand_lists

if TYPE_CHECKING:
    from emu.isa.declaration import Instruction
    from emu.isa.engine_instructions import EngineInstruction
    from emu.isa.formats import Field

_NUMBER: Final = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|[xX]'([0-9a-fA-F]+)'|([0-9]+))")
_REGISTER: Final = re.compile(r"%?[racfv]?([0-9]+)", re.IGNORECASE)
_STORAGE: Final = re.compile(r"([^()]*)(?:\(([^()]*)\))?")
_DATA: Final = re.compile(r"X'((?:[0-9A-F]{2})+)'", re.IGNORECASE)


class AssemblyError(ValueError):
    """A statement is not an instruction that can be assembled; the message says where and what was expected."""


def encode(mnemonic: str, **fields: int) -> bytes:
    """The instruction *mnemonic* with the given operand *fields*, as decoded; fields that are left out are zero.

    ``encode("ESSA", r1=2, r2=3, m3=1)`` is b9ab1023.

    :raises AssemblyError: if the instruction is not declared, has no such field, or a value does not fit.
    """
    instruction = _find(mnemonic)
    form = instruction.format
    try:
        raw = form.compose(instruction.opcode, {field.name: 0 for field in form.fields} | fields)
    except ValueError as reason:
        raise AssemblyError(f"{instruction.mnemonic}: {reason}") from None
    return raw.to_bytes(form.length, "big")


def assemble(text: str, address: int = 0) -> bytes:
    """The bytes of the statements in *text*, one a line, for the place *address*.

    :raises AssemblyError: naming the line, if there is more than one.
    """
    lines = text.split("\n")
    code = b""
    for number, line in enumerate(lines, 1):
        statement = line.partition("#")[0].strip()
        if not statement:
            continue
        try:
            code += _statement(statement, address + len(code) & MASK_64)
        except AssemblyError as reason:
            if len(lines) == 1:
                raise
            raise AssemblyError(f"line {number}: {reason}") from None
    return code


def _find(mnemonic: str) -> Instruction | EngineInstruction:
    general = engine_instructions().get(mnemonic.upper())
    if general is not None:
        return general
    try:
        return INSTRUCTIONS.by_mnemonic(mnemonic.upper())
    except KeyError:
        raise AssemblyError(f"{mnemonic} is not an instruction that is known here") from None


def _statement(statement: str, address: int) -> bytes:
    mnemonic, _, rest = statement.partition(" ")
    rest = "".join(rest.split())
    if mnemonic.upper() == "DC":
        data = _DATA.fullmatch(rest)
        if data is None:
            raise AssemblyError(f"DC: expected X'...' with an even number of hexadecimal digits, not {rest!r}")
        return bytes.fromhex(data[1])
    instruction = _find(mnemonic)
    texts = _split(rest)
    for operands in operand_lists(instruction):
        if len(operands) == len(texts):
            break
    else:
        expected = ",".join(map(str, operand_lists(instruction)[-1]))
        raise AssemblyError(f"{instruction.mnemonic}: expected the operands {expected or '(none)'}, not {rest!r}")
    fields: dict[str, int] = {}
    for operand, text in zip(operands, texts, strict=True):
        try:
            _read_operand(instruction, operand, text, address, fields)
        except AssemblyError as reason:
            raise AssemblyError(f"{instruction.mnemonic}: {reason}") from None
    return encode(mnemonic, **fields)


def _split(text: str) -> list[str]:
    """The operands of *text*: split at the commas outside parentheses."""
    return re.split(r",(?![^()]*\))", text) if text else []


def _read_operand(
    instruction: Instruction | EngineInstruction, operand: Operand, text: str, address: int, fields: dict[str, int]
) -> None:
    by_name = fields_by_name(instruction)
    if not operand.inner:
        fields[operand.name] = _read_field(by_name[operand.name], text, address)
        return
    matched = _STORAGE.fullmatch(text)
    if matched is None:
        raise AssemblyError(f"expected {operand}, not {text!r}")
    displacement, parentheses = matched.groups()
    fields[operand.name] = _number(displacement, operand.name)
    inner = [] if parentheses is None else parentheses.split(",")
    names = operand.inner
    if len(inner) < len(names):
        # What is missing is the index, where there is one, else the base.
        if by_name[names[0]].kind is Kind.INDEX:
            names = names[1:]
        elif not inner and len(names) == 2:
            raise AssemblyError(f"expected {operand}, not {text!r}")
    if len(inner) > len(names):
        raise AssemblyError(f"expected {operand}, not {text!r}")
    for name, part in zip(names, inner, strict=False):
        # An omitted register, as in 0(,3), is none.
        fields[name] = _read_field(by_name[name], part or "0", address)


def _read_field(field: Field, text: str, address: int) -> int:
    if field.kind in (Kind.REGISTER, Kind.VECTOR_REGISTER, Kind.BASE, Kind.INDEX):
        register = _REGISTER.fullmatch(text)
        if register is None:
            raise AssemblyError(f"{field.name.upper()}: expected a register number, not {text!r}")
        return int(register[1])
    if field.kind is Kind.LENGTH:
        length = _number(text, field.name)
        if not 1 <= length <= 1 << field.width:
            raise AssemblyError(f"{field.name.upper()}: a length lies between 1 and {1 << field.width}, not {length}")
        return length - 1
    if field.kind is Kind.RELATIVE:
        return _relative(field, text, address)
    return _number(text, field.name)


def _relative(field: Field, text: str, address: int) -> int:
    """The halfwords from *address* to the place that *text* names."""
    if text.startswith("*"):
        distance = _number(text[1:], field.name) if text[1:] else 0
    else:
        distance = signed(_number(text, field.name) - address, 64)
    if distance & 1:
        raise AssemblyError(f"{field.name.upper()}: {text} is an odd number of bytes away")
    return distance // 2


def _number(text: str, name: str) -> int:
    matched = _NUMBER.fullmatch(text)
    if matched is None:
        raise AssemblyError(f"{name.upper()}: expected a number, not {text!r}")
    sign, prefixed, quoted, decimal = matched.groups()
    digits = prefixed or quoted
    value = int(digits, 16) if digits else int(decimal)
    return -value if sign == "-" else value
