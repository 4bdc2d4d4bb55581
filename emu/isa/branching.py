# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions branch, and whether one is about to (PoP 4, "Successful Branching"; 7, branch instructions).

The engine does not say that a branch to the next instruction was successful, which PER must know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_32, signed
from emu.isa.declaration import Operands
from emu.isa.formats import (
    RI_B,
    RI_C,
    RIE_B,
    RIE_C,
    RIE_C_UNSIGNED,
    RIE_E,
    RIL_B,
    RIL_C,
    RR,
    RRE,
    RS_A,
    RSI,
    RSY_A,
    RX_A,
    RXY_A,
    E,
    Format,
    S,
)

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Condition = Callable[["Cpu", Operands], bool]

_EQUAL: Final = 8
_LOW: Final = 4
_HIGH: Final = 2


def _always(_: Cpu, __: Operands) -> bool:
    return True


def _unless_register_0(_: Cpu, operands: Operands) -> bool:
    return operands.r2 != 0


def _on_condition(cpu: Cpu, operands: Operands) -> bool:
    return bool((operands.m1 or operands.r1) & 8 >> cpu.cc)


def _on_condition_unless_register_0(cpu: Cpu, operands: Operands) -> bool:
    return operands.r2 != 0 and _on_condition(cpu, operands)


def _on_count(cpu: Cpu, operands: Operands) -> bool:
    return cpu.gr[operands.r1] & MASK_32 != 1


def _on_count_unless_register_0(cpu: Cpu, operands: Operands) -> bool:
    return operands.r2 != 0 and _on_count(cpu, operands)


def _on_count_64(cpu: Cpu, operands: Operands) -> bool:
    return cpu.gr[operands.r1] != 1


def _on_count_64_unless_register_0(cpu: Cpu, operands: Operands) -> bool:
    return operands.r2 != 0 and _on_count_64(cpu, operands)


def _on_count_high(cpu: Cpu, operands: Operands) -> bool:
    return cpu.gr[operands.r1] >> 32 != 1


def _on_index(width: int, *, is_high: bool) -> _Condition:
    """The condition of the branches on index high, or low or equal, with operands of *width* bits."""

    def condition(cpu: Cpu, operands: Operands) -> bool:
        index = signed(cpu.gr[operands.r1] + cpu.gr[operands.r3], width)
        return (index > signed(cpu.gr[operands.r3 | 1], width)) is is_high

    return condition


def _on_comparison(width: int, *, is_logical: bool, is_immediate: bool) -> _Condition:
    """The condition of the compare-and-branch instructions that compare *width* bits."""

    def value(raw: int, bits: int) -> int:
        return raw & (1 << bits) - 1 if is_logical else signed(raw, bits)

    def condition(cpu: Cpu, operands: Operands) -> bool:
        first = value(cpu.gr[operands.r1], width)
        second = value(operands.i2, 8) if is_immediate else value(cpu.gr[operands.r2], width)
        outcome = _EQUAL if first == second else _LOW if first < second else _HIGH
        return bool(operands.m3 & outcome)

    return condition


_REGISTERS_32: Final = _on_comparison(32, is_logical=False, is_immediate=False)
_REGISTERS_64: Final = _on_comparison(64, is_logical=False, is_immediate=False)
_IMMEDIATE_32: Final = _on_comparison(32, is_logical=False, is_immediate=True)
_IMMEDIATE_64: Final = _on_comparison(64, is_logical=False, is_immediate=True)
_LOGICAL_REGISTERS_32: Final = _on_comparison(32, is_logical=True, is_immediate=False)
_LOGICAL_REGISTERS_64: Final = _on_comparison(64, is_logical=True, is_immediate=False)
_LOGICAL_IMMEDIATE_32: Final = _on_comparison(32, is_logical=True, is_immediate=True)
_LOGICAL_IMMEDIATE_64: Final = _on_comparison(64, is_logical=True, is_immediate=True)

