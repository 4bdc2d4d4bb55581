# SPDX-License-Identifier: GPL-2.0-or-later
"""MVCLE, CLCLE and CLCLU (PoP 7): in the 24- and 31-bit addressing modes lengths are 32-bit unsigned numbers."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode
from emu.psw import BASIC_ADDRESSING, Psw

START = 0x10000
HALF = 0x8000_0000
"""A length of which 31 bits are zeros."""
RUBBISH = 0x5A5A_5A5A << 32
MOVE, COMPARE, COMPARE_UNICODE = "a8240020", "a9240020", "eb240020008f"
"""R1 is 2, R3 is 4, and the padding character a blank."""

IN_SHORT_MODES = pytest.mark.parametrize("mode", (BASIC_ADDRESSING, 0))


@IN_SHORT_MODES
def test_no_room_is_less_than_half_of_all(execute, cpu, mode: int) -> None:
    cpu.load_psw(Psw(mode, START))
    cpu.gr[2], cpu.gr[3], cpu.gr[4], cpu.gr[5] = RUBBISH | 0x2000, RUBBISH, RUBBISH | 0x3000, RUBBISH | HALF
    assert execute(MOVE).condition_code == 1
    assert [cpu.gr[number] for number in range(2, 6)] == [
        RUBBISH | 0x2000,
        RUBBISH,
        RUBBISH | 0x3000,
        RUBBISH | HALF,
    ]


@IN_SHORT_MODES
def test_half_of_all_is_padded_part_by_part(execute, cpu, machine, mode: int) -> None:
    cpu.load_psw(Psw(mode, START))
    cpu.gr[2], cpu.gr[3], cpu.gr[4], cpu.gr[5] = RUBBISH | 0x2F00, RUBBISH | HALF, RUBBISH, RUBBISH
    assert execute(MOVE).condition_code == 3
    moved = (cpu.gr[2] & 0x7FFF_FFFF) - 0x2F00
    assert moved > 0
    assert cpu.gr[3] == RUBBISH | HALF - moved
    assert machine.storage.read(0x2F00, moved) == b" " * moved


@IN_SHORT_MODES
@pytest.mark.parametrize(("code", "blank"), ((COMPARE, "20"), (COMPARE_UNICODE, "0020")))
@pytest.mark.parametrize(("behind", "condition_code"), (("00", 2), ("ff", 1)))
def test_half_of_all_is_compared_with_padding(
    execute, cpu, mode: int, code: str, blank: str, behind: str, condition_code: int
) -> None:
    cpu.load_psw(Psw(mode, START))
    cpu.gr[2], cpu.gr[3], cpu.gr[4], cpu.gr[5] = 0x3000, RUBBISH, 0x2000, RUBBISH | HALF
    assert execute(code, x2000=blank * 8 + behind * 2).condition_code == condition_code
    equal = len(blank) // 2 * 8
    assert (cpu.gr[2], cpu.gr[3]) == (0x3000, RUBBISH)
    assert (cpu.gr[4], cpu.gr[5]) == (0x2000 + equal, RUBBISH | HALF - equal)


@IN_SHORT_MODES
def test_what_is_equal_goes_on_later(execute, cpu, mode: int) -> None:
    cpu.load_psw(Psw(mode, START))
    cpu.gr[2], cpu.gr[3], cpu.gr[4], cpu.gr[5] = 0x2000, HALF, 0x2000, HALF
    assert execute(COMPARE).condition_code == 3
    assert cpu.gr[2] == cpu.gr[4] > 0x2000
    assert cpu.gr[3] == cpu.gr[5] == HALF - (cpu.gr[2] - 0x2000)


@pytest.mark.parametrize("code", ("a8340000", "a9250000", "eb340000008f"))
def test_odd_registers(execute, cpu, code: str) -> None:
    cpu.load_psw(Psw(BASIC_ADDRESSING, START))
    assert execute(code).interruption is ProgramInterruptionCode.SPECIFICATION


def test_a_part_of_a_character(execute, cpu) -> None:
    cpu.load_psw(Psw(BASIC_ADDRESSING, START))
    cpu.gr[3] = 3
    assert execute(COMPARE_UNICODE).interruption is ProgramInterruptionCode.SPECIFICATION
