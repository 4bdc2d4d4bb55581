# SPDX-License-Identifier: GPL-2.0-or-later
"""ADD and SUBTRACT, NORMALIZED and UNNORMALIZED, against the reference; cases of the manual's text."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import get, hold, pairs, put, store
from tests.support.reference.hexadecimal import Expected, Masks, add

Code = ProgramInterruptionCode
REGISTERS = (
    ("AER", "short", 1, True),
    ("ADR", "long", 1, True),
    ("AXR", "extended", 1, True),
    ("SER", "short", -1, True),
    ("SDR", "long", -1, True),
    ("SXR", "extended", -1, True),
    ("AUR", "short", 1, False),
    ("AWR", "long", 1, False),
    ("SUR", "short", -1, False),
    ("SWR", "long", -1, False),
)
STORAGE = (
    ("AE", "short", 1, True),
    ("AD", "long", 1, True),
    ("SE", "short", -1, True),
    ("SD", "long", -1, True),
    ("AU", "short", 1, False),
    ("AW", "long", 1, False),
    ("SU", "short", -1, False),
    ("SW", "long", -1, False),
)


@pytest.mark.parametrize(("mnemonic", "form", "sign", "normalizes"), REGISTERS)
def test_registers(cpu: Cpu, run, mnemonic, form, sign, normalizes) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        put(cpu, 4, form, second)
        expected = add(first, second, form, masks, sign=sign, normalizes=normalizes)
        hold(cpu, masks, expected, form, lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "form", "sign", "normalizes"), STORAGE)
def test_storage(cpu: Cpu, run, mnemonic, form, sign, normalizes) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        fields = store(cpu, form, second)
        expected = add(first, second, form, masks, sign=sign, normalizes=normalizes)
        hold(cpu, masks, expected, form, lambda fields=fields: run(cpu, mnemonic, r1=1, **fields))


def test_with_itself(cpu: Cpu, run) -> None:
    put(cpu, 1, "short", 0x4180_0000)
    run(cpu, "AER", r1=1, r2=1)
    assert (get(cpu, 1, "short"), cpu.cc) == (0x4210_0000, 2)
    run(cpu, "SER", r1=1, r2=1)
    assert (get(cpu, 1, "short"), cpu.cc) == (0, 0)


@pytest.mark.parametrize(
    ("mnemonic", "first", "second", "expected"),
    (
        # The guard digit comes back when the sum is normalized.
        ("SER", 0x4110_0000, 0x40F0_0001, Expected(0x3FFF_FFF0, 2)),
        ("SER", 0x4110_0000, 0x40FF_FFFF, Expected(0x3B10_0000, 2)),
        # One digit more is lost.
        ("SER", 0x4110_0000, 0x3FFF_FFFF, Expected(0x40F0_0001, 2)),
        ("AER", 0x7FFF_FFFF, 0x7910_0000, Expected(0x7FFF_FFFF, 2)),
        ("AER", 0x7FFF_FFFF, 0x7A10_0000, Expected(0x0010_0000, 2, Code.HFP_EXPONENT_OVERFLOW)),
        ("AUR", 0x4E00_0000, 0x4123_4567, Expected(0, 0)),
        ("AUR", 0x4600_0000, 0x4123_4567, Expected(0x4600_0002, 2)),
        ("AUR", 0x4700_0000, 0x4123_4567, Expected(0, 0)),
        ("AER", 0x4700_0000, 0x4123_4567, Expected(0x4120_0000, 2)),
        ("AER", 0x0010_0000, 0x8000_1000, Expected(0, 0)),
    ),
)
def test_cases(cpu: Cpu, run, mnemonic: str, first: int, second: int, expected: Expected) -> None:
    put(cpu, 1, "short", first)
    put(cpu, 4, "short", second)
    hold(cpu, Masks(), expected, "short", lambda: run(cpu, mnemonic, r1=1, r2=4))


def test_the_integer_in_the_low_digits(cpu: Cpu, run) -> None:
    """What is added to a zero of characteristic 4E has its integer part at the right: programs convert so."""
    put(cpu, 1, "long", 0x4E00_0000_0000_0000)
    put(cpu, 4, "long", 0x4312_3456_0000_0000)
    run(cpu, "AWR", r1=1, r2=4)
    assert get(cpu, 1, "long") == 0x4E00_0000_0000_0123


@pytest.mark.parametrize("mnemonic", ("AER", "AUR"))
def test_lost_significance_keeps_the_characteristic(cpu: Cpu, run, mnemonic: str) -> None:
    put(cpu, 1, "short", 0x4512_3456)
    put(cpu, 4, "short", 0xC512_3456)
    expected = Expected(0x4500_0000, 0, Code.HFP_SIGNIFICANCE)
    hold(cpu, Masks(significance=True), expected, "short", lambda: run(cpu, mnemonic, r1=1, r2=4))


def test_underflow_of_an_extended_number_is_of_its_high_order_part(cpu: Cpu, run) -> None:
    put(cpu, 1, "extended", 0x0510_0000_0000_0000 << 64)
    put(cpu, 4, "extended", 0)
    expected = Expected(0x0510_0000_0000_0000 << 64 | 0x7700_0000_0000_0000, 2)
    hold(cpu, Masks(underflow=True), expected, "extended", lambda: run(cpu, "AXR", r1=1, r2=4))
