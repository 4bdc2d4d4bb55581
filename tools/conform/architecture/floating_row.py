# SPDX-License-Identifier: GPL-2.0-or-later
"""A row of a table of floating-point instructions: data in registers and storage before, and the result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from emu.isa.assembler import assemble
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE
from tools.conform.architecture.case import VERIFIED, Basis, Case, Going, Masked, Need, facility, program
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value

AFP_REGISTERS: Final = 0xE0 | 1 << 18
"""Control register 0 after a reset, with the AFP-register control (bit 45)."""
FLOATING_POINT_EXTENSION: Final = facility(45)
"""M4 fields, unsigned conversions, and rounding to prepare for shorter precision: facility 37, which came with facility
45, and which a machine without decimal floating point does not show."""
FIRST, SECOND, THIRD = 1, 4, 8
"""The registers of the operands; an extended one has the register with a number two higher, too."""
_SENTINELS: Final = {
    1: 0x1111_2222_3333_4444,
    3: 0x5555_6666_7777_8888,
    8: 0x9999_AAAA_BBBB_CCCC,
    10: 0xDDDD_EEEE << 32,
}
_RIGHT: Final = 0x2468_ACE0
"""What stands in the right half of a register with a short operand, and in the left half of one in storage."""
_FPC_BEFORE, _BEFORE, _FPC_AFTER, _AFTER = 0x40, 0x80, 0x140, 0x180
"""Where the registers are loaded from, and stored, in the page at register 6."""
_IN_STORAGE: Final = "{s}"


@dataclass(frozen=True, slots=True)
class FloatingDatum:
    """A datum of 32, 64 or 128 bits."""

    width: int
    bits: int

    def in_registers(self, number: int, before: Mapping[int, int]) -> dict[int, int]:
        """The registers from *number* that hold it, where *before* has been."""
        if self.width == 128:
            return {number: self.bits >> 64, number + 2: self.bits & (1 << 64) - 1}
        if self.width == 64:
            return {number: self.bits}
        return {number: self.bits << 32 | before.get(number, _RIGHT) & 0xFFFF_FFFF}

    def in_storage(self) -> tuple[dict[Value, int], str]:
        """The doublewords that hold it, and its address with register 6 as the base."""
        if self.width == 128:
            return {"page1": self.bits >> 64, "page1+8": self.bits & (1 << 64) - 1}, "0(0,6)"
        if self.width == 64:
            return {"page1": self.bits}, "0(0,6)"
        return {"page1": _RIGHT << 32 | self.bits}, "4(0,6)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatingRow:
    """What a floating-point instruction makes of its operands.

    *instruction* has its operands in registers 1, 4 and 8, or the second where it says {s}.  Registers with an operand
    and those beside them stay as they were, as far as no result is put there; so do the condition code if none is
    given, and the FPC register but for the *flags* that are raised.
    """

    name: str
    instruction: str
    first: FloatingDatum | None = None
    second: FloatingDatum | None = None
    third: FloatingDatum | None = None
    result: FloatingDatum | None = None
    third_result: FloatingDatum | None = None
    cc: int | None = None
    flags: int = 0
    fpc: int = 0
    """The FPC register before."""
    registers: Mapping[int, Value] = field(default_factory=dict)
    after: Mapping[int, Masked] = field(default_factory=dict)
    """General registers before and after; 6 is taken."""
    interruption: ProgramInterruptionCode | None = None
    """The program interruption after it, from which the program goes on."""
    data_code: int = 0
    """The data-exception code of that, which is put in the FPC register, too."""
    mask: int = ADDRESSING_MODE
    needs: tuple[Need, ...] = ()

    def case(self, rule: str, source: str, basis: Basis = VERIFIED) -> Case:
        """The case that it is, of *rule*, which *source* says."""
        before = {FIRST: _SENTINELS[1], FIRST + 2: _SENTINELS[3]}
        if self.third is not None or self.third_result is not None:
            before |= {THIRD: _SENTINELS[8], THIRD + 2: _SENTINELS[10]}
        storage: dict[Value, int] = {}
        place = ""
        if _IN_STORAGE in self.instruction and self.second is not None:
            storage, place = self.second.in_storage()
        elif self.second is not None:
            before |= self.second.in_registers(SECOND, {})
        for number, operand in ((FIRST, self.first), (THIRD, self.third)):
            before |= {} if operand is None else operand.in_registers(number, before)
        after = dict(before)
        for number, result in ((FIRST, self.result), (THIRD, self.third_result)):
            after |= {} if result is None else result.in_registers(number, after)
        lines = [f"LFPC {_FPC_BEFORE}(6)"]
        lines += [f"LD {number},{_BEFORE + 8 * number}(0,6)" for number in before]
        text = self.instruction.replace(_IN_STORAGE, place)
        lines += [text, f"after: STFPC {_FPC_AFTER}(6)"]
        lines += [f"STD {number},{_AFTER + 8 * number}(0,6)" for number in after]
        storage |= {f"page1+{_FPC_BEFORE}": self.fpc << 32}
        storage |= {f"page1+{_BEFORE + 8 * number}": value for number, value in before.items()}
        stored: dict[Value, Masked] = {f"page1+{_AFTER + 8 * number}": value for number, value in after.items()}
        stored |= {f"page1+{_FPC_AFTER}": (self.fpc | self.flags << 16 | self.data_code << 8) << 32}
        case = InstructionRow(
            self.name,
            "\n".join(lines),
            {6: "page1", **self.registers},
            self.after,
            self.cc,
            storage,
            stored,
            self.needs,
            {0: AFP_REGISTERS},
            self.mask,
        ).case(rule, source, basis)
        if self.interruption is None:
            return case
        fields = {"data_exception_code": self.data_code} if self.data_code else {}
        ilc = len(assemble(text))
        event = program(self.interruption, ilc=ilc, at="after", going=Going.OLD, **fields)
        return replace(case, events=(event,))


def specification_row(
    instruction: str, *, needs: tuple[Need, ...] = (), registers: Mapping[int, Value] | None = None
) -> FloatingRow:
    """The row of an *instruction* that is a specification exception, with operands of zero; its text is its name."""
    return FloatingRow(
        name=re.sub("[^a-z0-9]+", "-", instruction.lower()).strip("-"),
        instruction=instruction,
        second=FloatingDatum(128, 0),
        third=FloatingDatum(128, 0),
        registers=registers or {},
        interruption=ProgramInterruptionCode.SPECIFICATION,
        needs=needs,
    )
