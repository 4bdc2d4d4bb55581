# SPDX-License-Identifier: GPL-2.0-or-later
"""The PSW by name (PoP 4, figure "PSW Format")."""

from __future__ import annotations

import pytest

from emu.bits import bit
from emu.inspection.psw import addressing_mode, fields, in_words
from emu.psw import Psw

MODE = bit(31) | bit(32)


@pytest.mark.parametrize(
    ("number", "name"),
    (
        (1, "program-event recording (R)"),
        (5, "DAT (T)"),
        (6, "I/O interruptions (I)"),
        (7, "external interruptions (E)"),
        (13, "machine checks (M)"),
        (14, "wait (W)"),
        (15, "problem state (P)"),
    ),
)
def test_each_bit_has_its_name(number: int, name: str) -> None:
    assert [field for field, value in fields(Psw(bit(number) | MODE, 0)) if value == "on"] == [name]


def test_fields_of_several_bits() -> None:
    psw = Psw(bit(5) | 9 << 52 | 2 << 46 | 3 << 44 | 0b1010 << 40 | MODE, 0x1234)
    assert dict(fields(psw)) == dict(fields(Psw(bit(5) | MODE, 0))) | {
        "access key": "9",
        "address space": "secondary",
        "condition code": "3",
        "program mask": "1010 (fixed-point overflow, HFP exponent underflow)",
        "instruction address": "1234",
    }
    assert dict(fields(Psw(0, 0)))["address space"] == "primary (DAT is off)"


def test_addressing_modes() -> None:
    modes = [addressing_mode(Psw(mask, 0)) for mask in (0, bit(32), MODE, bit(31))]
    assert modes == ["24-bit", "31-bit", "64-bit", "invalid addressing mode"]


def test_in_words() -> None:
    assert in_words(Psw(MODE, 0x1000)) == "64-bit, supervisor state, DAT off, disabled, cc 0"
    psw = Psw(bit(1) | bit(5) | bit(6) | bit(7) | bit(13) | bit(14) | bit(15) | 8 << 52 | 3 << 46 | bit(32), 0)
    assert in_words(psw) == (
        "31-bit, problem state, DAT home, key 8, enabled for external, I/O, machine checks, PER, waiting, cc 0"
    )
    assert in_words(Psw(bit(20), 0)) == "24-bit, supervisor state, DAT off, disabled, cc 0, program mask 1000"
    assert in_words(Psw(bit(31), 0)).endswith(", not valid")
