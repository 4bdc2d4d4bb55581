# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD AND TEST, LOAD LENGTHENED, LOAD ROUNDED and LOAD FP INTEGER of binary-floating-point data (PoP chapter 19).

Unicorn 2.1.4 does not signal invalid operation for a signaling NaN that LTEBR, LTDBR or LTXBR loads, does not see that
R1 of LDXBRA and LEXBRA must designate a register pair, and leaves a signaling NaN as it is that LEXBRA rounds.
LEDBRA and LDEBR, which are common, are executed by the engine but for an IEEE exception that traps; the extended ones
are all executed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat, DataClass, Datum
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.floating_operands import NO_INEXACT, condition_code, put, second_in_register, second_in_storage
from emu.isa.floating_registers import require_pair
from emu.isa.formats import RRE, RRF_E, RXE
from emu.isa.ieee_arithmetic import FloatingResult, complete, pack, propagated_nan, signed_infinity, signed_zero

if TYPE_CHECKING:
    from emu.cpu import Cpu

_CORRECTION: Final = Reason.CORRECTION
_REFUSED: Final = Reason.REFUSED


def _load_and_test(cpu: Cpu, operands: Operands, form: BfpFormat) -> None:
    """Put the datum in R2 in R1, a signaling NaN made quiet, and set the condition code.

    :raises ProgramInterruption: data; specification.
    """
    datum = second_in_register(cpu, operands, form, target=form)
    value = propagated_nan(cpu, form, datum)
    if value is None:
        value = bfp.load(cpu, operands.r2, form)
    bfp.store(cpu, operands.r1, form, value)
    cpu.cc = condition_code(datum)


@instruction(0xB302, "LTEBR", RRE, "LOAD AND TEST (short BFP)", reason=_CORRECTION)
def ltebr(cpu: Cpu, operands: Operands) -> None:
    """Load a short datum and test it; bits 32-63 of the register stay.

    :raises ProgramInterruption: data.
    """
    _load_and_test(cpu, operands, SHORT)


@instruction(0xB312, "LTDBR", RRE, "LOAD AND TEST (long BFP)", reason=_CORRECTION)
def ltdbr(cpu: Cpu, operands: Operands) -> None:
    """Load a long datum and test it.

    :raises ProgramInterruption: data.
    """
    _load_and_test(cpu, operands, LONG)


@instruction(0xB342, "LTXBR", RRE, "LOAD AND TEST (extended BFP)", reason=_CORRECTION)
def ltxbr(cpu: Cpu, operands: Operands) -> None:
    """Load an extended datum and test it.

    :raises ProgramInterruption: data; specification.
    """
    _load_and_test(cpu, operands, EXTENDED)


# LOAD LENGTHENED


def _lengthen(cpu: Cpu, operands: Operands, datum: Datum, source: BfpFormat, target: BfpFormat) -> None:
    if datum.kind is DataClass.SIGNALING_NAN:
        bfp.signal_invalid(cpu)
    if datum.kind in bfp.NANS:
        value = bfp.lengthen_nan(datum, source, target)
    elif datum.kind is DataClass.INFINITY:
        value = signed_infinity(target, negative=datum.negative)
    else:
        value = pack(datum, target)
    bfp.store(cpu, operands.r1, target, value)


def _lengthen_register(cpu: Cpu, operands: Operands, source: BfpFormat, target: BfpFormat) -> None:
    datum = second_in_register(cpu, operands, source, target=target)
    _lengthen(cpu, operands, datum, source, target)


def _lengthen_storage(cpu: Cpu, operands: Operands, source: BfpFormat, target: BfpFormat) -> None:
    bfp.require_afp(cpu)
    if target is EXTENDED:
        require_pair(operands.r1)
    _lengthen(cpu, operands, second_in_storage(cpu, operands, source), source, target)


