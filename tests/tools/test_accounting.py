# SPDX-License-Identifier: GPL-2.0-or-later
"""The accounting table, in the form of the cover letter of version 7."""

from __future__ import annotations

import numpy as np

from tools.accounting import count_pages, format_table

# The "after boot" table of the cover letter (reference 5.2): state byte -> pages.
AFTER_BOOT = {0x00: 19673, 0x03: 46, 0x04: 2734, 0x07: 232682, 0x08: 1, 0x0C: 7008}


def after_boot() -> np.ndarray:
    return np.repeat(np.array(list(AFTER_BOOT), dtype=np.uint8), list(AFTER_BOOT.values()))


def test_cover_letter_table() -> None:
    assert count_pages(after_boot()) == {
        "S": {"total": 19719, "r": 19673, "p": 0, "z": 46},
        "U": {"total": 235416, "r": 2734, "p": 0, "z": 232682},
        "P": {"total": 1, "r": 1, "p": 0, "z": 0},
        "V": {"total": 7008, "r": 7008, "p": 0, "z": 0},
        "sum": {"total": 262144, "r": 29416, "p": 0, "z": 232728},
    }


def test_no_dat_and_preserved_pages_count() -> None:
    table = count_pages(np.array([0x20, 0x22, 0x0E], dtype=np.uint8))
    assert table["S"] == {"total": 2, "r": 1, "p": 1, "z": 0}
    assert table["V"] == {"total": 1, "r": 0, "p": 1, "z": 0}


def test_format() -> None:
    assert format_table(count_pages(after_boot())).splitlines() == [
        "pages    total        r        p        z",
        "S        19719    19673        0       46",
        "U       235416     2734        0   232682",
        "P            1        1        0        0",
        "V         7008     7008        0        0",
        "sum     262144    29416        0   232728",
    ]
