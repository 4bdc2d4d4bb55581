# SPDX-License-Identifier: GPL-2.0-or-later
"""CUSE (PoP chapter 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

FIRST, SECOND = 0x3000, 0x5000
RUBBISH = 0x1234_5678 << 32


def operands(cpu: Cpu, first: str, second: str, wanted: int, pad: int = 0, high: int = 0) -> None:
    """Two strings of hexadecimal digits for the pairs 4 and 6, and how many bytes are to be equal."""
    strings = bytes.fromhex(first), bytes.fromhex(second)
    for register, place, string in ((4, FIRST, strings[0]), (6, SECOND, strings[1])):
        cpu.configuration.storage.write(place, string)
        cpu.gr[register], cpu.gr[register + 1] = high | place, high | len(string)
    cpu.gr[0], cpu.gr[1] = 0xFFFF_FF00 | wanted, 0xFFFF_FF00 | pad


# The strings, how many bytes are to be equal, and the padding; condition code, offsets and lengths.
CASES = (
    ("010203", "010203", 2, 0, 0, (0, 3), (0, 3)),
    ("09010203", "08010207", 2, 0, 0, (1, 3), (1, 3)),
    ("0102", "0304", 1, 0, 2, (2, 0), (2, 0)),
    ("0902", "0802", 2, 0, 1, (1, 1), (1, 1)),
    ("01", "09ffff", 2, 0xFF, 0, (1, 0), (1, 2)),
    ("01ffff", "09", 2, 0xFF, 0, (1, 2), (1, 0)),
    ("01", "09ffee", 2, 0xFF, 2, (1, 0), (3, 0)),
    ("01", "09eeff", 2, 0xFF, 1, (1, 0), (2, 1)),
    ("", "", 1, 0, 2, (0, 0), (0, 0)),
    ("0102", "0102", 0, 0, 0, (0, 2), (0, 2)),
    ("0101", "0102", 2, 0, 2, (2, 0), (2, 0)),
)


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING, ADDRESSING_MODE))
@pytest.mark.parametrize(("first", "second", "wanted", "pad", "condition_code", "one", "two"), CASES)
def test_cuse(
    cpu: Cpu,
    run: Run,
    mode: int,
    first: str,
    second: str,
    wanted: int,
    pad: int,
    condition_code: int,
    one: tuple[int, int],
    two: tuple[int, int],
) -> None:
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    high = 0 if mode == ADDRESSING_MODE else RUBBISH
    operands(cpu, first, second, wanted, pad, high)
    run(cpu, "CUSE", r1=4, r2=6)
    assert cpu.cc == condition_code
    assert (cpu.gr[4], cpu.gr[5]) == (high | FIRST + one[0], high | one[1])
    assert (cpu.gr[6], cpu.gr[7]) == (high | SECOND + two[0], high | two[1])


@pytest.mark.parametrize(("mode", "length"), ((BASIC_ADDRESSING, 0x8000_0000), (ADDRESSING_MODE, 1 << 63)))
def test_a_negative_length_is_none(cpu: Cpu, run: Run, mode: int, length: int) -> None:
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    operands(cpu, "01", "0000", 2)
    cpu.gr[5] = length
    run(cpu, "CUSE", r1=4, r2=6)
    assert (cpu.cc, cpu.gr[4], cpu.gr[5]) == (0, FIRST, length)


def test_others_go_on_while_nothing_is_equal(cpu: Cpu, run: Run) -> None:
    operands(cpu, "01" * 5000, "02" * 5000, 3)
    run(cpu, "CUSE", r1=4, r2=6)
    assert cpu.cc == 3
    assert 256 <= 5000 - cpu.gr[5] < 5000
    assert (cpu.gr[4] - FIRST, cpu.gr[6] - SECOND, cpu.gr[7]) == (5000 - cpu.gr[5], 5000 - cpu.gr[5], cpu.gr[5])
    run(cpu, "CUSE", r1=4, r2=6)
    assert (cpu.cc, cpu.gr[5], cpu.gr[7]) == (2, 0, 0)


@pytest.mark.parametrize(("r1", "r2"), ((5, 6), (4, 7)))
def test_odd_registers(cpu: Cpu, run: Run, expect: Expect, r1: int, r2: int) -> None:
    operands(cpu, "01", "02", 0)
    with expect(ProgramInterruptionCode.SPECIFICATION):
        run(cpu, "CUSE", r1=r1, r2=r2)


def test_only_what_is_needed_is_fetched(cpu: Cpu, run: Run, expect: Expect) -> None:
    operands(cpu, "0102" + "03" * 20, "0102", 2)
    end = cpu.configuration.memory
    cpu.configuration.storage.write(end - 2, bytes.fromhex("0102"))
    cpu.gr[6], cpu.gr[7] = end - 2, 20
    run(cpu, "CUSE", r1=4, r2=6)
    assert (cpu.cc, cpu.gr[6]) == (0, end - 2)
    cpu.gr[0] = 3
    with expect(ProgramInterruptionCode.ADDRESSING):
        run(cpu, "CUSE", r1=4, r2=6)
    assert (cpu.gr[4], cpu.gr[6]) == (FIRST, end - 2)
