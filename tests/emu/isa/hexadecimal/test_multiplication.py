# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY, against the reference; cases of the manual's text."""

from __future__ import annotations

from random import Random

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import EXAMPLES, MASKS, datum, hold, put, store
from tests.support.reference.hexadecimal import Expected, Masks, multiply

REGISTERS = (
    ("MEER", "short", "short"),
    ("MDER", "short", "long"),
    ("MDR", "long", "long"),
    ("MXDR", "long", "extended"),
    ("MXR", "extended", "extended"),
)
STORAGE = (("MEE", "short", "short"), ("MDE", "short", "long"), ("MD", "long", "long"), ("MXD", "long", "extended"))


@pytest.mark.parametrize(("mnemonic", "source", "target"), REGISTERS)
def test_registers(cpu: Cpu, run, mnemonic: str, source: str, target: str) -> None:
    random = Random(mnemonic)
    for number in range(EXAMPLES):
        first, second, masks = datum(random, source), datum(random, source), MASKS[number % 4]
        put(cpu, 1, source, first)
        put(cpu, 4, source, second)
        expected = multiply(first, second, source, target, masks)
        hold(cpu, masks, expected, target, lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "source", "target"), STORAGE)
def test_storage(cpu: Cpu, run, mnemonic: str, source: str, target: str) -> None:
    random = Random(mnemonic)
    for number in range(EXAMPLES):
        first, second, masks = datum(random, source), datum(random, source), MASKS[number % 4]
        put(cpu, 1, source, first)
        fields = store(cpu, source, second)
        expected = multiply(first, second, source, target, masks)
        hold(cpu, masks, expected, target, lambda fields=fields: run(cpu, mnemonic, r1=1, **fields))


@pytest.mark.parametrize(
    ("first", "second", "masks", "expected"),
    (
        # The characteristic of the intermediate product is 128, but not that of the normalized one.
        (0x6010_0000, 0x6010_0000, Masks(), Expected(0x7F10_0000)),
        (0x6080_0000, 0x6080_0000, Masks(), Expected(0x0040_0000, code=ProgramInterruptionCode.HFP_EXPONENT_OVERFLOW)),
        (0x2010_0000, 0xA010_0000, Masks(), Expected(0)),
        (
            0x2010_0000,
            0xA010_0000,
            Masks(underflow=True),
            Expected(0xFF10_0000, code=ProgramInterruptionCode.HFP_EXPONENT_UNDERFLOW),
        ),
        # Underflow of an operand that is normalized before is none.
        (0x0000_0001, 0x7F10_0000, Masks(underflow=True), Expected(0x3910_0000)),
        (0xFF00_0000, 0x7F10_0000, Masks(underflow=True), Expected(0)),
    ),
)
def test_cases(cpu: Cpu, run, first: int, second: int, masks: Masks, expected: Expected) -> None:
    put(cpu, 1, "short", first)
    put(cpu, 4, "short", second)
    hold(cpu, masks, expected, "short", lambda: run(cpu, "MEER", r1=1, r2=4))
