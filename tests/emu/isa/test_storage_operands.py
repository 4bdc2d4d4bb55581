# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage operands of general instructions: what the manual says of some, one of each form."""

from __future__ import annotations

import numpy as np
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
        ("dc0f20013002", [(Use.UPDATE, 0x2001, 16)]),  # TR: which bytes of the table is not described
    ),
)
def test_operands_are_those_of_the_manual(instruction: str, expected: list[tuple[Use, int, int]]) -> None:
    found = operands_of(bytes.fromhex(instruction), _AT, _GR, _LIMIT, fetches=False)
    assert found is not None
    assert sorted(found) == sorted(StorageOperand(*each) for each in expected)


def test_addresses_are_of_the_addressing_mode() -> None:
    gr = [0, 0xFFFF_FFFF_FFFF_FFFF, 0x8000_0010]
    for instruction, limit, address in (("50301001", 0x7FFF_FFFF, 0), ("50301002", 0xFF_FFFF, 1)):
        found = operands_of(bytes.fromhex(instruction), _AT, gr, limit, fetches=True)
        assert found == [StorageOperand(Use.STORE, address, 4)]


@pytest.mark.parametrize(("instruction", "fetches"), (("0e24", False), ("0e24", True), ("dc0f20013002", True)))
def test_what_is_not_described_is_said(instruction: str, fetches: bool) -> None:
    assert operands_of(bytes.fromhex(instruction), _AT, _GR, _LIMIT, fetches=fetches) is None


def test_what_is_not_described_has_no_operands_beside() -> None:
    for opcode in UNDESCRIBED:
        second = opcode[2:].rjust(2, "0")
        instruction = bytes.fromhex(opcode[:2] + second + "00000000")
        if opcode[:2] in ("E3", "E7", "EB", "ED"):
            instruction = bytes.fromhex(opcode[:2] + "00000000" + opcode[2:])
        assert packed_operands(instruction) == UNDESCRIBED_BIT, opcode
        assert Opcode.of(instruction)
    is_undescribed = np.uint64(UNDESCRIBED_BIT) & TABLE != 0
    assert not (is_undescribed & (np.uint64(UNDESCRIBED_BIT) != TABLE)).any()
