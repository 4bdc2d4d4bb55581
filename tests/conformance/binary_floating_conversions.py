# SPDX-License-Identifier: GPL-2.0-or-later
"""Binary floating point from and to integers in general registers, signed and unsigned."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from tools.conform.architecture.binary_numbers import (
    DOWN,
    EXTENDED,
    INEXACT,
    INVALID,
    LONG,
    METHODS,
    NO_INEXACT,
    SHORT,
    BinaryForm,
    bits_of,
    rounded,
    rounded_integer,
)
from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.floating_row import FLOATING_POINT_EXTENSION, FloatingDatum, FloatingRow

FROM = "The integer is rounded to the format, as M3 or the FPC register says, and the condition code stays."
TO = (
    "The datum is rounded to an integer; cc 0 to 2 if it is zero, less, or greater; 3 if the integer does not fit, "
    "which is invalid and inexact, and gives the nearest one that does, for a NaN the least."
)
TO_SOURCE = "PoP 19, Convert to Fixed; Convert to Logical"
UNFIT = INVALID | INEXACT
"""The flags of an integer that does not fit, or of a NaN."""
FORMS = (SHORT, LONG, EXTENDED)
ABOVE = 0x1357_9BDF << 32
"""What stands in the left half of a register of which the right half is an operand."""
LETTERS = {32: "f", 64: "g"}


class Integers(NamedTuple):
    """The integers of an instruction."""

    width: int
    is_signed: bool

    @property
    def least(self) -> int:
        return -1 << self.width - 1 if self.is_signed else 0

    @property
    def greatest(self) -> int:
        return (1 << self.width - self.is_signed) - 1

    def register(self, value: int) -> int:
        """A general register that holds *value*."""
        return (ABOVE if self.width == 32 else 0) | value & (1 << self.width) - 1


KINDS = tuple(Integers(width, is_signed) for width in (32, 64) for is_signed in (True, False))


def needs_extension(kind: Integers, m3: int, m4: int) -> bool:
    return not kind.is_signed or m4 != 0 or m3 == 3


def from_integers(form: BinaryForm, kind: Integers) -> Iterator[FloatingRow]:
    letter = LETTERS[kind.width]
    mnemonic = f"c{form.letter}{letter}bra" if kind.is_signed else f"c{form.letter}l{letter}br"
    values = [("zero", 0, 0, 0, 0), ("least", kind.least or 1, 0, 0, 0)]
    greatest = kind.greatest
    values += [("greatest", greatest, 0, 0, 0)]
    if greatest.bit_length() > form.precision:
        values += [
            ("greatest-toward-zero", greatest, 5, 0, 0),
            ("greatest-by-fpc", greatest, 0, 0, DOWN),
            ("not-inexact", greatest, 5, NO_INEXACT, 0),
        ]
    for name, value, m3, m4, mode in values:
        found = rounded(value, form, METHODS[m3] if m3 else mode)
        yield FloatingRow(
            name=f"{mnemonic}-{name}",
            instruction=f"{mnemonic.upper()} 1,{m3},4,{m4}",
            result=FloatingDatum(form.width, found.bits),
            flags=0 if m4 else found.flags,
            fpc=mode,
            registers={4: kind.register(value)},
            # M3 of conversions from 32 signed bits, too, is of the extension.
            needs=(FLOATING_POINT_EXTENSION,) if m3 or needs_extension(kind, m3, m4) else (),
        )


def to_integers(form: BinaryForm, kind: Integers) -> Iterator[FloatingRow]:
    letter = LETTERS[kind.width]
    mnemonic = f"c{letter}{form.letter}br" if kind.is_signed else f"cl{letter}{form.letter}br"
    half, least, sign = Fraction(1, 2), kind.least, form.sign
    # Name, datum, result, cc, flags, M3, M4.
    values = [
        ("zero", sign, 0, 0, 0, 5, 0),
        ("greater", bits_of(100, form), 100, 2, 0, 5, 0),
    ]
    for m3, method in METHODS.items():
        number = 9 * half if m3 < 6 else 19 * half / 2
        values.append((f"m3-{m3}", bits_of(number, form), rounded_integer(number, method), 2, INEXACT, m3, 0))
    # The condition code is that of the datum, not of the integer.
    values += [
        ("less-to-zero", bits_of(-half, form), 0, 1, INEXACT, 5, 0),
        ("not-inexact", bits_of(5 * half, form), 3, 2, 0, 6, NO_INEXACT),
        ("too-great", bits_of(kind.greatest + 1, form), kind.greatest, 3, UNFIT, 5, 0),
        ("infinite", form.infinity | sign, least, 3, UNFIT, 5, 0),
        ("nan", form.default_nan, least, 3, UNFIT, 5, 0),
    ]
    if kind.is_signed:
        values.append(("least", bits_of(least, form), least, 1, 0, 5, 0))
    else:
        values.append(("less", bits_of(-1, form), 0, 3, UNFIT, 5, 0))
    for name, datum, result, cc, flags, m3, m4 in values:
        yield FloatingRow(
            name=f"{mnemonic}-{name}",
            instruction=f"{mnemonic.upper()} 3,{m3},4,{m4}",
            second=FloatingDatum(form.width, datum),
            cc=cc,
            flags=flags,
            registers={3: kind.register(0x7777_7777_7777_7777)},
            after={3: kind.register(result)},
            needs=(FLOATING_POINT_EXTENSION,) if needs_extension(kind, m3, m4) else (),
        )


def all_cases() -> Iterator[Case]:
    for form in FORMS:
        for kind in KINDS:
            for row in from_integers(form, kind):
                yield row.case(FROM, "PoP 19, Convert from Fixed; Convert from Logical")
            for row in to_integers(form, kind):
                yield row.case(TO, TO_SOURCE)


SECTION = CaseSection("Binary-floating-point conversions", tuple(all_cases()))