@instruction(0xB304, "LDEBR", RRE, "LOAD LENGTHENED (short to long BFP)", reason=_REFUSED)
def ldebr(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the short datum in R2.

    :raises ProgramInterruption: data.
    """
    _lengthen_register(cpu, operands, SHORT, LONG)


@instruction(0xED04, "LDEB", RXE, "LOAD LENGTHENED (short to long BFP)", reason=_REFUSED)
def ldeb(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the short datum in storage.

    :raises ProgramInterruption: data; access exceptions.
    """
    _lengthen_storage(cpu, operands, SHORT, LONG)


@instruction(0xB305, "LXDBR", RRE, "LOAD LENGTHENED (long to extended BFP)", reason=_CORRECTION)
def lxdbr(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the long datum in R2 to the pair R1.

    :raises ProgramInterruption: data; specification.
    """
    _lengthen_register(cpu, operands, LONG, EXTENDED)


@instruction(0xED05, "LXDB", RXE, "LOAD LENGTHENED (long to extended BFP)", reason=_CORRECTION)
def lxdb(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the long datum in storage to the pair R1.

    :raises ProgramInterruption: data; specification; access exceptions.
    """
    _lengthen_storage(cpu, operands, LONG, EXTENDED)


@instruction(0xB306, "LXEBR", RRE, "LOAD LENGTHENED (short to extended BFP)", reason=_CORRECTION)
def lxebr(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the short datum in R2 to the pair R1.

    :raises ProgramInterruption: data; specification.
    """
    _lengthen_register(cpu, operands, SHORT, EXTENDED)


@instruction(0xED06, "LXEB", RXE, "LOAD LENGTHENED (short to extended BFP)", reason=_CORRECTION)
def lxeb(cpu: Cpu, operands: Operands) -> None:
    """Lengthen the short datum in storage to the pair R1.

    :raises ProgramInterruption: data; specification; access exceptions.
    """
    _lengthen_storage(cpu, operands, SHORT, EXTENDED)


# LOAD ROUNDED


def _round(cpu: Cpu, operands: Operands, source: BfpFormat, target: BfpFormat) -> None:
    """Round the datum in R2 to the shorter format *target*.

    An overflow or underflow that traps gives the rounded value, scaled, in the format of the source.

    :raises ProgramInterruption: data; specification for an undefined M3 or a register that is no pair.
    """
    datum = second_in_register(cpu, operands, source, target=source)
    method = bfp.rounding_method(cpu, operands.m3)
    if datum.kind is DataClass.SIGNALING_NAN:
        bfp.signal_invalid(cpu)
    if datum.kind in bfp.NANS:
        result = FloatingResult(bfp.shorten_nan(datum, source, target))
    elif datum.kind is DataClass.INFINITY:
        result = FloatingResult(signed_infinity(target, negative=datum.negative))
    else:
        suppresses = bool(operands.m4 & NO_INEXACT)
        result = complete(cpu, datum, target, method, source=source, suppresses_inexact=suppresses)
    put(cpu, operands.r1, source if result.in_source_format else target, result)


@instruction(0xB344, "LEDBRA", RRF_E, "LOAD ROUNDED (long to short BFP)", reason=_REFUSED)
def ledbra(cpu: Cpu, operands: Operands) -> None:
    """Round the long datum in R2 to a short one.

    :raises ProgramInterruption: data; specification.
    """
    _round(cpu, operands, LONG, SHORT)


@instruction(0xB345, "LDXBRA", RRF_E, "LOAD ROUNDED (extended to long BFP)", reason=_CORRECTION)
def ldxbra(cpu: Cpu, operands: Operands) -> None:
    """Round the extended datum in the pair R2 to a long one.

    :raises ProgramInterruption: data; specification.
    """
    _round(cpu, operands, EXTENDED, LONG)


@instruction(0xB346, "LEXBRA", RRF_E, "LOAD ROUNDED (extended to short BFP)", reason=_CORRECTION)
def lexbra(cpu: Cpu, operands: Operands) -> None:
    """Round the extended datum in the pair R2 to a short one.

    :raises ProgramInterruption: data; specification.
    """
    _round(cpu, operands, EXTENDED, SHORT)


# LOAD FP INTEGER


def _round_to_integer(cpu: Cpu, operands: Operands, form: BfpFormat) -> None:
    """Round the datum in R2 to an integer of the same format.

    :raises ProgramInterruption: data; specification for an undefined M3 or a register that is no pair.
    """
    datum = second_in_register(cpu, operands, form, target=form)
    method = bfp.rounding_method(cpu, operands.m3)
    value = propagated_nan(cpu, form, datum)
    inexact = incremented = False
    if value is None and datum.kind is DataClass.NUMBER:
        magnitude, inexact, incremented = bfp.round_to_integer(datum, method)
        if magnitude:
            value = bfp.pack_exact(datum.negative, magnitude, 0, form)
        else:
            value = signed_zero(form, negative=datum.negative)
    elif value is None:
        value = bfp.load(cpu, operands.r2, form)
    bfp.store(cpu, operands.r1, form, value)
    if inexact and not operands.m4 & NO_INEXACT:
        bfp.signal_inexact(cpu, incremented=incremented)


@instruction(0xB357, "FIEBR", RRF_E, "LOAD FP INTEGER (short BFP)", reason=_REFUSED)
def fiebr(cpu: Cpu, operands: Operands) -> None:
    """Round a short datum to an integer.

    :raises ProgramInterruption: data; specification.
    """
    _round_to_integer(cpu, operands, SHORT)


@instruction(0xB35F, "FIDBR", RRF_E, "LOAD FP INTEGER (long BFP)", reason=_REFUSED)
def fidbr(cpu: Cpu, operands: Operands) -> None:
    """Round a long datum to an integer.

    :raises ProgramInterruption: data; specification.
    """
    _round_to_integer(cpu, operands, LONG)


@instruction(0xB347, "FIXBR", RRF_E, "LOAD FP INTEGER (extended BFP)", reason=_CORRECTION)
def fixbr(cpu: Cpu, operands: Operands) -> None:
    """Round an extended datum to an integer.

    :raises ProgramInterruption: data; specification.
    """
    _round_to_integer(cpu, operands, EXTENDED)