BRANCHES: Final[dict[int, tuple[str, Format, _Condition]]] = {
    0x05: ("BALR", RR, _unless_register_0),
    0x06: ("BCTR", RR, _on_count_unless_register_0),
    0x07: ("BCR", RR, _on_condition_unless_register_0),
    0x0B: ("BSM", RR, _unless_register_0),
    0x0C: ("BASSM", RR, _unless_register_0),
    0x0D: ("BASR", RR, _unless_register_0),
    0x45: ("BAL", RX_A, _always),
    0x46: ("BCT", RX_A, _on_count),
    0x47: ("BC", RX_A, _on_condition),
    0x4D: ("BAS", RX_A, _always),
    0x84: ("BRXH", RSI, _on_index(32, is_high=True)),
    0x85: ("BRXLE", RSI, _on_index(32, is_high=False)),
    0x86: ("BXH", RS_A, _on_index(32, is_high=True)),
    0x87: ("BXLE", RS_A, _on_index(32, is_high=False)),
    0xA74: ("BRC", RI_C, _on_condition),
    0xA75: ("BRAS", RI_B, _always),
    0xA76: ("BRCT", RI_B, _on_count),
    0xA77: ("BRCTG", RI_B, _on_count_64),
    0xC04: ("BRCL", RIL_C, _on_condition),
    0xC05: ("BRASL", RIL_B, _always),
    0xCC6: ("BRCTH", RIL_B, _on_count_high),
    0x01FF: ("TRAP2", E, _always),
    0xB258: ("BSG", RRE, _always),
    0xB25A: ("BSA", RRE, _always),
    0xB277: ("RP", S, _always),
    0xB2FF: ("TRAP4", S, _always),
    0xB946: ("BCTGR", RRE, _on_count_64_unless_register_0),
    0xE346: ("BCTG", RXY_A, _on_count_64),
    0xEB44: ("BXHG", RSY_A, _on_index(64, is_high=True)),
    0xEB45: ("BXLEG", RSY_A, _on_index(64, is_high=False)),
    0xEC44: ("BRXHG", RIE_E, _on_index(64, is_high=True)),
    0xEC45: ("BRXLG", RIE_E, _on_index(64, is_high=False)),
    0xEC64: ("CGRJ", RIE_B, _REGISTERS_64),
    0xEC65: ("CLGRJ", RIE_B, _LOGICAL_REGISTERS_64),
    0xEC76: ("CRJ", RIE_B, _REGISTERS_32),
    0xEC77: ("CLRJ", RIE_B, _LOGICAL_REGISTERS_32),
    0xEC7C: ("CGIJ", RIE_C, _IMMEDIATE_64),
    0xEC7D: ("CLGIJ", RIE_C_UNSIGNED, _LOGICAL_IMMEDIATE_64),
    0xEC7E: ("CIJ", RIE_C, _IMMEDIATE_32),
    0xEC7F: ("CLIJ", RIE_C_UNSIGNED, _LOGICAL_IMMEDIATE_32),
    # The M3 of these is where that of the relative ones is, and so are the registers and the immediate.
    0xECE4: ("CGRB", RIE_B, _REGISTERS_64),
    0xECE5: ("CLGRB", RIE_B, _LOGICAL_REGISTERS_64),
    0xECF6: ("CRB", RIE_B, _REGISTERS_32),
    0xECF7: ("CLRB", RIE_B, _LOGICAL_REGISTERS_32),
    0xECFC: ("CGIB", RIE_C, _IMMEDIATE_64),
    0xECFD: ("CLGIB", RIE_C_UNSIGNED, _LOGICAL_IMMEDIATE_64),
    0xECFE: ("CIB", RIE_C, _IMMEDIATE_32),
    0xECFF: ("CLIB", RIE_C_UNSIGNED, _LOGICAL_IMMEDIATE_32),
}
"""The instructions that branch, by opcode: mnemonic, format of the operands that matter, and when they do."""
_IN_NIBBLE: Final = (0xA7, 0xC0, 0xCC)
_IN_SECOND_BYTE: Final = (0x01, 0xB2, 0xB9)
_IN_LAST_BYTE: Final = (0xE3, 0xEB, 0xEC)
"""First bytes of opcodes that go on there."""


def branches(cpu: Cpu, instruction: bytes) -> bool:
    """Whether *instruction*, which *cpu* is about to execute, will branch successfully if it is completed."""
    found = BRANCHES.get(_opcode(instruction))
    if found is None:
        return False
    _, form, condition = found
    raw = int.from_bytes(instruction, "big")
    return condition(cpu, Operands(raw, len(instruction), form.extract(raw)))


def _opcode(instruction: bytes) -> int:
    first = instruction[0]
    if first in _IN_NIBBLE:
        return first << 4 | instruction[1] & 0x0F
    if first in _IN_SECOND_BYTE:
        return first << 8 | instruction[1]
    if first in _IN_LAST_BYTE:
        return first << 8 | instruction[5]
    return first
