# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY UNNORMALIZED and MULTIPLY AND ADD UNNORMALIZED, against the reference; which register takes which part."""

from __future__ import annotations

from random import Random

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import EXAMPLES, RUBBISH, datum, put, store
from tests.support.reference.hexadecimal import multiply_unnormalized

FORMS = (("MAYL", True, "low"), ("MYL", False, "low"), ("MAY", True, "both"), ("MY", False, "both"))
FORMS += (("MAYH", True, "high"), ("MYH", False, "high"))
LONG = "long"
ONE = 0x4110_0000_0000_0000


def hold_parts(cpu: Cpu, register: int, part: str, expected: tuple[int, int]) -> None:
    """What is *expected* is in *register*, or in the pair that it is of; no other has changed."""
    high, low = expected
    first = register & 13
    changed = {"high": {register: high}, "low": {register: low}, "both": {first: high, first + 2: low}}[part]
    for each in range(16):
        if each in changed:
            assert cpu.vr[2 * each] == changed[each], each
        elif each not in {4, 7, register}:
            assert cpu.vr[2 * each] == RUBBISH


def operands(random: Random) -> list[int]:
    second, third = datum(random, LONG), datum(random, LONG, 0x4210_0000_0000_0000)
    return [datum(random, LONG, second), second, third]


@pytest.mark.parametrize("from_storage", (False, True), ids=("register", "storage"))
@pytest.mark.parametrize(("stem", "adds", "part"), FORMS)
def test_against_the_reference(cpu: Cpu, run, stem: str, adds: bool, part: str, from_storage: bool) -> None:
    random = Random(stem)
    for number in range(2 * EXAMPLES):
        values = operands(random)
        for register in range(16):
            cpu.vr[2 * register] = RUBBISH
        target = 1 if stem == "MY" else (1, 3)[number % 2]
        for register, value in ((target, values[0]), (4, values[1]), (7, values[2])):
            put(cpu, register, LONG, value)
        cpu.cc = 3
        fields = store(cpu, LONG, values[1]) if from_storage else {"r2": 4}
        run(cpu, stem if from_storage else f"{stem}R", r1=target, r3=7, **fields)
        hold_parts(cpu, target, part, multiply_unnormalized(values, adds=adds))
        assert cpu.cc == 3


@pytest.mark.parametrize(
    ("first", "second", "third", "expected"),
    (
        # The place of a digit is that of the product, whatever the first operand is.
        (ONE, ONE, ONE, (0x4202_0000_0000_0000, 0)),
        (ONE | 1 << 63, ONE, ONE, (0x4200_0000_0000_0000, 0)),
        # Its digits in front of the product's are lost, and so are those behind.
        (0x44FF_1234_5678_9ABC, 0x4100_0000_0000_0000, ONE, (0x4212_3456_789A_BC00, 0)),
        (0xA510_0000_0000_0001, ONE, ONE, (0x4200_FFFF_FFFF_FFFF, 0xFF_FFFF_FFFF_FFFF)),
    ),
)
def test_cases(cpu: Cpu, run, first: int, second: int, third: int, expected: tuple[int, int]) -> None:
    for register, value in ((0, first), (4, second), (7, third)):
        put(cpu, register, LONG, value)
    run(cpu, "MAYR", r1=0, r2=4, r3=7)
    assert (cpu.vr[0], cpu.vr[4] & (1 << 56) - 1) == expected


@pytest.mark.parametrize("mnemonic", ("MYR", "MY"))
def test_the_product_alone_needs_the_first_of_a_pair(cpu: Cpu, run, expect, mnemonic: str) -> None:
    with expect(ProgramInterruptionCode.SPECIFICATION):
        run(cpu, mnemonic, r1=2)
