# SPDX-License-Identifier: GPL-2.0-or-later
"""The program-status word (PoP chapter 4, "Program-Status-Word Format")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.psw import (
    ADDRESSING_MODE,
    BASIC_ADDRESSING,
    DAT,
    EXTENDED_ADDRESSING,
    EXTERNAL_MASK,
    IO_MASK,
    AddressSpaceControl,
    Psw,
    are_operands_apart,
)

MODE_24, MODE_31, MODE_64 = 0, 0x8000_0000, 0x1_8000_0000


def test_modes() -> None:
    assert BASIC_ADDRESSING == MODE_31
    assert ADDRESSING_MODE == MODE_64


@given(st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 64) - 1))
def test_sixteen_bytes_there_and_back(mask: int, address: int) -> None:
    psw = Psw(mask, address)
    assert Psw.from_bytes(psw.to_bytes()) == psw
    assert psw.to_bytes() == mask.to_bytes(8, "big") + address.to_bytes(8, "big")


def test_fields() -> None:
    psw = Psw(0x07A5_6D01_8000_0000, 0x1234)
    assert psw.key == 10
    assert psw.address_space_control is AddressSpaceControl.ACCESS_REGISTER
    assert psw.is_enabled(IO_MASK)
    assert psw.is_enabled(EXTERNAL_MASK)
    assert not Psw(0, 0).is_enabled(IO_MASK | EXTERNAL_MASK)
    assert str(psw) == "07a56d0180000000 0000000000001234"


# PSW bits 16 and 17.
@pytest.mark.parametrize(("control", "space"), ((0, "PRIMARY"), (1, "ACCESS_REGISTER"), (2, "SECONDARY"), (3, "HOME")))
def test_address_space_control(control: int, space: str) -> None:
    assert Psw(control << 46, 0).address_space_control is AddressSpaceControl[space]


@pytest.mark.parametrize(
    ("mode", "limit"), ((MODE_24, 0xFF_FFFF), (MODE_31, 0x7FFF_FFFF), (MODE_64, 0xFFFF_FFFF_FFFF_FFFF))
)
def test_address_limit(mode: int, limit: int) -> None:
    assert Psw(mode, 0).address_limit == limit


@pytest.mark.parametrize(
    ("word", "psw"),
    (
        (0x070A_0000_8000_1234, Psw(0x0702_0000_8000_0000, 0x1234)),
        (0x0008_0001_FFFF_FFFF, Psw(MODE_64, 0x7FFF_FFFF)),
        # Without bit 12 the sixteen-byte form has it, and is invalid.
        (0x0000_0001_8000_0000, Psw(MODE_64 | 1 << 51, 0)),
    ),
)
def test_the_eight_byte_form(word: int, psw: Psw) -> None:
    assert Psw.from_short(word) == psw


UNASSIGNED = (0, 2, 3, 4, 12, *range(24, 31), *range(33, 64))
ASSIGNED = (1, *range(5, 12), *range(13, 24))


@pytest.mark.parametrize("number", UNASSIGNED)
def test_a_one_in_an_unassigned_bit_is_an_early_exception(number: int) -> None:
    assert Psw(MODE_64 | 1 << 63 - number, 0).has_early_exception()


@pytest.mark.parametrize("number", ASSIGNED)
def test_an_assigned_bit_may_be_one(number: int) -> None:
    assert not Psw(MODE_64 | 1 << 63 - number, 0).has_early_exception()


@pytest.mark.parametrize(
    ("mode", "highest"), ((MODE_24, 0xFF_FFFF), (MODE_31, 0x7FFF_FFFF), (MODE_64, 0xFFFF_FFFF_FFFF_FFFF))
)
def test_the_address_must_fit_the_addressing_mode(mode: int, highest: int) -> None:
    assert not Psw(mode, highest).has_early_exception()
    if mode != MODE_64:
        assert Psw(mode, highest + 1).has_early_exception()
        assert Psw(mode, 1 << 63).has_early_exception()


def test_extended_addressing_alone_is_no_mode() -> None:
    assert Psw(EXTENDED_ADDRESSING, 0).has_early_exception()


@pytest.mark.parametrize("space", AddressSpaceControl)
def test_operands_are_apart_where_instructions_come_from_the_primary_space_all_the_same(
    space: AddressSpaceControl,
) -> None:
    is_apart = space in (AddressSpaceControl.SECONDARY, AddressSpaceControl.ACCESS_REGISTER)
    assert are_operands_apart(DAT | space << 46) is is_apart
    assert not are_operands_apart(space << 46)


def test_an_odd_address_is_no_early_exception() -> None:
    assert not Psw(MODE_64, 0x1001).has_early_exception()
