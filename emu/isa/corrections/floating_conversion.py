# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT TO FIXED and CONVERT TO LOGICAL of binary-floating-point data (PoP chapter 19).

Unicorn 2.1.4 gives a NaN the wrong result, sets condition code 1 or 2 instead of 3 when the result does not fit, and
does not signal inexact then.  That depends on the data, so all forms are executed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat, DataClass
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRF_E

if TYPE_CHECKING:
    from emu.cpu import Cpu

_CORRECTION: Final = Reason.CORRECTION
_NO_INEXACT: Final = 4
"""M4 bit 1: IEEE-inexact-exception control."""


def _convert(cpu: Cpu, operands: Operands, form: BfpFormat, width: int, *, logical: bool) -> None:
    """Convert the datum in R2 to an integer of *width* bits in R1.

    :raises ProgramInterruption: data; specification for an undefined M3 or a register that is no pair.
    """
    bfp.require_afp(cpu)
    method = bfp.rounding_method(cpu, operands.m3)
    datum = bfp.unpack(bfp.load(cpu, operands.r2, form), form)
    lowest, highest = (0, (1 << width) - 1) if logical else (-1 << width - 1, (1 << width - 1) - 1)
    inexact = incremented = False
    if datum.kind in bfp.NANS:
        value, fits = lowest, False
    elif datum.kind is DataClass.INFINITY:
        value, fits = lowest if datum.negative else highest, False
    else:
        magnitude, inexact, incremented = bfp.round_to_integer(datum, method)
        value = -magnitude if datum.negative else magnitude
        fits = lowest <= value <= highest
        value = min(max(value, lowest), highest)
    if not fits:
        bfp.signal_invalid(cpu)
        inexact, incremented = True, False
    if width == 64:
        cpu.gr[operands.r1] = value & (1 << 64) - 1
    else:
        cpu.set_gr32(operands.r1, value)
    cpu.cc = 3 if not fits else 0 if datum.kind is DataClass.ZERO else 1 if datum.negative else 2
    if inexact and not operands.m4 & _NO_INEXACT:
        bfp.signal_inexact(cpu, incremented=incremented)


@instruction(0xB398, "CFEBR", RRF_E, "CONVERT TO FIXED (short BFP to 32)", reason=_CORRECTION)
def cfebr(cpu: Cpu, operands: Operands) -> None:
    """Convert a short datum to a signed word."""
    _convert(cpu, operands, SHORT, 32, logical=False)


@instruction(0xB399, "CFDBR", RRF_E, "CONVERT TO FIXED (long BFP to 32)", reason=_CORRECTION)
def cfdbr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long datum to a signed word."""
    _convert(cpu, operands, LONG, 32, logical=False)


@instruction(0xB39A, "CFXBR", RRF_E, "CONVERT TO FIXED (extended BFP to 32)", reason=_CORRECTION)
def cfxbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an extended datum to a signed word."""
    _convert(cpu, operands, EXTENDED, 32, logical=False)


@instruction(0xB3A8, "CGEBR", RRF_E, "CONVERT TO FIXED (short BFP to 64)", reason=_CORRECTION)
def cgebr(cpu: Cpu, operands: Operands) -> None:
    """Convert a short datum to a signed doubleword."""
    _convert(cpu, operands, SHORT, 64, logical=False)


@instruction(0xB3A9, "CGDBR", RRF_E, "CONVERT TO FIXED (long BFP to 64)", reason=_CORRECTION)
def cgdbr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long datum to a signed doubleword."""
    _convert(cpu, operands, LONG, 64, logical=False)


@instruction(0xB3AA, "CGXBR", RRF_E, "CONVERT TO FIXED (extended BFP to 64)", reason=_CORRECTION)
def cgxbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an extended datum to a signed doubleword."""
    _convert(cpu, operands, EXTENDED, 64, logical=False)


@instruction(0xB39C, "CLFEBR", RRF_E, "CONVERT TO LOGICAL (short BFP to 32)", reason=_CORRECTION)
def clfebr(cpu: Cpu, operands: Operands) -> None:
    """Convert a short datum to an unsigned word."""
    _convert(cpu, operands, SHORT, 32, logical=True)


@instruction(0xB39D, "CLFDBR", RRF_E, "CONVERT TO LOGICAL (long BFP to 32)", reason=_CORRECTION)
def clfdbr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long datum to an unsigned word."""
    _convert(cpu, operands, LONG, 32, logical=True)


@instruction(0xB39E, "CLFXBR", RRF_E, "CONVERT TO LOGICAL (extended BFP to 32)", reason=_CORRECTION)
def clfxbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an extended datum to an unsigned word."""
    _convert(cpu, operands, EXTENDED, 32, logical=True)


@instruction(0xB3AC, "CLGEBR", RRF_E, "CONVERT TO LOGICAL (short BFP to 64)", reason=_CORRECTION)
def clgebr(cpu: Cpu, operands: Operands) -> None:
    """Convert a short datum to an unsigned doubleword."""
    _convert(cpu, operands, SHORT, 64, logical=True)


@instruction(0xB3AD, "CLGDBR", RRF_E, "CONVERT TO LOGICAL (long BFP to 64)", reason=_CORRECTION)
def clgdbr(cpu: Cpu, operands: Operands) -> None:
    """Convert a long datum to an unsigned doubleword."""
    _convert(cpu, operands, LONG, 64, logical=True)


@instruction(0xB3AE, "CLGXBR", RRF_E, "CONVERT TO LOGICAL (extended BFP to 64)", reason=_CORRECTION)
def clgxbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an extended datum to an unsigned doubleword."""
    _convert(cpu, operands, EXTENDED, 64, logical=True)
