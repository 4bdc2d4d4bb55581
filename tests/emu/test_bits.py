# SPDX-License-Identifier: GPL-2.0-or-later
"""Bit fields in IBM numbering."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.bits import bit, bits, field, insert, signed

DOUBLEWORDS = st.integers(0, (1 << 64) - 1)
FIELDS = st.tuples(st.integers(0, 63), st.integers(0, 63)).map(sorted)


@pytest.mark.parametrize(
    ("number", "width", "mask"), ((0, 64, 1 << 63), (63, 64, 1), (31, 64, 1 << 32), (0, 32, 1 << 31), (31, 32, 1))
)
def test_bit_0_is_the_leftmost(number: int, width: int, mask: int) -> None:
    assert bit(number, width) == mask


@pytest.mark.parametrize(
    ("first", "last", "width", "mask"),
    (
        (0, 63, 64, 0xFFFF_FFFF_FFFF_FFFF),
        (8, 11, 64, 0x00F0_0000_0000_0000),
        (48, 63, 64, 0xFFFF),
        (1, 18, 32, 0x7FFF_E000),
        (0, 3, 16, 0xF000),
    ),
)
def test_bits_include_both_ends(first: int, last: int, width: int, mask: int) -> None:
    assert bits(first, last, width) == mask


def test_field_is_right_aligned() -> None:
    assert field(0x0123_4567_89AB_CDEF, 8, 19) == 0x234
    assert field(0x0123, 4, 7, 16) == 1


def test_insert_replaces_the_field_alone_and_cuts_the_replacement() -> None:
    assert insert(0xFFFF_FFFF_FFFF_FFFF, 8, 11, 0) == 0xFF0F_FFFF_FFFF_FFFF
    assert insert(0, 56, 59, 0x1A) == 0xA0
    assert insert(0x1234, 4, 7, 0xF, 16) == 0x1F34


@given(DOUBLEWORDS, FIELDS, DOUBLEWORDS)
def test_what_is_inserted_is_found_and_the_rest_stays(value: int, ends: list[int], replacement: int) -> None:
    first, last = ends
    changed = insert(value, first, last, replacement)
    assert field(changed, first, last) == replacement % (1 << last - first + 1)
    assert (changed ^ value) & ~bits(first, last) == 0


@pytest.mark.parametrize(
    ("value", "width", "number"),
    ((0x7FFFF, 20, 0x7FFFF), (0x80000, 20, -0x80000), (0xFFFF, 16, -1), (0x1_0005, 16, 5), (0, 1, 0), (1, 1, -1)),
)
def test_signed(value: int, width: int, number: int) -> None:
    assert signed(value, width) == number
