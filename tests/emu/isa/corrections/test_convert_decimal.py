# SPDX-License-Identifier: GPL-2.0-or-later
"""CVB, CVBY, CVBG and CVDG, which the engine lacks."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode

CVB = "4f103000"
CVBG = "e3103000000e"
CVDG = "e3103000002e"


@pytest.fixture(autouse=True)
def operand_address(cpu) -> None:
    """GR3 is the base, and R1 shows what is left alone."""
    cpu.gr[3] = 0x2000
    cpu.gr[1] = 0x5555_5555_5555_5555


@pytest.mark.parametrize(
    ("packed", "value"),
    (
        ("000000000025594f", 25594),
        ("000002147483647c", 0x7FFF_FFFF),
        ("000002147483648d", 0x8000_0000),
        ("000000000000001b", 0xFFFF_FFFF),
        ("000000000000000d", 0),
    ),
)
@pytest.mark.parametrize("code", (CVB, "e31030000006"))
def test_to_word(execute, cpu, code, packed, value) -> None:
    assert execute(code, x2000=packed).interruption is None
    assert cpu.gr[1] == 0x5555_5555_0000_0000 | value


def test_word_overflow_completes(execute, cpu) -> None:
    outcome = execute(CVB, x2000="000004294967297c")
    assert outcome.interruption is ProgramInterruptionCode.FIXED_POINT_DIVIDE
    assert cpu.gr[1] == 0x5555_5555_0000_0001


@pytest.mark.parametrize("packed", ("00000000000000a0", "0000000000000011", "0000000000000b1c"))
def test_invalid_digit_or_sign(execute, cpu, machine, packed) -> None:
    assert execute(CVB, x2000=packed).interruption is ProgramInterruptionCode.DATA
    assert machine.storage.read_integer(0x90, 4) == 0
    assert cpu.gr[1] == 0x5555_5555_5555_5555


@pytest.mark.parametrize(
    ("packed", "value"),
    (("0000000000009223372036854775807c", (1 << 63) - 1), ("0000000000009223372036854775808d", 1 << 63)),
)
def test_to_doubleword(execute, cpu, packed, value) -> None:
    assert execute(CVBG, x2000=packed).interruption is None
    assert cpu.gr[1] == value


def test_doubleword_overflow_suppresses(execute, cpu) -> None:
    outcome = execute(CVBG, x2000="0000000000009223372036854775808c")
    assert outcome.interruption is ProgramInterruptionCode.FIXED_POINT_DIVIDE
    assert cpu.gr[1] == 0x5555_5555_5555_5555


@pytest.mark.parametrize(
    ("value", "packed"),
    ((1 << 63, "0000000000009223372036854775808d"), (1234, "0000000000000000000000000001234c"), (0, "0" * 31 + "c")),
)
def test_from_doubleword(execute, cpu, machine, value, packed) -> None:
    cpu.gr[1] = value
    assert execute(CVDG).interruption is None
    assert machine.storage.read(0x2000, 16).hex() == packed


@pytest.mark.parametrize("code", (CVB, CVBG, CVDG))
def test_access_exception(execute, cpu, code) -> None:
    cpu.gr[3] = 0x80_0000
    assert execute(code).interruption is ProgramInterruptionCode.ADDRESSING
