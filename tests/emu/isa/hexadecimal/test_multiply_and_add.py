# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY AND ADD and MULTIPLY AND SUBTRACT, against the reference; all digits until the end."""

from __future__ import annotations

from random import Random

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import EXAMPLES, MASKS, datum, hold, put, store
from tests.support.reference.hexadecimal import Expected, Masks, multiply_and_add

REGISTERS = (("MAER", "short", 1), ("MADR", "long", 1), ("MSER", "short", -1), ("MSDR", "long", -1))
STORAGE = (("MAE", "short", 1), ("MAD", "long", 1), ("MSE", "short", -1), ("MSD", "long", -1))


def numbers(mnemonic: str, form: str):
    """Operands, of which the first is often as large as the product of the others."""
    random = Random(mnemonic)
    for number in range(2 * EXAMPLES):
        second, third = datum(random, form), datum(random, form, 0x4210_0000 << (0 if form == "short" else 32))
        yield datum(random, form, second), second, third, MASKS[number % 4]


@pytest.mark.parametrize(("mnemonic", "form", "sign"), REGISTERS)
def test_registers(cpu: Cpu, run, mnemonic: str, form: str, sign: int) -> None:
    for first, second, third, masks in numbers(mnemonic, form):
        for register, value in ((1, first), (4, second), (7, third)):
            put(cpu, register, form, value)
        expected = multiply_and_add(first, second, third, form, masks, sign=sign)
        hold(cpu, masks, expected, form, lambda: run(cpu, mnemonic, r1=1, r2=4, r3=7))


@pytest.mark.parametrize(("mnemonic", "form", "sign"), STORAGE)
def test_storage(cpu: Cpu, run, mnemonic: str, form: str, sign: int) -> None:
    for first, second, third, masks in numbers(mnemonic, form):
        put(cpu, 1, form, first)
        put(cpu, 7, form, third)
        fields = store(cpu, form, second)
        expected = multiply_and_add(first, second, third, form, masks, sign=sign)
        hold(cpu, masks, expected, form, lambda fields=fields: run(cpu, mnemonic, r1=1, r3=7, **fields))


@pytest.mark.parametrize(
    ("mnemonic", "first", "expected"),
    (
        # 1.00001 squared is 1.0000200001, of which subtracting a part leaves the last digits.
        ("MSER", 0x4110_0002, Expected(0x3710_0000)),
        ("MAER", 0xC110_0002, Expected(0x3710_0000)),
        ("MAER", 0x4110_0002, Expected(0x4120_0004)),
    ),
)
def test_the_product_has_all_digits(cpu: Cpu, run, mnemonic: str, first: int, expected: Expected) -> None:
    for register, value in ((1, first), (4, 0x4110_0001), (7, 0x4110_0001)):
        put(cpu, register, "short", value)
    hold(cpu, Masks(), expected, "short", lambda: run(cpu, mnemonic, r1=1, r2=4, r3=7))


def test_nothing_is_left_without_lost_significance(cpu: Cpu, run) -> None:
    for register, value in ((1, 0xC140_0000), (4, 0x4120_0000), (7, 0x4120_0000)):
        put(cpu, register, "short", value)
    hold(cpu, Masks(True, True), Expected(0), "short", lambda: run(cpu, "MAER", r1=1, r2=4, r3=7))


@pytest.mark.parametrize(
    ("first", "expected"),
    (
        (0x0000_0000, Expected(0x1F10_0000, code=ProgramInterruptionCode.HFP_EXPONENT_OVERFLOW)),
        (0x7FFF_FFFF, Expected(0x1F10_0000, code=ProgramInterruptionCode.HFP_EXPONENT_OVERFLOW)),
    ),
)
def test_overflow_is_that_of_the_sum(cpu: Cpu, run, first: int, expected: Expected) -> None:
    for register, value in ((1, first), (4, 0x7010_0000), (7, 0x7010_0000)):
        put(cpu, register, "short", value)
    hold(cpu, Masks(), expected, "short", lambda: run(cpu, "MAER", r1=1, r2=4, r3=7))
