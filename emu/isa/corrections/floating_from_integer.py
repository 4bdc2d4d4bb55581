# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT FROM FIXED and CONVERT FROM LOGICAL to binary-floating-point data (PoP chapter 19).

The engine executes them, but for an IEEE exception that traps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.bits import signed
from emu.isa import binary_floating_point as bfp
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat, DataClass, Datum
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.floating_operands import NO_INEXACT, put
from emu.isa.floating_registers import require_pair
from emu.isa.formats import RRF_E
from emu.isa.ieee_arithmetic import complete

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _convert(cpu: Cpu, operands: Operands, width: int, form: BfpFormat, *, logical: bool) -> None:
    """Convert the integer of *width* bits in R2 to a datum of *form* in R1.

    :raises ProgramInterruption: data; specification for an undefined M3 or a register that is no pair.
    """
    bfp.require_afp(cpu)
    if form is EXTENDED:
        require_pair(operands.r1)
    method = bfp.rounding_method(cpu, operands.m3)
    value = cpu.gr[operands.r2] & (1 << width) - 1
    if not logical:
        value = signed(value, width)
    datum = Datum(DataClass.NUMBER if value else DataClass.ZERO, value < 0, abs(value), 0)
    suppresses = bool(operands.m4 & NO_INEXACT)
    put(cpu, operands.r1, form, complete(cpu, datum, form, method, suppresses_inexact=suppresses))


@instruction(0xB394, "CEFBRA", RRF_E, "CONVERT FROM FIXED (32 to short BFP)", reason=Reason.REFUSED)
def cefbra(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed word to a short datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 32, SHORT, logical=False)


@instruction(0xB395, "CDFBRA", RRF_E, "CONVERT FROM FIXED (32 to long BFP)", reason=Reason.REFUSED)
def cdfbra(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed word to a long datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 32, LONG, logical=False)


@instruction(0xB396, "CXFBRA", RRF_E, "CONVERT FROM FIXED (32 to extended BFP)", reason=Reason.REFUSED)
def cxfbra(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed word to an extended datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 32, EXTENDED, logical=False)


@instruction(0xB3A4, "CEGBRA", RRF_E, "CONVERT FROM FIXED (64 to short BFP)", reason=Reason.REFUSED)
def cegbra(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed doubleword to a short datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 64, SHORT, logical=False)


@instruction(0xB3A5, "CDGBRA", RRF_E, "CONVERT FROM FIXED (64 to long BFP)", reason=Reason.REFUSED)
def cdgbra(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed doubleword to a long datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 64, LONG, logical=False)


@instruction(0xB3A6, "CXGBRA", RRF_E, "CONVERT FROM FIXED (64 to extended BFP)", reason=Reason.REFUSED)
def cxgbra(cpu: Cpu, operands: Operands) -> None:
    """Convert a signed doubleword to an extended datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 64, EXTENDED, logical=False)


@instruction(0xB390, "CELFBR", RRF_E, "CONVERT FROM LOGICAL (32 to short BFP)", reason=Reason.REFUSED)
def celfbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an unsigned word to a short datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 32, SHORT, logical=True)


@instruction(0xB391, "CDLFBR", RRF_E, "CONVERT FROM LOGICAL (32 to long BFP)", reason=Reason.REFUSED)
def cdlfbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an unsigned word to a long datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 32, LONG, logical=True)


@instruction(0xB392, "CXLFBR", RRF_E, "CONVERT FROM LOGICAL (32 to extended BFP)", reason=Reason.REFUSED)
def cxlfbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an unsigned word to an extended datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 32, EXTENDED, logical=True)


@instruction(0xB3A0, "CELGBR", RRF_E, "CONVERT FROM LOGICAL (64 to short BFP)", reason=Reason.REFUSED)
def celgbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an unsigned doubleword to a short datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 64, SHORT, logical=True)


@instruction(0xB3A1, "CDLGBR", RRF_E, "CONVERT FROM LOGICAL (64 to long BFP)", reason=Reason.REFUSED)
def cdlgbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an unsigned doubleword to a long datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 64, LONG, logical=True)


@instruction(0xB3A2, "CXLGBR", RRF_E, "CONVERT FROM LOGICAL (64 to extended BFP)", reason=Reason.REFUSED)
def cxlgbr(cpu: Cpu, operands: Operands) -> None:
    """Convert an unsigned doubleword to an extended datum.

    :raises ProgramInterruption: data; specification.
    """
    _convert(cpu, operands, 64, EXTENDED, logical=True)
