# SPDX-License-Identifier: GPL-2.0-or-later
"""The table walk, level by level (PoP chapter 3, "Dynamic Address Translation")."""

from __future__ import annotations

import pytest

from emu.dat import Translation, TranslationFailure, walk
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

Code = ProgramInterruptionCode

# One table per level; the level is the designation type: 3 region first, 2 region second, 1 region third, 0 segment.
ORIGIN = {3: 0x10000, 2: 0x20000, 1: 0x30000, 0: 0x40000}
PAGE_TABLE = 0x50800
FRAME = 0x77000
INDEX = {3: 5, 2: 6, 1: 7, 0: 8}
PAGE_INDEX = 9
OFFSET = 0x123
EXCEPTION = {
    3: Code.REGION_FIRST_TRANSLATION,
    2: Code.REGION_SECOND_TRANSLATION,
    1: Code.REGION_THIRD_TRANSLATION,
    0: Code.SEGMENT_TRANSLATION,
}
LEVELS = (3, 2, 1, 0)

INVALID = 0x20
PROTECTED = 0x200
COMMON = 0x10
FORMAT = 0x400
PRIVATE = 0x100
REAL_SPACE = 0x20
PAGE_INVALID = 0x400
PAGE_RESERVED = 0x800
NO_EXECUTE = 0x100


class Tables:
    """DAT tables in a dictionary, with one translation in them."""

    def __init__(self, top: int, index: dict[int, int] = INDEX) -> None:
        self.asce = ORIGIN[top] | top << 2 | 3
        self.address = sum(index[level] << (20 + 11 * level) for level in range(top + 1)) | PAGE_INDEX << 12 | OFFSET
        self.entry_address = {level: ORIGIN[level] + 8 * index[level] for level in range(top + 1)}
        self.page_entry_address = PAGE_TABLE + 8 * PAGE_INDEX
        self.memory = {self.entry_address[level]: ORIGIN[level - 1] | level << 2 | 3 for level in range(1, top + 1)}
        self.memory[self.entry_address[0]] = PAGE_TABLE
        self.memory[self.page_entry_address] = FRAME

    def set(self, level: int, flags: int) -> None:
        """Set bits in the entry of *level*."""
        self.memory[self.entry_address[level]] |= flags

    def walk(self, *, edat1: bool = False, execution_protection: bool = False) -> Translation | TranslationFailure:
        return walk(
            self.asce,
            self.address,
            self.memory.__getitem__,
            edat1=edat1,
            execution_protection=execution_protection,
        )

    def found(self, *, edat1: bool = False, execution_protection: bool = False) -> Translation:
        result = self.walk(edat1=edat1, execution_protection=execution_protection)
        assert isinstance(result, Translation)
        return result


@pytest.mark.parametrize("top", LEVELS)
def test_walk_finds_the_frame_from_every_level(top: int) -> None:
    tables = Tables(top)
    assert tables.found() == Translation(
        FRAME | OFFSET, False, False, False, None, FRAME, tables.page_entry_address, False
    )


@pytest.mark.parametrize("top", (2, 1, 0))
def test_address_above_the_top_table_is_an_asce_type_exception(top: int) -> None:
    tables = Tables(top)
    tables.address |= 1 << (31 + 11 * top)
    assert tables.walk() == TranslationFailure(Code.ASCE_TYPE)
    tables.address = tables.address & (1 << (31 + 11 * top)) - 1 | 1 << 63
    assert tables.walk() == TranslationFailure(Code.ASCE_TYPE)


def test_region_first_table_serves_every_address() -> None:
    tables = Tables(3, {3: 2047, 2: 2047, 1: 2047, 0: 2047})
    assert tables.found().address == FRAME | OFFSET


@pytest.mark.parametrize("level", LEVELS)
def test_invalid_entry_gives_the_exception_of_its_level(level: int) -> None:
    tables = Tables(3)
    tables.set(level, INVALID)
    address = tables.entry_address[level]
    assert tables.walk() == TranslationFailure(EXCEPTION[level], address, tables.memory[address])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("wrong", (1, 2, 3))
def test_entry_of_another_type_is_a_translation_specification_exception(level: int, wrong: int) -> None:
    tables = Tables(3)
    address = tables.entry_address[level]
    tables.memory[address] ^= wrong << 2
    assert tables.walk() == TranslationFailure(Code.TRANSLATION_SPECIFICATION, address, tables.memory[address])


@pytest.mark.parametrize("level", LEVELS)
def test_invalid_bit_comes_before_the_type(level: int) -> None:
    tables = Tables(3)
    tables.memory[tables.entry_address[level]] ^= INVALID | 0xC
    result = tables.walk()
    assert isinstance(result, TranslationFailure)
    assert result.code is EXCEPTION[level]


@pytest.mark.parametrize("top", LEVELS)
@pytest.mark.parametrize(("length", "last"), ((0, 511), (1, 1023), (2, 1535), (3, 2047)))
def test_table_length_of_the_asce(top: int, length: int, last: int) -> None:
    tables = Tables(top, INDEX | {top: last})
    tables.asce = tables.asce & ~3 | length
    assert tables.found().address == FRAME | OFFSET
    if last < 2047:
        tables = Tables(top, INDEX | {top: last + 1})
        tables.asce = tables.asce & ~3 | length
        assert tables.walk() == TranslationFailure(EXCEPTION[top])


@pytest.mark.parametrize("level", (3, 2, 1))
def test_table_length_in_an_entry_limits_the_next_table(level: int) -> None:
    for index, is_found in ((1023, True), (1024, False)):
        tables = Tables(3, INDEX | {level - 1: index})
        tables.memory[tables.entry_address[level]] &= ~2
        result = tables.walk()
        assert isinstance(result, Translation) is is_found
        if not is_found:
            assert result == TranslationFailure(EXCEPTION[level - 1])


