# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a result that its format, or the program mask, does not let stand (PoP chapter 18, "HFP Exceptions").

Overflow interrupts always; underflow and lost significance interrupt if their mask is one, and else give a true zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emu.isa.hexadecimal.data import CHARACTERISTICS, HfpFormat, HfpNumber, normalized, pack, true_zero
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import HFP_EXPONENT_UNDERFLOW, HFP_SIGNIFICANCE

if TYPE_CHECKING:
    from emu.cpu import Cpu


@dataclass(frozen=True, slots=True)
class HfpResult:
    """A datum to be put in its place, its condition code, and the condition that interrupts when it is there."""

    datum: int
    condition_code: int = 0
    condition: ProgramInterruptionCode | None = None

    def interrupt(self) -> None:
        """Complete the instruction with the interruption, if one follows.

        :raises ProgramInterruption: exponent overflow, exponent underflow or significance.
        """
        if self.condition is not None:
            raise ProgramInterruption(self.condition)


def condition_code(number: HfpNumber) -> int:
    """0 if the fraction is zero, 1 if the number is less than zero, 2 if it is greater."""
    if not number.fraction:
        return 0
    return 1 if number.negative else 2


def zero(form: HfpFormat) -> HfpResult:
    """A result that is zero without any condition: a true zero."""
    return HfpResult(true_zero(form))


def complete_normalized(cpu: Cpu, number: HfpNumber, form: HfpFormat) -> HfpResult:
    """The result *number*, normalized and cut to *form*; a zero is a true one."""
    if not number.fraction:
        return zero(form)
    return complete(cpu, normalized(number, form.digits), form)


def complete(cpu: Cpu, number: HfpNumber, form: HfpFormat) -> HfpResult:
    """The result *number*, which has as many digits as *form*; one that is zero has the characteristic of one.

    With a condition, the characteristic is 128 less, or more, than the correct one.
    """
    condition = None
    if number.characteristic >= CHARACTERISTICS:
        condition = ProgramInterruptionCode.HFP_EXPONENT_OVERFLOW
    elif number.characteristic < 0:
        if not cpu.psw.mask & HFP_EXPONENT_UNDERFLOW:
            return zero(form)
        condition = ProgramInterruptionCode.HFP_EXPONENT_UNDERFLOW
    return HfpResult(pack(number, form), condition_code(number), condition)


def complete_sum(cpu: Cpu, intermediate: HfpNumber, form: HfpFormat) -> HfpResult:
    """The normalized sum of the *intermediate* one: significance is lost if its guard digit, too, is zero."""
    if not intermediate.fraction:
        return _lost_significance(cpu, intermediate.characteristic, form)
    return complete_normalized(cpu, intermediate, form)


def complete_unnormalized_sum(cpu: Cpu, intermediate: HfpNumber, form: HfpFormat) -> HfpResult:
    """The sum as it is, but for a carry; the guard digit counts for nothing."""
    if intermediate.fraction >> 4 * intermediate.digits:
        return complete_normalized(cpu, intermediate, form)
    fraction = intermediate.fraction >> 4 * (intermediate.digits - form.digits)
    if not fraction:
        return _lost_significance(cpu, intermediate.characteristic, form)
    return complete(cpu, HfpNumber(intermediate.negative, intermediate.characteristic, fraction, form.digits), form)


def _lost_significance(cpu: Cpu, characteristic: int, form: HfpFormat) -> HfpResult:
    if not cpu.psw.mask & HFP_SIGNIFICANCE:
        return zero(form)
    datum = pack(HfpNumber(False, characteristic, 0, form.digits), form)
    return HfpResult(datum, condition=ProgramInterruptionCode.HFP_SIGNIFICANCE)
