# SPDX-License-Identifier: GPL-2.0-or-later
"""Strings of bytes as doublewords of storage."""

from __future__ import annotations

import pytest

from tools.conform.architecture.storage_area import area


def test_parts_lie_at_their_distances_and_something_else_around_them() -> None:
    assert area("page1", 16, {6: b"\x01\x02\x03"}, around=0xAA) == {
        "page1+0": 0xAAAA_AAAA_AAAA_0102,
        "page1+8": 0x03AA_AAAA_AAAA_AAAA,
    }


def test_a_part_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="3 bytes at 6 do not fit in 8"):
        area("page1", 8, {6: b"abc"})
