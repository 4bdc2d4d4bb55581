# SPDX-License-Identifier: GPL-2.0-or-later
"""Exact numbers to binary-floating-point data, held against the arithmetic of the host."""

from __future__ import annotations

import random
import struct
from fractions import Fraction

import pytest

from tools.conform.architecture.binary_numbers import (
    AWAY,
    DOWN,
    EXTENDED,
    INEXACT,
    LONG,
    NEAREST,
    OVERFLOW,
    SHORT,
    SHORTER,
    UNDERFLOW,
    UP,
    ZERO,
    Rounded,
    bits_of,
    rounded,
    rounded_integer,
)


def test_to_nearest_is_what_the_host_makes_of_a_fraction() -> None:
    rng = random.Random(1)
    for _ in range(2000):
        value = Fraction(rng.getrandbits(70) - (1 << 69), rng.getrandbits(60) | 1) * Fraction(2) ** rng.randrange(
            -1090, 960
        )
        (bits,) = struct.unpack(">Q", struct.pack(">d", value.numerator / value.denominator))
        assert rounded(value, LONG).bits == bits or not value


@pytest.mark.parametrize(
    ("mode", "results"),
    (
        (NEAREST, (-4, -2, -1, 1, 2, 4)),
        (AWAY, (-4, -3, -1, 1, 3, 4)),
        (ZERO, (-3, -2, -1, 1, 2, 3)),
        (UP, (-3, -2, -1, 2, 3, 4)),
        (DOWN, (-4, -3, -2, 1, 2, 3)),
        (SHORTER, (-3, -3, -1, 1, 3, 3)),
    ),
)
def test_directions(mode: int, results: tuple[int, ...]) -> None:
    values = (Fraction(-7, 2), Fraction(-5, 2), Fraction(-5, 4), Fraction(5, 4), Fraction(5, 2), Fraction(7, 2))
    assert tuple(rounded_integer(value, mode) for value in values) == results


def test_overflow_and_underflow() -> None:
    huge, smallest = Fraction(2) ** 128, Fraction(1, 2**149)
    assert rounded(huge, SHORT) == Rounded(0x7F80_0000, OVERFLOW | INEXACT)
    assert rounded(-huge, SHORT, UP) == Rounded(0xFF7F_FFFF, OVERFLOW | INEXACT)
    assert rounded(smallest * 3 / 2, SHORT, ZERO) == Rounded(1, UNDERFLOW | INEXACT)
    assert rounded(smallest * 3, SHORT) == Rounded(3)


def test_extended_and_what_is_no_number_of_the_format() -> None:
    assert bits_of(-2, EXTENDED) == 0xC000 << 112
    with pytest.raises(ValueError, match="1/3 is no number of 32 bits"):
        bits_of(Fraction(1, 3), SHORT)
