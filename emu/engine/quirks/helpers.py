# SPDX-License-Identifier: GPL-2.0-or-later
"""The helpers: functions of Unicorn's that translated code calls, each of which can be replaced by one of our own.

A helper is exported by the library under its name, helper_..., and called through two words of its constant data (seen
by reading the x86-64 wheel of 2.1.4, for helper_calc_cc):

* an entry of the list of helpers, 32 bytes: address of the function, address of its name without "helper\\_", flags and
  what kinds its arguments are of;
* a word of the global offset table, from which the translator takes the address that translated code calls.

The translator looks the address up among those of the list, which an instance of Unicorn reads when it is made.  So
both words are changed together, and before there is an instance; one that was made before cannot translate code that
calls the helper.
"""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.engine.library import EngineError, exported_address
from emu.engine.quirks.constant_data import Writable, constant_regions, relocated_words

if TYPE_CHECKING:
    import numpy.typing as npt

_ANCHOR: Final = "helper_calc_cc"
_NEAR: Final = 1 << 20
"""How far from that helper all the others lie at most."""
_PREFIX: Final = "helper_"
_NOT_AS_KNOWN: Final = "Unicorn's {} {}; this project needs Unicorn 2.1.4"
_WORD: Final = struct.Struct("=Q")
_FLAGS: Final = 16
"""Offset in an entry of the list."""
_NO_SIDE_EFFECTS: Final = 4
_KNOWN_FLAGS: Final = 7
"""It does not read, does not write the registers that the translator keeps; its call may be left out if unused."""

_replaced: Final[dict[str, int]] = {}
"""Helpers that have been replaced, with what they were replaced by."""


def replace_helper(name: str, function: int) -> None:
    """Have translated code call the C function at the address *function* where it would call the helper *name*.

    :raises EngineError: if the library is not as it is known, or another function has replaced the helper.
    """
    if name in _replaced:
        if _replaced[name] != function:
            raise EngineError(f"Unicorn's {name} has been replaced before")
        return
    places = _pointers(name)
    for place in places:
        with Writable(place, place + _WORD.size):
            ctypes.c_uint64.from_address(place).value = function
    _replaced[name] = function


def keep_calls(name: str) -> None:
    """Have calls of the helper *name* translated also where nothing uses what it gives.

    :raises EngineError: if the library is not as it is known, or the helper has been replaced.
    """
    listed = next(place for place in _pointers(name) if _is_listed(place, name))
    flags = ctypes.c_uint32.from_address(listed + _FLAGS)
    if flags.value & ~_KNOWN_FLAGS:
        raise EngineError(_NOT_AS_KNOWN.format(name, f"has the flags {flags.value:#x}"))
    with Writable(listed, listed + 2 * _FLAGS):
        flags.value &= ~_NO_SIDE_EFFECTS


def _is_listed(place: int, name: str) -> bool:
    """Whether the word at *place* is that of an entry of the list of helpers for *name*."""
    return _listed_name(place, constant_regions()) == name.removeprefix(_PREFIX)


def _pointers(name: str) -> list[int]:
    """The places of the two words that lead to the helper *name*.

    :raises EngineError: if they are not two, or not those that are known.
    """
    original = exported_address(name)
    words, where = _words()
    first, end = np.searchsorted(words, np.array((original, original + 1), dtype=np.uint64))
    found = [int(place) for place in where[first:end]]
    places = [place for place in found if ctypes.c_uint64.from_address(place).value == original]
    listed = [place for place in places if _is_listed(place, name)]
    if len(places) != 2 or len(listed) != 1:
        raise EngineError(_NOT_AS_KNOWN.format(name, f"is called through {len(places)} words, {len(listed)} in a list"))
    return places


@cache
def _words() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The words of the constant data that may be addresses of helpers, in their order, and where they lie."""
    low, words = relocated_words()
    places = np.flatnonzero(words - np.uint64(exported_address(_ANCHOR) - _NEAR) < np.uint64(2 * _NEAR))
    order = np.argsort(words[places], kind="stable")
    return words[places][order], low + _WORD.size * places[order].astype(np.uint64)


def _listed_name(place: int, regions: list[tuple[int, int]]) -> str:
    """The name that follows the address at *place*, if that is an entry of the list of helpers."""
    (address,) = _WORD.unpack(ctypes.string_at(place + _WORD.size, _WORD.size))
    if not any(low <= address < high - 64 for low, high in regions):
        return ""
    return ctypes.string_at(address, 64).partition(b"\0")[0].decode("ascii", "replace")
