# SPDX-License-Identifier: GPL-2.0-or-later
"""Relative branches and LARL under EXECUTE: they count from themselves, not from the EXECUTE."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode
from emu.psw import BASIC_ADDRESSING, Psw
from tests.emu.isa.conftest import IN_64_BIT_MODE

EXRL = "c60000000080"
"""EXECUTE RELATIVE LONG at 0x10000 of 0x10100."""
ARRIVED = "a7c80001 b22200e0 b2b20800"
"""At 0x10180: LHI 12,1, and the end."""


def branched(execute, cpu, target: str) -> bool:
    """Execute *target*, which branches by 0x80 bytes if it branches; whether it did."""
    assert execute(EXRL, x10100=target, x10180=ARRIVED).interruption is None
    return cpu.gr[12] == 1


@pytest.mark.parametrize(
    ("target", "values", "taken"),
    (
        ("a7f40040", {}, True),
        ("a7740040", {}, False),  # condition code 0
        ("c0f400000040", {}, True),
        ("a7160040", {1: 2}, True),
        ("a7160040", {1: 1 << 32 | 1}, False),
        ("a7170040", {1: 1 << 32 | 1}, True),
        ("a7170040", {1: 1}, False),
        ("cc1600000040", {1: 2 << 32}, True),
        ("cc1600000040", {1: 1 << 32 | 7}, False),
        ("84120040", {1: 5, 2: 1, 3: 5}, True),
        ("84120040", {1: 4, 2: 1, 3: 5}, False),
        ("85120040", {1: 4, 2: 1, 3: 5}, True),
        ("85130040", {1: 0xFFFF_FFFF, 3: 1}, True),
        ("ec1200400044", {1: 5, 2: 1, 3: 5}, True),
        ("ec1200400045", {1: 5, 2: 1, 3: 5}, False),
        ("ec1200408076", {1: 7 << 32 | 9, 2: 9}, True),
        ("ec1200408064", {1: 7 << 32 | 9, 2: 9}, False),
        ("ec1200404076", {1: 0xFFFF_FFFF, 2: 1}, True),
        ("ec1200404077", {1: 0xFFFF_FFFF, 2: 1}, False),
        ("ec1200402065", {1: 2, 2: 1}, True),
        ("ec180040ff7e", {1: 0xFFFF_FFFF}, True),
        ("ec180040ff7c", {1: 0xFFFF_FFFF}, False),
        ("ec180040ff7f", {1: 0xFF}, True),
        ("ec180040ff7d", {1: 0xFF}, True),
    ),
)
def test_branch(execute, cpu, target, values, taken) -> None:
    for register, value in values.items():
        cpu.gr[register] = value
    assert branched(execute, cpu, target) == taken


@IN_64_BIT_MODE
@pytest.mark.parametrize("target", ("a7150040", "c01500000040"))
def test_link_is_behind_the_execute(execute, cpu, target) -> None:
    assert branched(execute, cpu, target)
    assert cpu.gr[1] == 0x10006


def test_link_in_31_bit_mode(execute, cpu) -> None:
    cpu.load_psw(Psw(BASIC_ADDRESSING, cpu.instruction_address))
    cpu.gr[1] = 0x1111_1111_2222_2222
    assert branched(execute, cpu, "a7150040")
    assert cpu.gr[1] == 0x1111_1111_8001_0006


def test_count_goes_down(execute, cpu) -> None:
    cpu.gr[1] = 0x5555_5555_0000_0000
    assert branched(execute, cpu, "a7160040")
    assert cpu.gr[1] == 0x5555_5555_FFFF_FFFF


def test_index_compares_with_the_comparand_before_the_addition(execute, cpu) -> None:
    cpu.gr[2], cpu.gr[3] = 1, 5
    # BRXH 3,2: R1 is the comparand as well; 6 is higher than 5.
    assert branched(execute, cpu, "84320040")
    assert cpu.gr[3] == 6


def test_load_address(execute, cpu) -> None:
    execute(EXRL, x10100="c01000000040")
    assert cpu.gr[1] == 0x10180


def test_register_of_a_target_comes_from_the_execute(execute, cpu) -> None:
    cpu.gr[5] = 0x20
    cpu.gr[6] = 0x10100
    # EX 5,0(6) of LARL 1: bits 56-63 of R5 make it LARL 3.
    execute("44506000", x10100="c01000000040")
    assert cpu.gr[3] == 0x10180


def test_not_under_execute(execute, cpu) -> None:
    assert execute("c01000000040").interruption is None
    assert cpu.gr[1] == 0x10080


def test_execute_of_execute(execute) -> None:
    assert execute(EXRL, x10100="c60000000040").interruption is ProgramInterruptionCode.EXECUTE
