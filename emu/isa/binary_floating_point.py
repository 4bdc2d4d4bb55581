# SPDX-License-Identifier: GPL-2.0-or-later
"""Binary-floating-point data and its IEEE exceptions, exactly (PoP chapter 9, "Binary-Floating-Point Instructions").

Numbers are taken apart into integers; nothing here uses the floating-point unit of the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final

from emu.control_registers import CR0_AFP
from emu.isa import floating_registers
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode, data_exception

if TYPE_CHECKING:
    from emu.cpu import Cpu

DXC_BFP_INSTRUCTION: Final = 0x02
DXC_DFP_INSTRUCTION: Final = 0x03
DXC_INEXACT_TRUNCATED: Final = 0x08
DXC_INEXACT_INCREMENTED: Final = 0x0C

INVALID: Final = 0x80
DIVISION_BY_ZERO: Final = 0x40
OVERFLOW: Final = 0x20
UNDERFLOW: Final = 0x10
INEXACT: Final = 0x08
"""The IEEE exceptions: masks in the first byte of the FPC register, flags in the second, and data-exception codes."""


class DataClass(Enum):
    """PoP figure "Values of Finite and Nonfinite Floating-Point Data"."""

    ZERO = "zero"
    NUMBER = "nonzero number"
    INFINITY = "infinity"
    QUIET_NAN = "quiet NaN"
    SIGNALING_NAN = "signaling NaN"


NANS: Final = (DataClass.QUIET_NAN, DataClass.SIGNALING_NAN)


class Rounding(IntEnum):
    """Rounding methods, with the codes that an M3 field has for them."""

    CURRENT = 0
    NEAREST_AWAY = 1
    PREPARE_SHORTER = 3
    NEAREST_EVEN = 4
    TOWARD_ZERO = 5
    UP = 6
    DOWN = 7


_FPC_ROUNDING: Final = {
    0: Rounding.NEAREST_EVEN,
    1: Rounding.TOWARD_ZERO,
    2: Rounding.UP,
    3: Rounding.DOWN,
    7: Rounding.PREPARE_SHORTER,
}


@dataclass(frozen=True, slots=True)
class BfpFormat:
    """A format: its width and that of its fraction, in bits."""

    width: int
    fraction: int

    @property
    def infinity(self) -> int:
        """Plus infinity."""
        return (1 << self.width - 1) - (1 << self.fraction)

    @property
    def quiet(self) -> int:
        """The bit that tells a quiet NaN from a signaling one."""
        return 1 << self.fraction - 1

    @property
    def default_nan(self) -> int:
        """The NaN that an invalid operation gives."""
        return self.infinity | self.quiet

    @property
    def bias(self) -> int:
        return (1 << self.width - self.fraction - 2) - 1

    @property
    def scale(self) -> int:
        """The exponent of the scaling factor for overflow and underflow that trap."""
        return 3 << self.width - self.fraction - 3

    @property
    def rounding_scale(self) -> int:
        """The same for LOAD ROUNDED of data of this format."""
        return 1 << self.width - self.fraction - 3


SHORT: Final = BfpFormat(32, 23)
LONG: Final = BfpFormat(64, 52)
EXTENDED: Final = BfpFormat(128, 112)


@dataclass(frozen=True, slots=True)
class Datum:
    """A datum taken apart: a number is ``significand * 2 ** exponent``; a NaN keeps its fraction in *significand*."""

    kind: DataClass
    negative: bool
    significand: int
    exponent: int


def unpack(value: int, form: BfpFormat) -> Datum:
    """Take *value* apart."""
    negative = bool(value >> form.width - 1)
    fraction = value & (1 << form.fraction) - 1
    biased = value >> form.fraction & (1 << form.width - form.fraction - 1) - 1
    if biased == (1 << form.width - form.fraction - 1) - 1:
        if not fraction:
            return Datum(DataClass.INFINITY, negative, 0, 0)
        return Datum(DataClass.QUIET_NAN if fraction & form.quiet else DataClass.SIGNALING_NAN, negative, fraction, 0)
    if not biased:
        kind = DataClass.NUMBER if fraction else DataClass.ZERO
        return Datum(kind, negative, fraction, 1 - form.bias - form.fraction)
    return Datum(DataClass.NUMBER, negative, fraction | 1 << form.fraction, biased - form.bias - form.fraction)


def pack_exact(negative: bool, significand: int, exponent: int, form: BfpFormat) -> int:
    """The datum of *form* that is exactly ``significand * 2 ** exponent``, which must be a normal number of it."""
    shift = significand.bit_length() - 1 - form.fraction
    fraction = significand << -shift if shift < 0 else significand >> shift
    biased = exponent + shift + form.bias + form.fraction
    return negative << form.width - 1 | biased << form.fraction | fraction & (1 << form.fraction) - 1


def lengthen_nan(datum: Datum, source: BfpFormat, target: BfpFormat) -> int:
    """The NaN *datum* in the longer format *target*, made quiet."""
    fraction = datum.significand << target.fraction - source.fraction
    return datum.negative << target.width - 1 | target.infinity | target.quiet | fraction


def shorten_nan(datum: Datum, source: BfpFormat, target: BfpFormat) -> int:
    """The NaN *datum* in the shorter format *target*, without the rightmost bits of its fraction, made quiet."""
    fraction = datum.significand >> source.fraction - target.fraction
    return datum.negative << target.width - 1 | target.infinity | target.quiet | fraction


def round_to_integer(datum: Datum, method: Rounding) -> tuple[int, bool, bool]:
    """The magnitude of the number *datum* rounded, whether that is inexact, and whether it was incremented."""
    if datum.exponent >= 0:
        return datum.significand << datum.exponent, False, False
    shift = -datum.exponent
    whole, rest = datum.significand >> shift, datum.significand & (1 << shift) - 1
    if not rest:
        return whole, False, False
    half = 1 << shift - 1
    up = {
        Rounding.NEAREST_AWAY: rest >= half,
        Rounding.NEAREST_EVEN: rest > half or (rest == half and bool(whole & 1)),
        Rounding.TOWARD_ZERO: False,
        Rounding.UP: not datum.negative,
        Rounding.DOWN: datum.negative,
        Rounding.PREPARE_SHORTER: not whole & 1,
    }[method]
    return whole + up, True, up


def rounding_method(cpu: Cpu, m3: int) -> Rounding:
    """The rounding method that M3 chooses, the current one of the FPC register included.

    :raises ProgramInterruption: specification, if M3 has no meaning.
    """
    if m3 == 2 or m3 > 7:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    return Rounding(m3) if m3 else _FPC_ROUNDING[cpu.registers.fpc & 7]


# Registers


def require_afp(cpu: Cpu) -> None:
    """Check that the AFP-register control permits BFP instructions.

    :raises ProgramInterruption: data, with DXC 2.
    """
    if not cpu.cr[0] & CR0_AFP:
        raise data_exception(DXC_BFP_INSTRUCTION)


def load(cpu: Cpu, register: int, form: BfpFormat) -> int:
    """The datum of *form* in a floating-point register, or register pair.

    :raises ProgramInterruption: specification, if a pair is needed and not designated.
    """
    return floating_registers.load(cpu, register, form.width)


def store(cpu: Cpu, register: int, form: BfpFormat, value: int) -> None:
    """Put a datum in a floating-point register, or in a pair that was checked before; a short one in its left half."""
    floating_registers.store(cpu, register, form.width, value)


# IEEE exceptions


def set_flag(cpu: Cpu, exception: int) -> None:
    """Set the flag of an IEEE exception in the FPC register."""
    cpu.registers.fpc |= exception << 16


def completed_with_data_exception(code: int) -> ProgramInterruption:
    """The interruption of an IEEE exception that traps when its result has been put in its place."""
    return data_exception(code, ending=Ending.COMPLETION)


def _signal_suppressing(cpu: Cpu, exception: int) -> None:
    if cpu.registers.fpc >> 24 & exception:
        raise data_exception(exception)
    set_flag(cpu, exception)


def signal_invalid(cpu: Cpu) -> None:
    """Recognise IEEE invalid operation: set its flag.

    :raises ProgramInterruption: data, suppressing, if its mask is one.
    """
    _signal_suppressing(cpu, INVALID)


def signal_division_by_zero(cpu: Cpu) -> None:
    """Recognise IEEE division by zero: set its flag.

    :raises ProgramInterruption: data, suppressing, if its mask is one.
    """
    _signal_suppressing(cpu, DIVISION_BY_ZERO)


def signal_inexact(cpu: Cpu, *, incremented: bool) -> None:
    """Recognise IEEE inexact, after the result has been put in its place: set its flag.

    :raises ProgramInterruption: data, completing, if its mask is one.
    """
    if cpu.registers.fpc >> 24 & INEXACT:
        raise completed_with_data_exception(DXC_INEXACT_INCREMENTED if incremented else DXC_INEXACT_TRUNCATED)
    set_flag(cpu, INEXACT)
