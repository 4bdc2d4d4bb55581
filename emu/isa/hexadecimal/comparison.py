# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE, LOAD AND TEST, and the LOADs that set a sign (PoP chapter 18).

Of an extended number that is loaded so, the low-order part is made what belongs to the high-order one; a zero becomes
a true one, with its sign.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RR, RRE, RX_A
from emu.isa.hexadecimal.arithmetic import intermediate_sum, negated
from emu.isa.hexadecimal.data import EXTENDED, LONG, SHORT, HfpFormat, HfpNumber, pack, true_zero
from emu.isa.hexadecimal.operands import both_in_registers, put, second_in_register, second_in_storage
from emu.isa.hexadecimal.results import HfpResult, condition_code

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _compare(cpu: Cpu, numbers: tuple[HfpNumber, HfpNumber]) -> None:
    """Set the condition code by the intermediate difference, guard digit included."""
    first, second = numbers
    cpu.cc = condition_code(intermediate_sum(first, negated(second)))


def _second(cpu: Cpu, operands: Operands, form: HfpFormat) -> HfpNumber:
    return second_in_register(cpu, operands, form, target=form)


def _load(cpu: Cpu, operands: Operands, number: HfpNumber, form: HfpFormat) -> None:
    """Put *number* in R1 and set the condition code."""
    if form is EXTENDED and not number.fraction:
        datum = true_zero(form, negative=number.negative)
    else:
        datum = pack(number, form)
    put(cpu, operands.r1, form, HfpResult(datum, condition_code(number)), sets_cc=True)


def _load_with_sign(cpu: Cpu, operands: Operands, form: HfpFormat, *, negative: bool) -> None:
    _load(cpu, operands, replace(_second(cpu, operands, form), negative=negative), form)


@instruction(0x39, "CER", RR, "COMPARE (short HFP)")
def cer(cpu: Cpu, operands: Operands) -> None:
    """Compare the short number in R1 with that in R2.

    :raises ProgramInterruption: data.
    """
    _compare(cpu, both_in_registers(cpu, operands, SHORT))


@instruction(0x29, "CDR", RR, "COMPARE (long HFP)")
def cdr(cpu: Cpu, operands: Operands) -> None:
    """Compare the long number in R1 with that in R2.

    :raises ProgramInterruption: data.
    """
    _compare(cpu, both_in_registers(cpu, operands, LONG))


@instruction(0xB369, "CXR", RRE, "COMPARE (extended HFP)")
def cxr(cpu: Cpu, operands: Operands) -> None:
    """Compare the extended number in the pair R1 with that in the pair R2.

    :raises ProgramInterruption: data; specification.
    """
    _compare(cpu, both_in_registers(cpu, operands, EXTENDED))


@instruction(0x79, "CE", RX_A, "COMPARE (short HFP)")
def ce(cpu: Cpu, operands: Operands) -> None:
    """Compare the short number in R1 with that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _compare(cpu, second_in_storage(cpu, operands, SHORT))


@instruction(0x69, "CD", RX_A, "COMPARE (long HFP)")
def cd(cpu: Cpu, operands: Operands) -> None:
    """Compare the long number in R1 with that in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _compare(cpu, second_in_storage(cpu, operands, LONG))


@instruction(0x32, "LTER", RR, "LOAD AND TEST (short HFP)")
def lter(cpu: Cpu, operands: Operands) -> None:
    """Load the short number in R2 and test it.

    :raises ProgramInterruption: data.
    """
    _load(cpu, operands, _second(cpu, operands, SHORT), SHORT)


@instruction(0x22, "LTDR", RR, "LOAD AND TEST (long HFP)")
def ltdr(cpu: Cpu, operands: Operands) -> None:
    """Load the long number in R2 and test it.

    :raises ProgramInterruption: data.
    """
    _load(cpu, operands, _second(cpu, operands, LONG), LONG)


@instruction(0xB362, "LTXR", RRE, "LOAD AND TEST (extended HFP)")
def ltxr(cpu: Cpu, operands: Operands) -> None:
    """Load the extended number in the pair R2 and test it.

    :raises ProgramInterruption: data; specification.
    """
    _load(cpu, operands, _second(cpu, operands, EXTENDED), EXTENDED)


@instruction(0x33, "LCER", RR, "LOAD COMPLEMENT (short HFP)")
def lcer(cpu: Cpu, operands: Operands) -> None:
    """Load the short number in R2 with the other sign, a zero included.

    :raises ProgramInterruption: data.
    """
    _load(cpu, operands, negated(_second(cpu, operands, SHORT)), SHORT)


@instruction(0x23, "LCDR", RR, "LOAD COMPLEMENT (long HFP)")
def lcdr(cpu: Cpu, operands: Operands) -> None:
    """Load the long number in R2 with the other sign, a zero included.

    :raises ProgramInterruption: data.
    """
    _load(cpu, operands, negated(_second(cpu, operands, LONG)), LONG)


@instruction(0xB363, "LCXR", RRE, "LOAD COMPLEMENT (extended HFP)")
def lcxr(cpu: Cpu, operands: Operands) -> None:
    """Load the extended number in the pair R2 with the other sign, a zero included.

    :raises ProgramInterruption: data; specification.
    """
    _load(cpu, operands, negated(_second(cpu, operands, EXTENDED)), EXTENDED)


@instruction(0x31, "LNER", RR, "LOAD NEGATIVE (short HFP)")
def lner(cpu: Cpu, operands: Operands) -> None:
    """Load the short number in R2 with the sign minus, a zero included.

    :raises ProgramInterruption: data.
    """
    _load_with_sign(cpu, operands, SHORT, negative=True)


@instruction(0x21, "LNDR", RR, "LOAD NEGATIVE (long HFP)")
def lndr(cpu: Cpu, operands: Operands) -> None:
    """Load the long number in R2 with the sign minus, a zero included.

    :raises ProgramInterruption: data.
    """
    _load_with_sign(cpu, operands, LONG, negative=True)


@instruction(0xB361, "LNXR", RRE, "LOAD NEGATIVE (extended HFP)")
def lnxr(cpu: Cpu, operands: Operands) -> None:
    """Load the extended number in the pair R2 with the sign minus, a zero included.

    :raises ProgramInterruption: data; specification.
    """
    _load_with_sign(cpu, operands, EXTENDED, negative=True)


@instruction(0x30, "LPER", RR, "LOAD POSITIVE (short HFP)")
def lper(cpu: Cpu, operands: Operands) -> None:
    """Load the short number in R2 with the sign plus.

    :raises ProgramInterruption: data.
    """
    _load_with_sign(cpu, operands, SHORT, negative=False)


@instruction(0x20, "LPDR", RR, "LOAD POSITIVE (long HFP)")
def lpdr(cpu: Cpu, operands: Operands) -> None:
    """Load the long number in R2 with the sign plus.

    :raises ProgramInterruption: data.
    """
    _load_with_sign(cpu, operands, LONG, negative=False)


@instruction(0xB360, "LPXR", RRE, "LOAD POSITIVE (extended HFP)")
def lpxr(cpu: Cpu, operands: Operands) -> None:
    """Load the extended number in the pair R2 with the sign plus.

    :raises ProgramInterruption: data; specification.
    """
    _load_with_sign(cpu, operands, EXTENDED, negative=False)
