# SPDX-License-Identifier: GPL-2.0-or-later
"""Condition codes that many instructions set alike."""

from __future__ import annotations

import pytest

from emu.isa.condition_codes import of_comparison


@pytest.mark.parametrize(
    ("first", "second", "code"),
    ((0, 0, 0), (-1, -1, 0), (0, 1, 1), (-2, -1, 1), (1, 0, 2), (0, -1, 2), (1 << 63, (1 << 63) - 1, 2)),
)
def test_comparison(first: int, second: int, code: int) -> None:
    assert of_comparison(first, second) == code
