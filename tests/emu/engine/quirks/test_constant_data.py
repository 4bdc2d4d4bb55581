# SPDX-License-Identifier: GPL-2.0-or-later
"""The library's constant data: it can be written while a context lasts, and no longer."""

from __future__ import annotations

import ctypes

from emu.engine.library import exported_address
from emu.engine.quirks.constant_data import Writable, constant_regions


def test_regions_hold_data_and_no_code() -> None:
    code = exported_address("helper_calc_cc")
    regions = constant_regions()
    assert regions
    assert not any(low <= code < high for low, high in regions)


def test_a_word_can_be_written() -> None:
    low, _ = constant_regions()[-1]
    word = ctypes.c_uint64.from_address(low)
    before = word.value
    with Writable(low, low + 8):
        word.value = before ^ 1
        word.value ^= 1
    assert word.value == before
