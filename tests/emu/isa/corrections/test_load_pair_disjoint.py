# SPDX-License-Identifier: GPL-2.0-or-later
"""LPD and LPDG: the order of exceptions, and what is loaded."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode

X = 0xAAAA_AAAA << 32


@pytest.mark.parametrize(("code", "boundary"), (("c864{}{}", 4), ("c865{}{}", 8)), ids=("LPD", "LPDG"))
@pytest.mark.parametrize("which", ("first", "second"))
def test_boundaries_come_before_access_exceptions(execute, cpu, code: str, boundary: int, which: str) -> None:
    cpu.gr[2], cpu.gr[3] = 0x80_0000, 0x2000 + boundary // 2
    places = ("2000", "3000") if which == "second" else ("3000", "2000")
    assert execute(code.format(*places)).interruption is ProgramInterruptionCode.SPECIFICATION


@pytest.mark.parametrize("places", (("2000", "3000"), ("3000", "2000")))
def test_nothing_is_loaded_if_an_operand_is_refused(execute, cpu, places: tuple[str, str]) -> None:
    cpu.gr[2], cpu.gr[3], cpu.gr[6], cpu.gr[7] = 0x80_0000, 0x2000, 6, 7
    assert execute(f"c865{places[0]}{places[1]}").interruption is ProgramInterruptionCode.ADDRESSING
    assert (cpu.gr[6], cpu.gr[7]) == (6, 7)


def test_words(execute, cpu) -> None:
    cpu.gr[2], cpu.gr[6], cpu.gr[7] = 0x2000, X, X
    # CGHI 2,0 makes the condition code 2.
    assert execute("a72f0000 c86420002008", x2000="0102030405060708090a0b0c").condition_code == 0
    assert (cpu.gr[6], cpu.gr[7]) == (X | 0x0102_0304, X | 0x090A_0B0C)


def test_doublewords(execute, cpu) -> None:
    cpu.gr[2] = 0x2000
    assert execute("c86520002008", x2000="0102030405060708 090a0b0c0d0e0f10").condition_code == 0
    assert (cpu.gr[6], cpu.gr[7]) == (0x0102_0304_0506_0708, 0x090A_0B0C_0D0E_0F10)
