# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD LENGTHENED, LOAD ROUNDED and LOAD FP INTEGER, against the reference."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import get, hold, pairs, put, store
from tests.support.reference.hexadecimal import Expected, Masks, lengthen, round_to, to_integer


@pytest.mark.parametrize(("mnemonic", "source"), (("LXER", "short"), ("LXDR", "long")))
def test_lengthen_register(cpu: Cpu, run, mnemonic: str, source: str) -> None:
    for _, second, masks in pairs(mnemonic, source):
        put(cpu, 4, source, second)
        hold(cpu, masks, lengthen(second, source), "extended", lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "source"), (("LXE", "short"), ("LXD", "long")))
def test_lengthen_storage(cpu: Cpu, run, mnemonic: str, source: str) -> None:
    for _, second, masks in pairs(mnemonic, source):
        fields = store(cpu, source, second)
        expected = lengthen(second, source)
        hold(cpu, masks, expected, "extended", lambda fields=fields: run(cpu, mnemonic, r1=1, **fields))


@pytest.mark.parametrize(
    ("mnemonic", "source", "target"),
    (("LEDR", "long", "short"), ("LDXR", "extended", "long"), ("LEXR", "extended", "short")),
)
def test_round(cpu: Cpu, run, mnemonic: str, source: str, target: str) -> None:
    for _, second, masks in pairs(mnemonic, source):
        put(cpu, 4, source, second)
        hold(cpu, masks, round_to(second, source, target), target, lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(
    ("datum", "expected"),
    (
        (0x4112_3456_7FFF_FFFF, Expected(0x4112_3456)),
        (0xC112_3456_8000_0000, Expected(0xC112_3457)),
        (0x41FF_FFFF_8000_0000, Expected(0x4210_0000)),
        (0x7FFF_FFFF_8000_0000, Expected(0x0010_0000, code=ProgramInterruptionCode.HFP_EXPONENT_OVERFLOW)),
        # Nothing is normalized.
        (0xC500_0000_0000_0000, Expected(0xC500_0000)),
        (0x4100_0000_8000_0000, Expected(0x4100_0001)),
    ),
)
def test_round_cases(cpu: Cpu, run, datum: int, expected: Expected) -> None:
    put(cpu, 4, "long", datum)
    hold(cpu, Masks(), expected, "short", lambda: run(cpu, "LEDR", r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "form"), (("FIER", "short"), ("FIDR", "long"), ("FIXR", "extended")))
def test_integer(cpu: Cpu, run, mnemonic: str, form: str) -> None:
    for _, second, masks in pairs(mnemonic, form):
        put(cpu, 4, form, second)
        hold(cpu, masks, to_integer(second, form), form, lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(
    ("datum", "result"),
    (
        (0x421F_FFFF, 0x421F_0000),
        (0xC11F_FFFF, 0xC110_0000),
        (0xC0FF_FFFF, 0),
        (0x410F_FFFF, 0),
        (0x4700_0001, 0x4210_0000),
    ),
)
def test_integer_cases(cpu: Cpu, run, datum: int, result: int) -> None:
    put(cpu, 4, "short", datum)
    run(cpu, "FIER", r1=1, r2=4)
    assert get(cpu, 1, "short") == result


def test_short_to_long(cpu: Cpu, execute) -> None:
    put(cpu, 4, "short", 0xC512_3456)
    cpu.gr[7] = 0x2000
    execute("b3240014 ed2070000024".replace(" ", ""), x2000="c5000001")
    assert get(cpu, 1, "long") == 0xC512_3456_0000_0000
    assert get(cpu, 2, "long") == 0xC500_0001_0000_0000
