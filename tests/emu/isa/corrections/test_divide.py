# SPDX-License-Identifier: GPL-2.0-or-later
"""D and DR: signs, limits, and the dividend that would kill the process."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode

UPPER = 0x7777_7777 << 32
CASES = (
    (100, 7, 14, 2),
    (-100, 7, -14, -2),
    (100, -7, -14, 2),
    (-100, -7, 14, -2),
    (-(1 << 31), 1, -(1 << 31), 0),
    ((1 << 31) - 1, 1, (1 << 31) - 1, 0),
)


def set_dividend(cpu, dividend: int) -> None:
    """In the low halves of GR2 and GR3; the high halves count for nothing."""
    cpu.gr[2] = UPPER | dividend >> 32 & 0xFFFF_FFFF
    cpu.gr[3] = UPPER | dividend & 0xFFFF_FFFF


@pytest.mark.parametrize(("dividend", "divisor", "quotient", "remainder"), CASES)
@pytest.mark.parametrize("code", ("1d26", "5d205000"))
def test_division(execute, cpu, machine, code, dividend, divisor, quotient, remainder) -> None:
    set_dividend(cpu, dividend)
    cpu.gr[6], cpu.gr[5] = UPPER | divisor & 0xFFFF_FFFF, 0x2000
    assert execute(code, x2000=f"{divisor & 0xFFFF_FFFF:08x}").interruption is None
    assert cpu.gr[2] == UPPER | remainder & 0xFFFF_FFFF
    assert cpu.gr[3] == UPPER | quotient & 0xFFFF_FFFF


@pytest.mark.parametrize(("dividend", "divisor"), ((-(1 << 63), -1), (5, 0), (1 << 31, 1), (-(1 << 31), -1)))
def test_divide_exception(execute, cpu, dividend, divisor) -> None:
    set_dividend(cpu, dividend)
    before = cpu.gr[2], cpu.gr[3]
    cpu.gr[6] = divisor & 0xFFFF_FFFF
    assert execute("1d26").interruption is ProgramInterruptionCode.FIXED_POINT_DIVIDE
    assert (cpu.gr[2], cpu.gr[3]) == before


@pytest.mark.parametrize("code", ("1d36", "5d305000"))
def test_pair(execute, code) -> None:
    assert execute(code).interruption is ProgramInterruptionCode.SPECIFICATION


def test_access_exception(execute, cpu) -> None:
    cpu.gr[5] = 0x80_0000
    assert execute("5d205000").interruption is ProgramInterruptionCode.ADDRESSING
