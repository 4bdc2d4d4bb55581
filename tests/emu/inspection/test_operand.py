# SPDX-License-Identifier: GPL-2.0-or-later
"""The storage that an instruction is about to access."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.inspection.operand import operand_address
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

VALUES = {1: 0x11000, 2: 0x22000, 3: 0x7FFF_FFFF, 15: 0xF000}


@pytest.mark.parametrize(
    ("code", "expected"),
    (
        ("58102004", 0x22004),  # L 1,4(0,2)
        ("58121004", 0x33004),  # L 1,4(2,1)
        ("58100010", 0x10),  # L 1,16
        ("e33020000090", 0x22000),  # LLGC 3,0(2)
        ("e3302fffff90", 0x21FFF),  # LLGC 3,-1(2)
        ("e33120080004", 0x33008),  # LG 3,8(1,2)
        ("eb6ff0300024", 0xF030),  # STMG 6,15,48(15)
        ("d20710002008", 0x11000),  # MVC 0(8,1),8(2)
        ("92001002", 0x11002),  # MVI 2(1),0
        ("9402f0a0", 0xF0A0),  # NI 160(15),2
        ("ba121008", 0x11008),  # CS 1,2,8(1)
        ("eb12f008006a", 0xF008),  # ASI 8(15),18
        ("e54c1000ffff", 0x11000),  # MVHI 0(1),-1
        ("ed1020000004", 0x22000),  # LDEB 1,0(2)
        ("e71020000006", 0x22000),  # VL 1,0(2)
        ("c42800000008", 0x10010),  # LGRL 2,.+16
        ("b2051008", 0x11008),  # STCK 8(1)
        ("b2b21000", 0x11000),  # LPSWE 0(1)
        ("ac041001", 0x11001),  # STNSM 1(1),4
        ("b1102004", 0x22004),  # LRA 1,4(2)
        ("b9ab0032", 0x22000),  # ESSA 3,2,0
        ("b22b0012", 0x22000),  # SSKE 1,2
        # No storage.
        ("b90400bf", None),  # LGR
        ("41102000", None),  # LA
        ("e31020000071", None),  # LAY
        ("c01000000010", None),  # LARL
        ("47f01000", None),  # BC
        ("8910c001", None),  # SLL
        ("eb112001000d", None),  # SLLG
        ("ed1020000010", None),  # TCEB
        ("a7f40001", None),  # BRC
        ("c0e500000010", None),  # BRASL
        ("ec1200048064", None),  # CGRJ
        ("b20d0000", None),  # PTLB
        ("b2190100", None),  # SAC
        ("07fe", None),
        ("", None),
        ("58", None),
    ),
)
def test_the_address_of_the_first_operand(cpu: Cpu, code: str, expected: int | None) -> None:
    for number, value in VALUES.items():
        cpu.gr[number] = value
    assert operand_address(cpu, bytes.fromhex(code)) == expected


def test_addresses_wrap_around(cpu: Cpu) -> None:
    cpu.gr[3] = VALUES[3]
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    assert operand_address(cpu, bytes.fromhex("58103004")) == 0x8000_0003
    cpu.load_psw(Psw(BASIC_ADDRESSING, 0x10000))
    assert operand_address(cpu, bytes.fromhex("58103004")) == 3
