# SPDX-License-Identifier: GPL-2.0-or-later
"""How the operands of an instruction are written: what assembler and disassembler share.

An operand list such as ``R1,D2(X2,B2)`` (:attr:`emu.isa.formats.Format.syntax`) becomes a tuple of :class:`Operand`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from emu.isa.declaration import Instruction
    from emu.isa.engine_instructions import EngineInstruction
    from emu.isa.formats import Field

_NONE: Final = ("",)
_FIRST_REGISTER: Final = ("R1",)
_NO_MASK: Final = ("R1,D2(X2,B2)",)

# Instructions that use, or may be written with, fewer operands than their format has places for; the others are zero.
_SHORTER: Final[dict[str, tuple[str, ...]]] = {
    "CSCH": _NONE,
    "ESEA": _FIRST_REGISTER,
    "EPAIR": _FIRST_REGISTER,
    "EPAR": _FIRST_REGISTER,
    "ESAIR": _FIRST_REGISTER,
    "ESAR": _FIRST_REGISTER,
    "HSCH": _NONE,
    "IAC": _FIRST_REGISTER,
    "IDTE": ("R1,R3,R2",),
    "IPK": _NONE,
    "IPM": _FIRST_REGISTER,
    "IPTE": ("R1,R2", "R1,R2,R3"),
    # BFP instructions with an operand in storage, whose format has a mask field that only few others use.
    "ADB": _NO_MASK,
    "AEB": _NO_MASK,
    "CDB": _NO_MASK,
    "CEB": _NO_MASK,
    "DDB": _NO_MASK,
    "DEB": _NO_MASK,
    "KDB": _NO_MASK,
    "KEB": _NO_MASK,
    "LDEB": _NO_MASK,
    "LXDB": _NO_MASK,
    "LXEB": _NO_MASK,
    "MDB": _NO_MASK,
    "MDEB": _NO_MASK,
    "MEEB": _NO_MASK,
    "MXDB": _NO_MASK,
    "SDB": _NO_MASK,
    "SEB": _NO_MASK,
    "SQDB": _NO_MASK,
    "SQEB": _NO_MASK,
    "PALB": _NONE,
    "PTF": _FIRST_REGISTER,
    "PTLB": _NONE,
    "RCHP": _NONE,
    "RSCH": _NONE,
    "SAL": _NONE,
    "SCHM": _NONE,
    "SPM": _FIRST_REGISTER,
    "SSAIR": _FIRST_REGISTER,
    "SSAR": _FIRST_REGISTER,
    "SSKE": ("R1,R2",),
    "TRTE": ("R1,R2",),
    "TRTRE": ("R1,R2",),
    "XSCH": _NONE,
}


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand: the field *name*, and for a storage operand the fields in its parentheses."""

    name: str
    inner: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({','.join(self.inner)})".upper() if self.inner else self.name.upper()


@cache
def parse_syntax(syntax: str) -> tuple[Operand, ...]:
    """The operands of the operand list *syntax*; the single ``I`` of SUPERVISOR CALL is the field i1."""
    operands = []
    for name, inner in re.findall(r"([A-Z]+\d?)(?:\(([^)]*)\))?", syntax):
        field = "i1" if name == "I" else name.lower()
        operands.append(Operand(field, tuple(inner.lower().split(",")) if inner else ()))
    return tuple(operands)


@cache
def operand_lists(instruction: Instruction | EngineInstruction) -> tuple[tuple[Operand, ...], ...]:
    """The ways to write the operands of *instruction*, the shortest first."""
    syntaxes = (*_SHORTER.get(instruction.mnemonic, ()), instruction.format.syntax)
    return tuple(parse_syntax(syntax) for syntax in syntaxes)


def names_of(operands: tuple[Operand, ...]) -> frozenset[str]:
    """The names of all fields that *operands* write."""
    return frozenset(name for operand in operands for name in (operand.name, *operand.inner))


@cache
def fields_by_name(instruction: Instruction | EngineInstruction) -> dict[str, Field]:
    """The operand fields of *instruction*, by name."""
    return {field.name: field for field in instruction.format.fields}
