# SPDX-License-Identifier: GPL-2.0-or-later
"""CONVERT FROM FIXED and CONVERT TO FIXED, against the reference."""

from __future__ import annotations

from random import Random

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import BEFORE_CC, EXAMPLES, get, hold, pairs, put
from tests.support.reference.hexadecimal import ROUNDING, Masks, from_fixed, to_fixed

RUBBISH = 0x5555_5555_5555_5555


@pytest.mark.parametrize(
    ("mnemonic", "width", "form"),
    (
        ("CEFR", 32, "short"),
        ("CDFR", 32, "long"),
        ("CXFR", 32, "extended"),
        ("CEGR", 64, "short"),
        ("CDGR", 64, "long"),
        ("CXGR", 64, "extended"),
    ),
)
def test_from_fixed(cpu: Cpu, run, mnemonic: str, width: int, form: str) -> None:
    random = Random(mnemonic)
    numbers = [0, 1, -1, 2 ** (width - 1) - 1, -(2 ** (width - 1)), 0xFF_FFFF, 0x100_0001]
    numbers += [
        random.randrange(-(2 ** (width - 1)), 2 ** (width - 1)) >> random.randrange(width) for _ in range(EXAMPLES)
    ]
    for value in numbers:
        cpu.gr[7] = RUBBISH << width & (1 << 64) - 1 | value % 2**width
        hold(cpu, Masks(True, True), from_fixed(value, form), form, lambda: run(cpu, mnemonic, r1=1, r2=7))


@pytest.mark.parametrize(
    ("mnemonic", "form", "width"),
    (
        ("CFER", "short", 32),
        ("CFDR", "long", 32),
        ("CFXR", "extended", 32),
        ("CGER", "short", 64),
        ("CGDR", "long", 64),
        ("CGXR", "extended", 64),
    ),
)
def test_to_fixed(cpu: Cpu, run, mnemonic: str, form: str, width: int) -> None:
    for first, second, _ in pairs(mnemonic, form):
        for number in (first, second):
            for m3 in ROUNDING:
                put(cpu, 4, form, number)
                cpu.gr[7], cpu.cc = RUBBISH, BEFORE_CC
                run(cpu, mnemonic, r1=7, m3=m3, r2=4)
                value, condition_code = to_fixed(number, form, width, m3)
                assert cpu.cc == condition_code
                assert cpu.gr[7] == RUBBISH >> width << width | value


@pytest.mark.parametrize(
    ("datum", "m3", "result", "condition_code"),
    (
        (0x4128_0000, 0, 2, 2),
        (0x4128_0000, 1, 3, 2),
        (0x4128_0000, 4, 2, 2),
        (0x4138_0000, 4, 4, 2),
        (0xC128_0000, 5, -2, 1),
        (0xC128_0000, 6, -2, 1),
        (0xC128_0000, 7, -3, 1),
        (0x0000_0001, 6, 1, 2),
        (0x8000_0001, 7, -1, 1),
        (0x8000_0001, 0, 0, 1),
        (0x4880_0000, 0, 2**31 - 1, 3),
        (0xC880_0000, 0, -(2**31), 1),
        (0xC880_0001, 0, -(2**31), 3),
        (0xFF00_0000, 0, 0, 0),
    ),
)
def test_to_fixed_cases(cpu: Cpu, run, datum: int, m3: int, result: int, condition_code: int) -> None:
    put(cpu, 4, "short", datum)
    run(cpu, "CFER", r1=7, m3=m3, r2=4)
    assert (cpu.gr32(7), cpu.cc) == (result % 2**32, condition_code)


@pytest.mark.parametrize("m3", (2, 3, 8, 15))
def test_rounding_methods_that_are_none(cpu: Cpu, run, expect, m3: int) -> None:
    put(cpu, 4, "short", 0x4110_0000)
    with expect(ProgramInterruptionCode.SPECIFICATION):
        run(cpu, "CGER", r1=7, m3=m3, r2=4)
    assert get(cpu, 4, "short") == 0x4110_0000
