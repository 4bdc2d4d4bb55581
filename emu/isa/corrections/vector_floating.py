# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector floating-point instructions (PoP chapter 24) that Unicorn 2.1.4 gets wrong for some data.

Of two NaNs it takes the one with the larger fraction instead of the first.  A NaN converted to an integer becomes the
largest instead of the smallest one.  It says inexact although the IEEE-inexact-exception control suppresses that, and
not when a converted number does not fit.  A result that is exact but tiny is no underflow although its mask is one.
The engine traps these cases, and whatever is done with an IEEE mask on (:mod:`emu.engine.quirks.vector_helpers`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_64, signed
from emu.isa import binary_floating_point as bfp
from emu.isa import vector
from emu.isa import vector_arithmetic as arithmetic
from emu.isa.binary_floating_point import Rounding
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import VRR_A, VRR_C, VRR_E
from emu.isa.vector_arithmetic import ElementResult, Environment
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_DATA: Final = Reason.DATA
_LONG: Final = 3
"""The mask value of the long format."""
_BYTES: Final = 8
_SINGLE: Final = 8
"""Single-element control."""
_NO_INEXACT: Final = 4
"""IEEE-inexact-exception control."""
_INTERRUPT_CODES: Final = (
    (bfp.INVALID, 1),
    (bfp.DIVISION_BY_ZERO, 2),
    (bfp.OVERFLOW, 3),
    (bfp.UNDERFLOW, 4),
    (bfp.INEXACT, 5),
)


def _environment(cpu: Cpu, method: Rounding) -> Environment:
    return Environment(method, bool(cpu.registers.fpc >> 24 & bfp.UNDERFLOW))


def _finish(cpu: Cpu, register: int, results: list[ElementResult]) -> None:
    """Put the *results* in the vector register, of a single element with zeros behind it.

    :raises ProgramInterruption: vector processing, for the first exception whose mask is one, with nothing changed.
    """
    masks = cpu.registers.fpc >> 24
    for index, result in enumerate(results):
        for exception, code in _INTERRUPT_CODES:
            if result.exceptions & masks & exception:
                raise _vector_processing(index << 4 | code)
    for result in results:
        cpu.registers.fpc |= result.exceptions << 16
    values = [result.value & MASK_64 for result in results]
    vector.put_elements(cpu, register, _BYTES, (values + [0])[:2])


def _vector_processing(code: int) -> ProgramInterruption:
    return ProgramInterruption(ProgramInterruptionCode.VECTOR_PROCESSING, data_exception_code=code)


def _operands(cpu: Cpu, control: int, *registers: int) -> list[tuple[int, ...]]:
    """The operands of each element that is computed, as *control* says."""
    rows = list(zip(*(vector.elements(cpu, register, _BYTES) for register in registers), strict=True))
    return rows[:1] if control & _SINGLE else rows


# Arithmetic


def _of_two(cpu: Cpu, operands: Operands, rule: Callable[[int, int, Environment], ElementResult]) -> None:
    vector.require_vector(cpu)
    vector.require(operands.m4 == _LONG and not operands.m5 & ~_SINGLE)
    environment = _environment(cpu, bfp.rounding_method(cpu, Rounding.CURRENT))
    rows = _operands(cpu, operands.m5, operands.v2, operands.v3)
    _finish(cpu, operands.v1, [rule(first, second, environment) for first, second in rows])


@instruction(0xE7E3, "VFA", VRR_C, "VECTOR FP ADD", reason=_DATA)
def vfa(cpu: Cpu, operands: Operands) -> None:
    """Add the long data of V2 and V3.

    :raises ProgramInterruption: data; specification for a reserved M4 or M5; vector processing.
    """
    _of_two(cpu, operands, arithmetic.add)


@instruction(0xE7E2, "VFS", VRR_C, "VECTOR FP SUBTRACT", reason=_DATA)
def vfs(cpu: Cpu, operands: Operands) -> None:
    """Subtract the long data of V3 from those of V2.

    :raises ProgramInterruption: data; specification for a reserved M4 or M5; vector processing.
    """
    _of_two(cpu, operands, arithmetic.subtract)


@instruction(0xE7E7, "VFM", VRR_C, "VECTOR FP MULTIPLY", reason=_DATA)
def vfm(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data of V2 and V3.

    :raises ProgramInterruption: data; specification for a reserved M4 or M5; vector processing.
    """
    _of_two(cpu, operands, arithmetic.multiply)


@instruction(0xE7E5, "VFD", VRR_C, "VECTOR FP DIVIDE", reason=_DATA)
def vfd(cpu: Cpu, operands: Operands) -> None:
    """Divide the long data of V2 by those of V3.

    :raises ProgramInterruption: data; specification for a reserved M4 or M5; vector processing.
    """
    _of_two(cpu, operands, arithmetic.divide)


def _of_three(cpu: Cpu, operands: Operands, rule: Callable[[int, int, int, Environment], ElementResult]) -> None:
    vector.require_vector(cpu)
    vector.require(operands.m6 == _LONG and not operands.m5 & ~_SINGLE)
    environment = _environment(cpu, bfp.rounding_method(cpu, Rounding.CURRENT))
    rows = _operands(cpu, operands.m5, operands.v2, operands.v3, operands.v4)
    _finish(cpu, operands.v1, [rule(first, second, third, environment) for first, second, third in rows])


@instruction(0xE78F, "VFMA", VRR_E, "VECTOR FP MULTIPLY AND ADD", reason=_DATA)
def vfma(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data of V2 and V3 and add those of V4.

    :raises ProgramInterruption: data; specification for a reserved M5 or M6; vector processing.
    """
    _of_three(cpu, operands, arithmetic.multiply_and_add)


@instruction(0xE78E, "VFMS", VRR_E, "VECTOR FP MULTIPLY AND SUBTRACT", reason=_DATA)
def vfms(cpu: Cpu, operands: Operands) -> None:
    """Multiply the long data of V2 and V3 and subtract those of V4.

    :raises ProgramInterruption: data; specification for a reserved M5 or M6; vector processing.
    """
    _of_three(cpu, operands, arithmetic.multiply_and_subtract)


# Conversions


def _convert(
    cpu: Cpu, operands: Operands, rule: Callable[[int, Environment], ElementResult], *, shift: int = 0
) -> None:
    """Convert each doubleword of V2 by *rule*; the results are shifted left by *shift* bits."""
    vector.require_vector(cpu)
    vector.require(operands.m3 == _LONG and not operands.m4 & ~(_SINGLE | _NO_INEXACT))
    environment = _environment(cpu, bfp.rounding_method(cpu, operands.m5))
    suppressed = bfp.INEXACT if operands.m4 & _NO_INEXACT else 0
    results = [rule(value, environment) for (value,) in _operands(cpu, operands.m4, operands.v2)]
    _finish(cpu, operands.v1, [ElementResult(value << shift, found & ~suppressed) for value, found in results])


@instruction(0xE7C7, "VFI", VRR_A, "VECTOR LOAD FP INTEGER", reason=_DATA)
def vfi(cpu: Cpu, operands: Operands) -> None:
    """Round the long data of V2 to integers in the same format.

    :raises ProgramInterruption: data; specification for a reserved M3, M4 or M5; vector processing.
    """
    _convert(cpu, operands, arithmetic.to_integer)


@instruction(0xE7C3, "VCDG", VRR_A, "VECTOR FP CONVERT FROM FIXED", reason=_DATA)
def vcdg(cpu: Cpu, operands: Operands) -> None:
    """Convert the signed doublewords of V2 to long data.

    :raises ProgramInterruption: data; specification for a reserved M3, M4 or M5; vector processing.
    """
    _convert(cpu, operands, lambda value, environment: arithmetic.from_integer(signed(value, 64), environment))


@instruction(0xE7C1, "VCDLG", VRR_A, "VECTOR FP CONVERT FROM LOGICAL", reason=_DATA)
def vcdlg(cpu: Cpu, operands: Operands) -> None:
    """Convert the unsigned doublewords of V2 to long data.

    :raises ProgramInterruption: data; specification for a reserved M3, M4 or M5; vector processing.
    """
    _convert(cpu, operands, arithmetic.from_integer)


@instruction(0xE7C2, "VCGD", VRR_A, "VECTOR FP CONVERT TO FIXED", reason=_DATA)
def vcgd(cpu: Cpu, operands: Operands) -> None:
    """Convert the long data of V2 to signed doublewords.

    :raises ProgramInterruption: data; specification for a reserved M3, M4 or M5; vector processing.
    """
    _convert(cpu, operands, lambda value, environment: arithmetic.to_range(value, environment, -1 << 63, (1 << 63) - 1))


@instruction(0xE7C0, "VCLGD", VRR_A, "VECTOR FP CONVERT TO LOGICAL", reason=_DATA)
def vclgd(cpu: Cpu, operands: Operands) -> None:
    """Convert the long data of V2 to unsigned doublewords.

    :raises ProgramInterruption: data; specification for a reserved M3, M4 or M5; vector processing.
    """
    _convert(cpu, operands, lambda value, environment: arithmetic.to_range(value, environment, 0, MASK_64))


@instruction(0xE7C5, "VLED", VRR_A, "VECTOR FP LOAD ROUNDED", reason=_DATA)
def vled(cpu: Cpu, operands: Operands) -> None:
    """Round the long data of V2 to short ones in the left halves of the doublewords of V1; the right ones are zeros.

    :raises ProgramInterruption: data; specification for a reserved M3, M4 or M5; vector processing.
    """
    _convert(cpu, operands, arithmetic.shorten, shift=32)
