# SPDX-License-Identifier: GPL-2.0-or-later
"""Operands that are fetched and stored, in compiled code: see :mod:`emu.engine.quirks.fetched_first`.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from emu.addresses import PAGE_SIZE
from emu.bits import MASK_64
from emu.engine import blocks
from emu.engine.compiled_parts import address_limit, relative_target
from emu.engine.quirks import fetched_first
from emu.engine.rules.access_rules import resolve_byte
from emu.engine.rules.primitives import code_instruction
from emu.engine.rules.words import load_native

# numba takes plain integers for constants.
_ZERO: Final = np.uint64(0)
_BYTE: Final = np.uint64(0xFF)
_PAGE_MASK: Final = np.uint64(-PAGE_SIZE & MASK_64)
_STORE: Final = np.uint64(blocks.FILL_STORE)
_EXECUTE: Final = np.uint64(blocks.EXECUTE_OPCODE)
_EXECUTE_RELATIVE: Final = np.uint64(blocks.EXECUTE_RELATIVE_OPCODE)
_EXTENDED: Final = np.uint64(fetched_first.EXTENDED)
_FIRST_WITH_LENGTH: Final = np.uint64(fetched_first.FIRST_WITH_LENGTH)
_MOVE_WITH_OFFSET: Final = np.uint64(fetched_first.MOVE_WITH_OFFSET)
_LONGEST: Final = np.uint64(fetched_first.LONGEST)
UPDATES: Final = fetched_first.UPDATES


@njit
def address_register(record: Any, number: Any) -> Any:
    """What register *number* adds to an address."""
    if number == _ZERO:
        return _ZERO
    return load_native(record.registers_address + (number << np.uint64(3)))


@njit
def first_address(record: Any, word: Any) -> Any:
    """The address in bits 16-31, or with a long displacement 16-39, of the instruction left-aligned in *word*."""
    address = address_register(record, word >> np.uint64(44) & np.uint64(15)) + (
        word >> np.uint64(32) & np.uint64(0xFFF)
    )
    if word >> np.uint64(56) == _EXTENDED:
        high = word >> np.uint64(24) & _BYTE
        address += (high << np.uint64(12)) - (high >> np.uint64(7) << np.uint64(20))
    return address & address_limit(record)


@njit
def executed_instruction(record: Any) -> Any:
    """The current instruction, left-aligned in a word, or what it has executed; zero if it is not visible."""
    now = load_native(record.psw_address + np.uint64(8))
    word = code_instruction(record, now)
    first = word >> np.uint64(56)
    if first == _EXECUTE:
        target = first_address(record, word) + address_register(record, word >> np.uint64(48) & np.uint64(15))
    elif first == _EXECUTE_RELATIVE and not word >> np.uint64(48) & np.uint64(15):
        target = relative_target(now, word >> np.uint64(16) & np.uint64(0xFFFF_FFFF))
    else:
        return word
    modifier = address_register(record, word >> np.uint64(52) & np.uint64(15)) & _BYTE
    word = code_instruction(record, target & address_limit(record))
    return word | modifier << np.uint64(48) if word else _ZERO


@njit
def may_fetch(record: Any, page: Any) -> Any:
    """Whether the current instruction may fetch from the page at *page*, as far as a store there decides that.

    If it fetches and stores an operand there, the store is made as far as it leaves a trace in the page, and before it
    in the page in which the operand begins.  False if there is an exception, or Python must be asked; nothing has
    changed then that Python would not change.
    """
    word = executed_instruction(record)
    if word == _ZERO:
        return False
    first = word >> np.uint64(56)
    opcode = first
    if first == _EXTENDED:
        opcode = np.uint64(256) + (word >> np.uint64(16) & _BYTE)
    if not UPDATES[opcode]:
        return True
    address = first_address(record, word)
    if (address ^ page) & _PAGE_MASK:
        length = _LONGEST
        if first >= _FIRST_WITH_LENGTH and first != _EXTENDED:
            code = word >> np.uint64(48) & _BYTE
            length = np.uint64(1) + (code >> np.uint64(4) if first == _MOVE_WITH_OFFSET else code)
        last = address + length - np.uint64(1) & address_limit(record)
        if (last ^ page) & _PAGE_MASK:
            return True
        if not resolve_byte(record, address, _STORE):
            return False
        address = page & _PAGE_MASK
    return resolve_byte(record, address, _STORE)
