# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD AND TEST and LOAD ROUNDED of binary-floating-point data (PoP chapter 19).

Unicorn 2.1.4 does not signal invalid operation for a signaling NaN that LTEBR, LTDBR or LTXBR loads, and does not see
that R1 of LDXBRA and LEXBRA must designate a register pair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.access import NotModelled
from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat, DataClass
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, RRF_E

if TYPE_CHECKING:
    from emu.cpu import Cpu

_CORRECTION: Final = Reason.CORRECTION


def _load_and_test(cpu: Cpu, operands: Operands, form: BfpFormat) -> int:
    """The datum in R2, a signaling NaN made quiet; sets the condition code.

    :raises ProgramInterruption: data; specification.
    """
    bfp.require_afp(cpu)
    if form is EXTENDED:
        bfp.require_pair(operands.r1)
    value = bfp.load(cpu, operands.r2, form)
    datum = bfp.unpack(value, form)
    if datum.kind is DataClass.SIGNALING_NAN:
        bfp.signal_invalid(cpu)
        value |= form.quiet
    if datum.kind in bfp.NANS:
        cpu.cc = 3
    else:
        cpu.cc = 0 if datum.kind is DataClass.ZERO else 1 if datum.negative else 2
    return value


@instruction(0xB302, "LTEBR", RRE, "LOAD AND TEST (short BFP)", reason=_CORRECTION)
def ltebr(cpu: Cpu, operands: Operands) -> None:
    """Load a short datum and test it; bits 32-63 of the register stay.

    :raises ProgramInterruption: data.
    """
    value = _load_and_test(cpu, operands, SHORT)
    cpu.vr[2 * operands.r1] = value << 32 | cpu.vr[2 * operands.r1] & 0xFFFF_FFFF


@instruction(0xB312, "LTDBR", RRE, "LOAD AND TEST (long BFP)", reason=_CORRECTION)
def ltdbr(cpu: Cpu, operands: Operands) -> None:
    """Load a long datum and test it.

    :raises ProgramInterruption: data.
    """
    bfp.store(cpu, operands.r1, LONG, _load_and_test(cpu, operands, LONG))


@instruction(0xB342, "LTXBR", RRE, "LOAD AND TEST (extended BFP)", reason=_CORRECTION)
def ltxbr(cpu: Cpu, operands: Operands) -> None:
    """Load an extended datum and test it.

    :raises ProgramInterruption: data; specification.
    """
    bfp.store(cpu, operands.r1, EXTENDED, _load_and_test(cpu, operands, EXTENDED))


def _is_no_pair(operands: Operands, _: int) -> bool:
    return bool(operands.r1 & 2)


@instruction(0xB345, "LDXBRA", RRF_E, "LOAD ROUNDED (extended to long BFP)", reason=_CORRECTION, only=_is_no_pair)
def ldxbra(cpu: Cpu, operands: Operands) -> None:
    """Stop the forms whose R1 is no pair; the engine executes the others.

    :raises ProgramInterruption: data; specification.
    """
    bfp.require_afp(cpu)
    bfp.require_pair(operands.r1)
    raise NotModelled("LDXBRA outside the engine")


@instruction(0xB346, "LEXBRA", RRF_E, "LOAD ROUNDED (extended to short BFP)", reason=_CORRECTION, only=_is_no_pair)
def lexbra(cpu: Cpu, operands: Operands) -> None:
    """Stop the forms whose R1 is no pair; the engine executes the others.

    :raises ProgramInterruption: data; specification.
    """
    bfp.require_afp(cpu)
    bfp.require_pair(operands.r1)
    raise NotModelled("LEXBRA outside the engine")
