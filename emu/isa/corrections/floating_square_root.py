# SPDX-License-Identifier: GPL-2.0-or-later
"""SQUARE ROOT of extended binary-floating-point data (PoP chapter 19): SQXBR.

Unicorn 2.1.4 crashes when it translates it (see :mod:`emu.engine.quirks.square_root`); what it does then is not relied
on.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import EXTENDED, DataClass, Datum
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE

if TYPE_CHECKING:
    from emu.cpu import Cpu


@instruction(0xB316, "SQXBR", RRE, "SQUARE ROOT (extended BFP)", reason=Reason.CORRECTION)
def sqxbr(cpu: Cpu, operands: Operands) -> None:
    """Put the square root of the datum in the pair R2 in the pair R1.

    :raises ProgramInterruption: data; specification.
    """
    bfp.require_afp(cpu)
    bfp.require_pair(operands.r1)
    value = bfp.load(cpu, operands.r2, EXTENDED)
    datum = bfp.unpack(value, EXTENDED)
    if datum.kind is DataClass.NUMBER and not datum.negative:
        _store_root(cpu, operands.r1, datum)
        return
    if datum.kind is DataClass.SIGNALING_NAN:
        bfp.signal_invalid(cpu)
        value |= EXTENDED.quiet
    elif datum.negative and datum.kind in {DataClass.NUMBER, DataClass.INFINITY}:
        bfp.signal_invalid(cpu)
        value = EXTENDED.default_nan
    bfp.store(cpu, operands.r1, EXTENDED, value)


def _store_root(cpu: Cpu, register: int, datum: Datum) -> None:
    """Put the rounded root of a positive number in the pair *register*; it is always a normal number."""
    # Scaled so that the root has some bits more than the format; what is still lost only makes the last of them odd.
    shift = 2 * (EXTENDED.fraction + 8) - datum.significand.bit_length()
    shift += (datum.exponent - shift) & 1
    scaled = datum.significand << shift
    exponent = (datum.exponent - shift) // 2
    root = isqrt(scaled)
    root = root << 1 | (root * root != scaled)
    exponent -= 1
    lost = root.bit_length() - (EXTENDED.fraction + 1)
    excess = Datum(DataClass.NUMBER, False, root, -lost)
    rounded, inexact, incremented = bfp.round_to_integer(excess, bfp.rounding_method(cpu, 0))
    bfp.store(cpu, register, EXTENDED, bfp.pack_exact(False, rounded, exponent + lost, EXTENDED))
    if inexact:
        bfp.signal_inexact(cpu, incremented=incremented)
