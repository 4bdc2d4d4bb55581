# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage keys and key-controlled protection (PoP chapter 3, "Storage Key" and "Protection").

A key is kept in a byte as ISKE shows it: access-control bits in bits 0-3, fetch protection in bit 4, reference in
bit 5, change in bit 6; bit 7 is always zero.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from emu.sparse_zeros import sparse_zeros
from emu.state import Section

ACCESS_CONTROL: Final = 0xF0
FETCH_PROTECTION: Final = 0x08
REFERENCE: Final = 0x04
CHANGE: Final = 0x02
KEY_BITS: Final = 0xFE

OVERRIDE_KEY: Final = 9
"""The access-control bits that storage-protection override opens to every access key."""


class StorageKeys:
    """The key of every 4 KiB block of absolute storage, one byte a block."""

    STATE = Section("storage keys", "array", excluded={"bytes": "a view of the array"})

    def __init__(self, pages: int) -> None:
        self.array = sparse_zeros(pages, np.uint8)
        """The keys as an array, for sweeps."""
        self.bytes = self.array.data
        """The same keys for single reads and writes, which are far quicker through a memoryview."""


def fetch_permitted(storage_key: int, access_key: int) -> bool:
    """Whether key-controlled protection lets *access_key* fetch (PoP figure "Summary of Protection Action")."""
    return not storage_key & FETCH_PROTECTION or access_key == 0 or storage_key >> 4 == access_key


def store_permitted(storage_key: int, access_key: int, storage_override: bool) -> bool:
    """Whether key-controlled protection lets *access_key* store.

    *storage_override* is CR0 bit 39: storage-protection override, which opens blocks with key 9.
    """
    acc = storage_key >> 4
    return access_key in (0, acc) or (storage_override and acc == OVERRIDE_KEY)
