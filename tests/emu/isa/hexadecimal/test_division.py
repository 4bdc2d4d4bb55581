# SPDX-License-Identifier: GPL-2.0-or-later
"""DIVIDE, HALVE and SQUARE ROOT, against the reference; cases of the manual's text."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import hold, pairs, put, store
from tests.support.reference.hexadecimal import Expected, Masks, divide, halve, square_root

Code = ProgramInterruptionCode


@pytest.mark.parametrize(("mnemonic", "form"), (("DER", "short"), ("DDR", "long"), ("DXR", "extended")))
def test_divide_registers(cpu: Cpu, run, mnemonic: str, form: str) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        put(cpu, 4, form, second)
        hold(cpu, masks, divide(first, second, form, masks), form, lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "form"), (("DE", "short"), ("DD", "long")))
def test_divide_storage(cpu: Cpu, run, mnemonic: str, form: str) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        fields = store(cpu, form, second)
        expected = divide(first, second, form, masks)
        hold(cpu, masks, expected, form, lambda fields=fields: run(cpu, mnemonic, r1=1, **fields))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    (
        (0x4110_0000, 0x4130_0000, Expected(0x4055_5555)),
        (0x7F10_0000, 0x4110_0000, Expected(0x7F10_0000)),
        (0x7F10_0000, 0x4010_0000, Expected(0x0010_0000, code=Code.HFP_EXPONENT_OVERFLOW)),
        (0x0010_0000, 0x4210_0000, Expected(0)),
        (0x4100_0000, 0xC110_0000, Expected(0)),
        (0x4110_0000, 0x7F00_0000, Expected(None, code=Code.HFP_DIVIDE)),
        (0x0000_0000, 0x0000_0000, Expected(None, code=Code.HFP_DIVIDE)),
    ),
)
def test_divide_cases(cpu: Cpu, run, first: int, second: int, expected: Expected) -> None:
    put(cpu, 1, "short", first)
    put(cpu, 4, "short", second)
    hold(cpu, Masks(), expected, "short", lambda: run(cpu, "DER", r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "form"), (("HER", "short"), ("HDR", "long")))
def test_halve(cpu: Cpu, run, mnemonic: str, form: str) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        put(cpu, 4, form, second)
        hold(cpu, masks, halve(second, form, masks), form, lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(
    ("datum", "masks", "expected"),
    (
        (0x4110_0000, Masks(), Expected(0x4080_0000)),
        (0x4100_0001, Masks(), Expected(0x3B80_0000)),
        (0x8010_0000, Masks(), Expected(0)),
        (0x8010_0000, Masks(underflow=True), Expected(0xFF80_0000, code=Code.HFP_EXPONENT_UNDERFLOW)),
        (0xC100_0000, Masks(underflow=True, significance=True), Expected(0)),
    ),
)
def test_halve_cases(cpu: Cpu, run, datum: int, masks: Masks, expected: Expected) -> None:
    put(cpu, 4, "short", datum)
    hold(cpu, masks, expected, "short", lambda: run(cpu, "HER", r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "form"), (("SQER", "short"), ("SQDR", "long"), ("SQXR", "extended")))
def test_root_of_register(cpu: Cpu, run, mnemonic: str, form: str) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        put(cpu, 4, form, second)
        hold(cpu, masks, square_root(second, form), form, lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "form"), (("SQE", "short"), ("SQD", "long")))
def test_root_of_storage(cpu: Cpu, run, mnemonic: str, form: str) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        fields = store(cpu, form, second)
        expected = square_root(second, form)
        hold(cpu, masks, expected, form, lambda fields=fields: run(cpu, mnemonic, r1=1, **fields))


@pytest.mark.parametrize(
    ("datum", "expected"),
    (
        (0x4140_0000, Expected(0x4120_0000)),
        (0x4210_0000, Expected(0x4140_0000)),
        # 2: the root is 1.6A09E6 67F..., 3: it is 1.BB67AE 858...
        (0x4120_0000, Expected(0x4116_A09E)),
        (0x4130_0000, Expected(0x411B_B67B)),
        (0x40FF_FFFF, Expected(0x40FF_FFFF)),
        (0xC100_0000, Expected(0)),
        (0xC110_0000, Expected(None, code=Code.HFP_SQUARE_ROOT)),
    ),
)
def test_root_cases(cpu: Cpu, run, datum: int, expected: Expected) -> None:
    put(cpu, 4, "short", datum)
    hold(cpu, Masks(), expected, "short", lambda: run(cpu, "SQER", r1=1, r2=4))
