# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether some translation may lead to a page: :class:`emu.translations.Translations` for compiled code."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import carray, njit  # type: ignore[attr-defined]

from emu import translations
from emu.engine.compiled_parts import pointer
from emu.engine.rules.pure import rule
from emu.engine.rules.words import load8, store8

_PAGES: Final = np.uint64(translations.REACHED_PAGES)

_reached_index: Any = rule(translations.reached_index)
_reached_with: Any = rule(translations.reached_with)
_may_be_reached: Any = rule(translations.may_be_reached)
_reached_without: Any = rule(translations.reached_without)


@njit
def note_reached(record: Any, page: Any) -> None:
    """Note that a translation leads to absolute *page*."""
    place = record.reached_address + _reached_index(page)
    store8(place, _reached_with(page, load8(place)))


@njit
def is_page_reached(record: Any, page: Any) -> Any:
    """Whether some translation may lead to absolute *page*."""
    return _may_be_reached(page, load8(record.reached_address + _reached_index(page)))


@njit
def forget_reached(record: Any, page: Any) -> None:
    """Note that the translations have been dropped that may lead to absolute *page*."""
    place = record.reached_address + _reached_index(page)
    store8(place, _reached_without(load8(place)))


@njit
def forget_all_reached(record: Any) -> None:
    """Note that no translation leads to any page."""
    reached = carray(pointer(record.reached_address), (min(record.storage_pages, _PAGES),), dtype=np.uint8)
    reached[:] = np.uint8(0)
