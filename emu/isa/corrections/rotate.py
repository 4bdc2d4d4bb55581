# SPDX-License-Identifier: GPL-2.0-or-later
"""ROTATE THEN AND, OR and EXCLUSIVE OR SELECTED BITS, ROTATE THEN INSERT SELECTED BITS HIGH and LOW (PoP chapter 7).

With the test-results control (I3 bit 0) R1 must stay as it is and only the condition code be set; Unicorn 2.1.4 then
computes it from a register of rubbish.  It puts the selected bits of RISBHG and RISBLG in the wrong half of R1, unless
the remaining bits are zeroed or the range goes round.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import and_, or_, xor
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_64, bits
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RIE_F

if TYPE_CHECKING:
    from emu.cpu import Cpu

_TEST_RESULTS: Final = 0x80
_ZERO_REMAINING: Final = 0x80
"""In I4."""


def _is_test(operands: Operands, _: int) -> bool:
    return bool(operands.i3 & _TEST_RESULTS)


def _selected(first: int, last: int) -> int:
    """The mask of the bits *first* to *last*, going round from 63 to 0 if *last* is less."""
    from_first, behind_last = MASK_64 >> first, MASK_64 >> last >> 1
    return from_first & ~behind_last if first <= last else from_first | ~behind_last & MASK_64


def _rotated(cpu: Cpu, operands: Operands) -> int:
    rotation = operands.i5 & 63
    second = cpu.gr[operands.r2]
    return (second << rotation | second >> 64 - rotation) & MASK_64


def _rotate_then(cpu: Cpu, operands: Operands, operation: Callable[[int, int], int]) -> None:
    rotated = _rotated(cpu, operands)
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
    reason=Reason.CORRECTION,
    only=_is_test,
)
def rxsbg(cpu: Cpu, operands: Operands) -> None:
    """EXCLUSIVE OR the selected bits of R2, rotated, to those of R1."""
    _rotate_then(cpu, operands, xor)


def _insert_in_half(cpu: Cpu, operands: Operands, first_bit: int) -> None:
    """Insert the selected bits of the half of R1 that begins with *first_bit*; the other half stays."""
    half = bits(first_bit, first_bit + 31)
    selected = half & _selected(first_bit + (operands.i3 & 31), first_bit + (operands.i4 & 31))
    kept = ~half if operands.i4 & _ZERO_REMAINING else ~selected
    cpu.gr[operands.r1] = cpu.gr[operands.r1] & kept | _rotated(cpu, operands) & selected


@instruction(
    0xEC5D,
    "RISBHG",
    RIE_F,
    "ROTATE THEN INSERT SELECTED BITS HIGH",
    reason=Reason.CORRECTION,
)
def risbhg(cpu: Cpu, operands: Operands) -> None:
    """Insert the selected bits of R2, rotated, in bits 0-31 of R1."""
    _insert_in_half(cpu, operands, 0)


@instruction(
    0xEC51,
    "RISBLG",
    RIE_F,
    "ROTATE THEN INSERT SELECTED BITS LOW",
    reason=Reason.CORRECTION,
)
def risblg(cpu: Cpu, operands: Operands) -> None:
    """Insert the selected bits of R2, rotated, in bits 32-63 of R1."""
    _insert_in_half(cpu, operands, 32)
