# SPDX-License-Identifier: GPL-2.0-or-later
"""Through which words the library calls its own exported functions: those of the ELF format's procedure linkage.

The loader fills such a word in when the function is first called; what was written there before stays.  The format is
that of the System V ABI; its tables are read where they lie in this process.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from emu.engine.library import EngineError, exported_address
from emu.engine.quirks.constant_data import constant_regions

_PROGRAM_HEADERS: Final = 32
_HEADER_SIZE: Final = 54
"""Offsets in the file header: where the program headers are; two halfwords, the size of one and how many there are."""
_DYNAMIC: Final = 2
_PLTRELSZ: Final = 2
_SYMTAB: Final = 6
_JMPREL: Final = 23
_SYMBOL: Final = np.dtype([("name", "<u4"), ("kind", "<u4"), ("value", "<u8"), ("size", "<u8")])
_RELOCATION: Final = np.dtype([("place", "<u8"), ("type", "<u4"), ("symbol", "<u4"), ("addend", "<i8")])
_SLOT: Final = 7
"""The type of relocation by which a word of the procedure linkage is filled in (x86-64)."""


def slot_of(name: str) -> int:
    """The address of the word through which the library calls its exported function *name*.

    :raises EngineError: if there is not just one.
    """
    base, relocations, values = _tables()
    found = relocations["place"][values[relocations["symbol"]] == exported_address(name) - base]
    if len(found) != 1:
        raise EngineError(f"Unicorn calls {name} through {len(found)} words; this project needs Unicorn 2.1.4")
    return base + int(found[0])


@cache
def _tables() -> tuple[int, npt.NDArray[np.void], npt.NDArray[np.uint64]]:
    """Where the library begins, the relocations of its procedure linkage, and the values of its symbols."""
    base = min(low for low, _ in constant_regions())
    headers = base + ctypes.c_uint64.from_address(base + _PROGRAM_HEADERS).value
    size, count = (ctypes.c_uint16 * 2).from_address(base + _HEADER_SIZE)
    entries: dict[int, int] = {}
    for header in range(headers, headers + size * count, size):
        if ctypes.c_uint32.from_address(header).value == _DYNAMIC:
            dynamic = base + ctypes.c_uint64.from_address(header + 16).value
            length = ctypes.c_uint64.from_address(header + 40).value
            words = (ctypes.c_uint64 * (length // 8)).from_address(dynamic)
            entries = dict(zip(words[::2], words[1::2], strict=True))
    if not entries.keys() >= {_PLTRELSZ, _SYMTAB, _JMPREL}:
        raise EngineError("Unicorn is not linked as it is known; this project needs Unicorn 2.1.4")
    # The loader has made addresses of what were offsets.
    table = memoryview((ctypes.c_ubyte * entries[_PLTRELSZ]).from_address(entries[_JMPREL]))
    relocations = np.frombuffer(table, dtype=_RELOCATION)
    slots = relocations[relocations["type"] == _SLOT]
    if not len(slots):
        raise EngineError("Unicorn is linked for another processor than x86-64, of which this project knows")
    size = int(slots["symbol"].max() + 1) * _SYMBOL.itemsize
    symbols = memoryview((ctypes.c_ubyte * size).from_address(entries[_SYMTAB]))
    return base, slots, np.frombuffer(symbols, dtype=_SYMBOL)["value"]
