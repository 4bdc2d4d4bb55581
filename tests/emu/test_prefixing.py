# SPDX-License-Identifier: GPL-2.0-or-later
"""Prefixing (PoP chapter 3, "Prefixing")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.prefixing import absolute_to_real, real_to_absolute

PREFIX = 0x7FFE000


@pytest.mark.parametrize(
    ("real", "absolute"),
    (
        (0, PREFIX),
        (0x1FFF, PREFIX + 0x1FFF),
        (0x2000, 0x2000),
        (PREFIX - 1, PREFIX - 1),
        (PREFIX, 0),
        (PREFIX + 0x1FFF, 0x1FFF),
        (PREFIX + 0x2000, PREFIX + 0x2000),
        (0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF),
    ),
)
def test_the_two_areas_are_exchanged(real: int, absolute: int) -> None:
    assert real_to_absolute(real, PREFIX) == absolute
    assert absolute_to_real(absolute, PREFIX) == real


@given(st.integers(0, (1 << 64) - 1))
def test_prefix_zero_changes_nothing(address: int) -> None:
    assert real_to_absolute(address, 0) == address


@given(st.integers(0, 0x3FFFF).map(lambda area: area << 13), st.data())
def test_prefixing_is_its_own_inverse(prefix: int, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, 0x1FFF))
    base = data.draw(st.sampled_from((0, prefix, 0x7FFFE000)))
    assert absolute_to_real(real_to_absolute(base + offset, prefix), prefix) == base + offset
