# SPDX-License-Identifier: GPL-2.0-or-later
"""Exact numbers to hexadecimal-floating-point data: figures and examples of the manual, and definitions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tools.conform.architecture.hexadecimal_numbers import (
    HEX_EXTENDED,
    HEX_LONG,
    HEX_SHORT,
    HexadecimalForm,
    hexadecimal,
    square_root,
    unnormalized,
)


@pytest.mark.parametrize(
    ("value", "form", "datum"),
    (
        (1, HEX_SHORT, 0x4110_0000),
        (Fraction(1, 2), HEX_SHORT, 0x4080_0000),
        (Fraction(1, 64), HEX_SHORT, 0x3F40_0000),
        (-15, HEX_SHORT, 0xC1F0_0000),
        (Fraction(1, 3), HEX_LONG, 0x4055_5555_5555_5555),
        (-256, HEX_EXTENDED, 0xC310_0000_0000_0000_B500_0000_0000_0000),
        (Fraction(16) ** -65, HEX_SHORT, 0x0010_0000),
        (0, HEX_LONG, 0),
    ),
)
def test_data(value: Fraction, form: HexadecimalForm, datum: int) -> None:
    assert hexadecimal(value, form) == datum


def test_a_low_order_characteristic_that_would_be_negative_wraps() -> None:
    assert hexadecimal(Fraction(16) ** -60, HEX_EXTENDED) == 0x0510_0000_0000_0000_7700_0000_0000_0000


def test_without_normalization() -> None:
    assert unnormalized(1, 66, HEX_SHORT) == 0x4201_0000


def test_roots_are_rounded() -> None:
    assert square_root(Fraction(9, 4), HEX_SHORT) == 0x4118_0000
    # The root of two is 1.6A09E667F3BCC908B2..., that of three 1.BB67AE8584CAA73B25....
    assert square_root(Fraction(2), HEX_SHORT) == 0x4116_A09E
    assert square_root(Fraction(2), HEX_LONG) == 0x4116_A09E_667F_3BCD
    assert square_root(Fraction(3), HEX_SHORT) == 0x411B_B67B
