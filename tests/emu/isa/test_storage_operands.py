# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage operands of general instructions: what the manual says of some, one of each form."""

from __future__ import annotations

import pytest

from emu.isa.opcodes import Opcode
from emu.isa.storage_operands import (
    TABLE,
    UNDESCRIBED,
    UNDESCRIBED_BIT,
    StorageOperand,
    Use,
    operands_of,
    packed_operands,
)

_AT = 0x1_0000
_GR = [0xDEAD, *(0x1000 * number for number in range(1, 16))]
_LIMIT = (1 << 64) - 1


@pytest.mark.parametrize(
    ("instruction", "expected"),
    (
        ("50123456", [(Use.STORE, 0x5456, 4)]),  # ST 1,0x456(2,3)
        ("50100456", [(Use.STORE, 0x456, 4)]),  # register 0 is no base and no index
        ("e3123fff8024", [(Use.STORE, 0x5000 + 0xFFF - 0x80000 & _LIMIT, 8)]),  # STG 1,-0x7f001(2,3)
        ("eb13200fff24", [(Use.STORE, 0x2000 - 0x1000 + 0xF, 24)]),  # STMG 1,3,-0xff1(2)
        ("98f12000", [(Use.FETCH, 0x2000, 12)]),  # LM 15,1,0(2): registers 15, 0 and 1
        ("be1a2000", [(Use.STORE, 0x2000, 2)]),  # STCM 1,10,0(2)
        ("be102000", []),  # no byte
        ("d2ff20013002", [(Use.FETCH, 0x3002, 256), (Use.STORE, 0x2001, 256)]),  # MVC
        ("d70020013002", [(Use.FETCH, 0x3002, 1), (Use.UPDATE, 0x2001, 1)]),  # XC
        ("f23120013002", [(Use.STORE, 0x2001, 4), (Use.FETCH, 0x3002, 2)]),  # PACK
        ("9620300f", [(Use.UPDATE, 0x300F, 1)]),  # OI
        ("ba123010", [(Use.COMPARE, 0x3010, 4)]),  # CS
        ("c41f00000010", [(Use.STORE, _AT + 0x20, 4)]),  # STRL
        ("c618ffffffff", [(Use.FETCH, _AT - 2, 8)]),  # CGRL
        ("e5483ffe0001", [(Use.STORE, 0x3FFE, 8)]),  # MVGHI
        ("e700300f000e", [(Use.STORE, 0x300F, 16)]),  # VST
        ("1812", []),  # LR
        ("0e24", []),  # MVCL is not described
    ),
)
def test_operands_are_those_of_the_manual(instruction: str, expected: list[tuple[Use, int, int]]) -> None:
    found = operands_of(bytes.fromhex(instruction), _AT, _GR, _LIMIT)
    assert sorted(found) == sorted(StorageOperand(*each) for each in expected)


def test_addresses_are_of_the_addressing_mode() -> None:
    gr = [0, 0xFFFF_FFFF_FFFF_FFFF, 0x8000_0010]
    assert operands_of(bytes.fromhex("50301001"), _AT, gr, 0x7FFF_FFFF)[0].address == 0
    assert operands_of(bytes.fromhex("50301002"), _AT, gr, 0xFF_FFFF)[0].address == 1


def test_what_is_not_described_has_no_operands_beside() -> None:
    for opcode in UNDESCRIBED:
        second = opcode[2:].rjust(2, "0")
        instruction = bytes.fromhex(opcode[:2] + second + "00000000")
        if opcode[:2] in ("E3", "E7", "EB", "ED"):
            instruction = bytes.fromhex(opcode[:2] + "00000000" + opcode[2:])
        assert packed_operands(instruction) == UNDESCRIBED_BIT, opcode
        assert Opcode.of(instruction)
    assert not ((UNDESCRIBED_BIT & TABLE != 0) & (TABLE != UNDESCRIBED_BIT)).any()
