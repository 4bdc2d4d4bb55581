# SPDX-License-Identifier: GPL-2.0-or-later
"""The words that say where the blocks of low storage lie, for :mod:`emu.engine.low_storage` and compiled code."""

from __future__ import annotations

from typing import Final

BLOCK_SHIFT: Final = 9
"""Of 512 bytes each has the same rules."""
BLOCK_OFFSET: Final = (1 << BLOCK_SHIFT) - 1
BLOCKS: Final = 16
"""In the two pages with rules finer than a page."""

# Where each block lies in this process if it has been checked for fetches, and zero if not; the same for stores; and:
STORES: Final = BLOCKS
REFUSED: Final = 2 * BLOCKS
"""Whether the present instruction ends with an exception already."""
FETCH_FUNCTION: Final = REFUSED + 1
STORE_FUNCTION: Final = REFUSED + 2
"""Addresses of the functions for what has not been checked."""
WORDS: Final = REFUSED + 3
