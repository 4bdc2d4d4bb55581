# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT BFP TO HFP and CONVERT HFP TO BFP: exact there, rounded back, and what does not fit."""

from __future__ import annotations

import struct
from fractions import Fraction
from random import Random

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import EXAMPLES, datum, get, put
from tests.support.reference.hexadecimal import ROUNDING, read

LARGEST = 0x7FFF_FFFF_FFFF_FFFF
SIGN = 1 << 63


@pytest.mark.parametrize(("mnemonic", "form", "code"), (("THDER", "short", "f"), ("THDR", "long", "d")))
def test_to_hexadecimal_is_exact(cpu: Cpu, run, mnemonic: str, form: str, code: str) -> None:
    random = Random(mnemonic)
    for _ in range(EXAMPLES):
        value = random.uniform(-2, 2) * 2.0 ** random.randrange(-120, 120)
        packed = struct.pack(f">{code}", value)
        put(cpu, 4, form, int.from_bytes(packed, "big"))
        run(cpu, mnemonic, r1=1, r2=4)
        found = read(get(cpu, 1, "long"), "long")
        assert found.value == Fraction(struct.unpack(f">{code}", packed)[0])
        assert found.fraction >= Fraction(1, 16)
        assert cpu.cc == (1 if value < 0 else 2)


@pytest.mark.parametrize(
    ("datum", "result", "condition_code"),
    (
        (0x0000_0000_0000_0000, 0, 0),
        (0x8000_0000_0000_0000, SIGN, 0),
        (0x7FF0_0000_0000_0000, LARGEST, 3),
        (0xFFF0_0000_0000_0000, SIGN | LARGEST, 3),
        (0xFFF8_0000_0000_0000, LARGEST, 3),
        (0x7FF0_0000_0000_0001, LARGEST, 3),
        # 2 to the 252, the first that is too large, and the one before.
        (0x4FB0_0000_0000_0000, LARGEST, 3),
        (0xCFB0_0000_0000_0000, SIGN | LARGEST, 3),
        (0x4FAF_FFFF_FFFF_FFFF, 0x7FFF_FFFF_FFFF_FFF8, 2),
        # 2 to the -260, the smallest normalized number, and half of it.
        (0x2FB0_0000_0000_0000, 0x0010_0000_0000_0000, 2),
        (0xAFA0_0000_0000_0000, SIGN, 1),
        (0x0000_0000_0000_0001, 0, 2),
    ),
)
def test_to_hexadecimal_cases(cpu: Cpu, run, datum: int, result: int, condition_code: int) -> None:
    cpu.registers.fpc = 0xF800_0000
    put(cpu, 4, "long", datum)
    run(cpu, "THDR", r1=1, r2=4)
    assert (get(cpu, 1, "long"), cpu.cc) == (result, condition_code)
    assert cpu.registers.fpc == 0xF800_0000


@pytest.mark.parametrize("m3", ROUNDING)
def test_long_is_rounded(cpu: Cpu, run, m3: int) -> None:
    random = Random(m3)
    for _ in range(EXAMPLES):
        number = datum(random, "long")
        value = read(number, "long").value
        put(cpu, 4, "long", number)
        run(cpu, "TBDR", r1=1, m3=m3, r2=4)
        found = struct.unpack(">d", get(cpu, 1, "long").to_bytes(8, "big"))[0]
        if value:
            # Every number of the format is a normal one of the other.
            unit = Fraction(2) ** (abs(value).numerator.bit_length() - abs(value).denominator.bit_length() - 53)
            while abs(value) / unit >= 2**53:
                unit *= 2
            while abs(value) / unit < 2**52:
                unit /= 2
            assert Fraction(found) == ROUNDING[m3](value / unit) * unit
        assert cpu.cc == (0 if not value else 1 if value < 0 else 2)


@pytest.mark.parametrize(
    ("datum", "m3", "result", "condition_code"),
    (
        (0x8000_0000_0000_0000, 0, 0x8000_0000, 0),
        (0x4110_0000_0000_0000, 0, 0x3F80_0000, 2),
        (0xC110_0000_0800_0000, 0, 0xBF80_0000, 1),
        (0xC110_0000_0800_0000, 1, 0xBF80_0000, 1),
        (0xC110_0000_1000_0000, 1, 0xBF80_0001, 1),
        (0xC110_0000_1000_0000, 4, 0xBF80_0000, 1),
        (0xC110_0000_0800_0000, 7, 0xBF80_0001, 1),
        # 2 to the 128
        (0x6110_0000_0000_0000, 0, 0x7F7F_FFFF, 3),
        (0x6110_0000_0000_0000, 4, 0x7F80_0000, 3),
        (0xE110_0000_0000_0000, 6, 0xFF7F_FFFF, 3),
        (0xE110_0000_0000_0000, 7, 0xFF80_0000, 3),
        # 2 to the -149, the smallest there is, and half of it
        (0x1B80_0000_0000_0000, 0, 0x0000_0001, 2),
        (0x1B40_0000_0000_0000, 1, 0x0000_0001, 2),
        (0x1B40_0000_0000_0000, 4, 0x0000_0000, 2),
        (0x0010_0000_0000_0000, 6, 0x0000_0001, 2),
    ),
)
def test_short_cases(cpu: Cpu, run, datum: int, m3: int, result: int, condition_code: int) -> None:
    cpu.registers.fpc = 0xF800_0000
    put(cpu, 4, "long", datum)
    run(cpu, "TBEDR", r1=1, m3=m3, r2=4)
    assert (get(cpu, 1, "short"), cpu.cc) == (result, condition_code)
    assert cpu.registers.fpc == 0xF800_0000


@pytest.mark.parametrize("mnemonic", ("TBDR", "TBEDR"))
@pytest.mark.parametrize("m3", (2, 3, 8))
def test_rounding_methods_that_are_none(cpu: Cpu, run, expect, mnemonic: str, m3: int) -> None:
    with expect(ProgramInterruptionCode.SPECIFICATION):
        run(cpu, mnemonic, r1=1, m3=m3, r2=4)
