# SPDX-License-Identifier: GPL-2.0-or-later
"""Which storage the instruction that comes next designates, worked out without executing it.

Where the fields of an operand are follows from the first byte, and sometimes the last (PoP 5, "Instruction Formats",
and appendix B): the base from bit 16 on, the displacement behind it, the index from bit 12 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.bits import signed
from emu.instruction_length import instruction_length
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.relative_operands import relative_operand

if TYPE_CHECKING:
    from emu.cpu import Cpu

_BY_REGISTER: Final = {
    **dict.fromkeys(("ESSA", "SSKE", "ISKE", "RRBE", "IVSK", "PFMF", "TB", "STURA", "STURG", "LURA", "LURAG"), "r2"),
    "MVPG": "r1",
}
"""Instructions that designate a page or a word by a register, and the field that says by which."""

_INDEXED: Final = frozenset(range(0x40, 0x80)) - {0x41, 0x44, 0x45, 0x46, 0x47, 0x4D} | {0xB1}
"""First bytes of the format RX, those without storage left out: LA, EX, BAL, BCT, BC, BAS."""
_BASED: Final = frozenset(
    (
        *(0x80, 0x82, *range(0x90, 0x99), *range(0x9A, 0xA0), 0xAC, 0xAD, 0xB6, 0xB7, 0xBA, 0xBB, 0xBD, 0xBE, 0xBF),
        *(0xC8, *range(0xD0, 0xE0), 0xE5, 0xE8, 0xE9, 0xEA, 0xEE, 0xEF, *range(0xF1, 0x100)),
    )
)
"""First bytes of the formats RS, SI, S, SS, SSE, SIL and SSF: those that shift or trace left out."""
_NOT_STORAGE: Final = frozenset(
    {
        *("PTLB", "PALB", "CSCH", "HSCH", "RSCH", "XSCH", "SAL", "RCHP", "SCHM", "IPK", "SPKA", "SAC", "SACF"),
        *("SRNM", "SRNMB", "SRNMT"),
    }
)
"""Instructions of the format S whose second operand is something else, or nothing."""
_LONG_INDEXED, _LONG_BASED, _FLOATING, _VECTOR = 0xE3, 0xEB, 0xED, 0xE7
_NO_STORAGE: Final = {
    _LONG_INDEXED: frozenset({0x46, 0x47, 0x71, 0x75}),  # BCTG, BIC, LAY, LAEY
    # Shifts, rotations and branches on index.
    _LONG_BASED: frozenset({0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x44, 0x45, 0xDC, 0xDD, 0xDE, 0xDF}),
    _FLOATING: frozenset({0x10, 0x11, 0x12, 0x50, 0x51, 0x54, 0x55, 0x58, 0x59}),  # TEST DATA CLASS and GROUP
}
_SHIFTED: Final = frozenset({0x40, 0x41, 0x48, 0x49})
"""Last bytes after ED of shifts of decimal floating-point numbers, which have no storage operand either."""
_VECTORS_INDEXED: Final = frozenset(range(0x10))
_VECTORS_BASED: Final = frozenset({0x36, 0x37, 0x3E, 0x3F})
"""Last bytes after E7: loads and stores of elements and of a register; of several registers, and up to a length."""


def operand_address(cpu: Cpu, instruction: bytes) -> int | None:
    """The address of the first storage operand of *instruction*, which *cpu* is about to execute; None without one."""
    if not instruction or len(instruction) != instruction_length(instruction[0]):
        return None
    declared = INSTRUCTIONS.find(int.from_bytes(instruction, "big"), len(instruction))
    if declared is not None and declared.mnemonic in _BY_REGISTER:
        values = declared.format.extract(int.from_bytes(instruction, "big"))
        return cpu.wrap(cpu.gr[values[_BY_REGISTER[declared.mnemonic]]])
    if instruction[0] in (0xC4, 0xC6):
        return relative_operand(instruction, cpu.instruction_address)
    is_s = declared is not None and declared.format.name == "S" and declared.mnemonic not in _NOT_STORAGE
    return _by_fields(cpu, instruction, is_s=is_s) if len(instruction) > 2 else None


def _by_fields(cpu: Cpu, instruction: bytes, *, is_s: bool) -> int | None:
    first, last = instruction[0], instruction[-1]
    is_indexed = first in _INDEXED or (first == _VECTOR and last in _VECTORS_INDEXED)
    is_based = is_s or first in _BASED or (first == _VECTOR and last in _VECTORS_BASED)
    if first in _NO_STORAGE and last not in _NO_STORAGE[first] and not (first == _FLOATING and last in _SHIFTED):
        is_indexed, is_based = first != _LONG_BASED, first == _LONG_BASED
    if not is_indexed and not is_based:
        return None
    base, displacement = instruction[2] >> 4, (instruction[2] & 0x0F) << 8 | instruction[3]
    if first in (_LONG_INDEXED, _LONG_BASED):
        displacement = signed(instruction[4] << 12 | displacement, 20)
    address = displacement + _register(cpu, base)
    if is_indexed:
        address += _register(cpu, instruction[1] & 0x0F)
    return cpu.wrap(address)


def _register(cpu: Cpu, number: int) -> int:
    """What a base or index register adds: nothing if its number is zero."""
    return cpu.gr[number] if number else 0
