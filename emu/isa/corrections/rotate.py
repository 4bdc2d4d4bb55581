"""ROTATE THEN AND, OR and EXCLUSIVE OR SELECTED BITS with the test-results control (PoP chapter 7).

With that control (I3 bit 0) R1 must stay as it is and only the condition code be set; Unicorn 2.1.4 then computes it
from a register of rubbish.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import and_, or_, xor
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_64, bits
from emu.facilities import Facility
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RIE_F

if TYPE_CHECKING:
    from emu.cpu import Cpu

_TEST_RESULTS: Final = 0x80


def _is_test(operands: Operands, _: int) -> bool:
    return bool(operands.i3 & _TEST_RESULTS)


def _selected(first: int, last: int) -> int:
    """The mask of the bits *first* to *last*, going round from 63 to 0 if *last* is less."""
    return bits(first, last) if first <= last else bits(first, 63) | bits(0, last)


def _rotate_then(cpu: Cpu, operands: Operands, operation: Callable[[int, int], int]) -> None:
    rotation = operands.i5 & 63
    second = cpu.gr[operands.r2]
    rotated = (second << rotation | second >> 64 - rotation) & MASK_64
    selected = _selected(operands.i3 & 63, operands.i4 & 63)
    first = cpu.gr[operands.r1]
    result = operation(first, rotated) & selected
    cpu.cc = 1 if result else 0
    if not operands.i3 & _TEST_RESULTS:
        cpu.gr[operands.r1] = first & ~selected | result


@instruction(
    0xEC54,
    "RNSBG",
    RIE_F,
    "ROTATE THEN AND SELECTED BITS",
    facility=Facility.GENERAL_INSTRUCTIONS_EXTENSION,
    reason=Reason.CORRECTION,
    only=_is_test,
)
def rnsbg(cpu: Cpu, operands: Operands) -> None:
    """AND the selected bits of R2, rotated, to those of R1."""
    _rotate_then(cpu, operands, and_)


@instruction(
    0xEC56,
    "ROSBG",
    RIE_F,
    "ROTATE THEN OR SELECTED BITS",
    facility=Facility.GENERAL_INSTRUCTIONS_EXTENSION,
    reason=Reason.CORRECTION,
    only=_is_test,
)
def rosbg(cpu: Cpu, operands: Operands) -> None:
    """OR the selected bits of R2, rotated, to those of R1."""
    _rotate_then(cpu, operands, or_)


@instruction(
    0xEC57,
    "RXSBG",
    RIE_F,
    "ROTATE THEN EXCLUSIVE OR SELECTED BITS",
    facility=Facility.GENERAL_INSTRUCTIONS_EXTENSION,
    reason=Reason.CORRECTION,
    only=_is_test,
)
def rxsbg(cpu: Cpu, operands: Operands) -> None:
    """EXCLUSIVE OR the selected bits of R2, rotated, to those of R1."""
    _rotate_then(cpu, operands, xor)
