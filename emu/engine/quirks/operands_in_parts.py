# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that Unicorn makes several accesses of, and of which a first part remains when a later one is refused.

Unicorn 2.1.4 translates STORE MULTIPLE, STORE ACCESS MULTIPLE, STORE CHARACTERS UNDER MASK with a mask that has gaps
and EXCLUSIVE OR of up to 32 bytes with themselves to one store after the other, and LOAD ACCESS MULTIPLE to one load
after the other.  If the operand lies in two pages, and the second page meets an access exception, then the part in the
first has been stored, or loaded.  But nullification and suppression leave everything as it was (PoP 5, "Types of
Instruction Ending").

So the function that translates such an instruction is replaced by one that first has the operand tried out: for stores
by the helper that Unicorn's own VECTOR STORE calls for that, for LOAD ACCESS MULTIPLE by loads of the first and the
last word.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Final

from emu.addresses import PAGE_SIZE
from emu.engine.library import exported_address
from emu.engine.quirks.translation import (
    ADDRESS_OF_FIRST,
    ADDRESS_OF_SECOND,
    PREPARE,
    TRANSLATE,
    InstructionTranslation,
    Replacement,
    function_of,
    replace_translation,
)

_WORD, _DOUBLEWORD = 4, 8
_MULTIPLE: Final = (
    (0x9000, "STM", _WORD),
    (0xEB90, "STMY", _WORD),
    (0xEB24, "STMG", _DOUBLEWORD),
    (0x9B00, "STAM", _WORD),
    (0xEB9B, "STAMY", _WORD),
)
_UNDER_MASK: Final = ((0xBE00, "STCM"), (0xEB2D, "STCMY"), (0xEB2C, "STCMH"))
_LOADS: Final = ((0x9A00, "LAM"), (0xEB9A, "LAMY"))
_MASKS_WITHOUT_GAPS: Final = (0b0000, 0b0001, 0b0010, 0b0100, 0b1000, 0b0011, 0b0110, 0b1100, 0b1111)
"""Those that Unicorn makes one store of; three bytes that lie together are three."""
_MOST_CLEARED: Final = 32
"""More bytes than these Unicorn clears by a helper of its own, which tries out the operand."""
_ONE_STORE: Final = (1, 2, 4, 8)
"""Lengths of fields that are cleared by one store."""


@cache
def mend() -> None:
    """Replace the functions, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    for opcode, name, size in _MULTIPLE:
        replace_translation(opcode, name, partial(_trying, parts=_multiple_length, size=size))
    for opcode, name in _UNDER_MASK:
        replace_translation(opcode, name, partial(_trying, parts=_length_under_mask, size=1))
    for opcode, name in _LOADS:
        replace_translation(opcode, name, _trying_load)
    replace_translation(0xD700, "XC", _trying_cleared)


def _multiple_length(translation: InstructionTranslation) -> int:
    """How many registers there are from R1 to R3."""
    return (translation.field(12, 4) - translation.field(8, 4)) % 16 + 1


def _length_under_mask(translation: InstructionTranslation) -> int:
    """How many bytes are stored one by one."""
    mask = translation.field(12, 4)
    return 0 if mask in _MASKS_WITHOUT_GAPS else mask.bit_count()


def _try_across(
    translation: InstructionTranslation, operand: str, freed: str, find_address: int, helper: int, length: int
) -> None:
    """Have the *length* bytes at the address *operand* tried out by *helper* if they lie in two pages.

    :param operand: the one that is the address; *find_address* finds it again, since no name is good behind a branch.
    :param freed: another operand that is not used otherwise: each address is freed.
    """
    operands = translation.operands
    address = getattr(operands, operand)
    label = translation.branch_if_low(operands.result, address, PAGE_SIZE - 1, PAGE_SIZE + 1 - length)
    setattr(operands, freed, address)
    translation.call(find_address)
    translation.call_helper(helper, getattr(operands, operand), length)
    operands.second_result = getattr(operands, operand)
    translation.put(label)


def _trying(original: int, parts: Callable[[InstructionTranslation], int], size: int) -> Replacement:
    """A function that has the operand, of so many *parts* of *size* bytes, tried out if it lies in two pages."""
    helper = exported_address("helper_probe_write_access")
    prepare = function_of(0x5800, "L", PREPARE)
    find_address = function_of(0x9000, "STM", ADDRESS_OF_SECOND)

    def translate(translation: InstructionTranslation) -> int:
        length = parts(translation) * size
        if length > size:
            translation.call(prepare)
            _try_across(translation, "second", "address", find_address, helper, length)
            translation.call(find_address)
        return translation.call(original)

    return translate


def _trying_cleared(original: int) -> Replacement:
    """A function that has a field tried out that is cleared by several stores, if it lies in two pages."""
    helper = exported_address("helper_probe_write_access")
    prepare = function_of(0x5800, "L", PREPARE)
    find_address = function_of(0xD200, "MVC", ADDRESS_OF_FIRST)

    def translate(translation: InstructionTranslation) -> int:
        length = translation.field(8, 8) + 1
        is_cleared = translation.field(16, 16) == translation.field(32, 16)
        if is_cleared and length <= _MOST_CLEARED and length not in _ONE_STORE:
            translation.call(prepare)
            translation.call(find_address)
            # The original makes the address once more itself.
            _try_across(translation, "address", "first", find_address, helper, length)
        return translation.call(original)

    return translate


def _trying_load(original: int) -> Replacement:
    """A function that has the first and the last word of the operand loaded before all of them are."""
    prepare = function_of(0x5800, "L", PREPARE)
    load = function_of(0xE316, "LLGF", TRANSLATE)

    def translate(translation: InstructionTranslation) -> int:
        count = _multiple_length(translation)
        if count > 1:
            operands = translation.operands
            address = operands.second
            translation.call(prepare)
            translation.call(load)
            translation.add(operands.result, address, (count - 1) * _WORD)
            operands.second = operands.result
            translation.call(load)
            operands.second = address
        return translation.call(original)

    return translate