@pytest.mark.parametrize("level", (3, 2, 1))
def test_table_offset_in_an_entry_cuts_the_start_of_the_next_table(level: int) -> None:
    for index, is_found in ((1024, True), (1023, False)):
        tables = Tables(3, INDEX | {level - 1: index})
        tables.set(level, 0x80)
        result = tables.walk()
        assert isinstance(result, Translation) is is_found
        if not is_found:
            assert result == TranslationFailure(EXCEPTION[level - 1])


def test_invalid_page() -> None:
    tables = Tables(3)
    tables.memory[tables.page_entry_address] |= PAGE_INVALID
    assert tables.walk() == TranslationFailure(Code.PAGE_TRANSLATION, tables.page_entry_address, FRAME | PAGE_INVALID)


def test_reserved_bit_52_of_a_page_table_entry() -> None:
    tables = Tables(3)
    tables.memory[tables.page_entry_address] |= PAGE_RESERVED
    result = tables.walk()
    assert isinstance(result, TranslationFailure)
    assert result.code is Code.TRANSLATION_SPECIFICATION
    tables.memory[tables.page_entry_address] |= PAGE_INVALID
    result = tables.walk()
    assert isinstance(result, TranslationFailure)
    assert result.code is Code.PAGE_TRANSLATION


@pytest.mark.parametrize("top", LEVELS)
def test_common_segment_in_a_private_space(top: int) -> None:
    tables = Tables(top)
    tables.set(0, COMMON)
    assert tables.found().address == FRAME | OFFSET
    tables.asce |= PRIVATE
    result = tables.walk()
    assert isinstance(result, TranslationFailure)
    assert result.code is Code.TRANSLATION_SPECIFICATION
    tables.set(0, INVALID)
    result = tables.walk()
    assert isinstance(result, TranslationFailure)
    assert result.code is Code.SEGMENT_TRANSLATION


def test_private_space_without_a_common_segment() -> None:
    tables = Tables(3)
    tables.asce |= PRIVATE
    assert tables.found().address == FRAME | OFFSET


def test_real_space_designation_translates_nothing() -> None:
    tables = Tables(0)
    tables.asce |= REAL_SPACE
    tables.memory.clear()
    tables.address = 0xFEDC_BA98_7654_3210
    found = tables.found()
    assert (found.address, found.is_absolute, found.is_protected) == (0xFEDC_BA98_7654_3210, False, False)


@pytest.mark.parametrize("level", (3, 2, 1))
def test_region_protection_needs_edat_1(level: int) -> None:
    tables = Tables(3)
    tables.set(level, PROTECTED)
    assert not tables.found(edat1=False).is_protected
    assert tables.found(edat1=True).is_protected


@pytest.mark.parametrize("edat1", (False, True))
def test_segment_and_page_protection(edat1: bool) -> None:
    tables = Tables(3)
    assert not tables.found(edat1=edat1).is_protected
    tables.set(0, PROTECTED)
    assert tables.found(edat1=edat1).is_protected
    tables = Tables(3)
    tables.memory[tables.page_entry_address] |= PROTECTED
    assert tables.found(edat1=edat1).is_protected


def test_large_frame() -> None:
    tables = Tables(3)
    entry = 0x1230_0000 | FORMAT
    tables.memory[tables.entry_address[0]] = entry
    del tables.memory[tables.page_entry_address]
    assert tables.found(edat1=True) == Translation(
        0x1230_0000 | PAGE_INDEX << 12 | OFFSET, True, False, False, None, entry, tables.entry_address[0], True
    )
    tables.set(0, PROTECTED)
    assert tables.found(edat1=True).is_protected


def test_large_frame_is_protected_by_its_region() -> None:
    tables = Tables(3)
    tables.memory[tables.entry_address[0]] = 0x1230_0000 | FORMAT
    tables.set(1, PROTECTED)
    assert tables.found(edat1=True).is_protected


def test_format_control_is_ignored_without_edat_1() -> None:
    tables = Tables(3)
    tables.set(0, FORMAT)
    found = tables.found(edat1=False)
    assert (found.address, found.is_large, found.is_absolute) == (FRAME | OFFSET, False, False)


@pytest.mark.parametrize(("validity", "key"), ((0, None), (0x10000, 0xA8)))
def test_acc_validity(validity: int, key: int | None) -> None:
    tables = Tables(3)
    tables.memory[tables.entry_address[0]] = 0x1230_0000 | FORMAT | 0xA800 | validity
    assert tables.found(edat1=True).access_key == key


@pytest.mark.parametrize("is_large", (False, True))
def test_execution_protection_counts_only_when_it_applies(is_large: bool) -> None:
    tables = Tables(3)
    if is_large:
        tables.memory[tables.entry_address[0]] = 0x1230_0000 | FORMAT | NO_EXECUTE
    else:
        tables.memory[tables.page_entry_address] |= NO_EXECUTE
    assert tables.found(edat1=True, execution_protection=True).no_execute
    assert not tables.found(edat1=True, execution_protection=False).no_execute


def test_execution_protection_bit_of_a_segment_with_a_page_table_is_ignored() -> None:
    tables = Tables(3)
    tables.set(0, NO_EXECUTE)
    assert not tables.found(edat1=True, execution_protection=True).no_execute


def test_addressing_exception_of_a_table_fetch_comes_out() -> None:
    def fetch(address: int) -> int:
        raise ProgramInterruption(Code.ADDRESSING)

    with pytest.raises(ProgramInterruption, check=lambda condition: condition.code is Code.ADDRESSING):
        walk(ORIGIN[0] | 3, 0, fetch, edat1=False, execution_protection=False)
