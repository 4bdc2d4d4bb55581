# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE, LOAD AND TEST, COMPLEMENT, NEGATIVE and POSITIVE, against the reference."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from tests.support.hexadecimal import get, hold, pairs, put, store
from tests.support.reference.hexadecimal import compare, load

LOADS = (
    ("LTER", "short", lambda minus: minus),
    ("LTDR", "long", lambda minus: minus),
    ("LTXR", "extended", lambda minus: minus),
    ("LCER", "short", lambda minus: not minus),
    ("LCDR", "long", lambda minus: not minus),
    ("LCXR", "extended", lambda minus: not minus),
    ("LNER", "short", lambda _: True),
    ("LNDR", "long", lambda _: True),
    ("LNXR", "extended", lambda _: True),
    ("LPER", "short", lambda _: False),
    ("LPDR", "long", lambda _: False),
    ("LPXR", "extended", lambda _: False),
)


@pytest.mark.parametrize(("mnemonic", "form"), (("CER", "short"), ("CDR", "long"), ("CXR", "extended")))
def test_compare_registers(cpu: Cpu, run, mnemonic: str, form: str) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        put(cpu, 4, form, second)
        hold(cpu, masks, compare(first, second, form), form, lambda: run(cpu, mnemonic, r1=1, r2=4))


@pytest.mark.parametrize(("mnemonic", "form"), (("CE", "short"), ("CD", "long")))
def test_compare_storage(cpu: Cpu, run, mnemonic: str, form: str) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        fields = store(cpu, form, second)
        expected = compare(first, second, form)
        hold(cpu, masks, expected, form, lambda fields=fields: run(cpu, mnemonic, r1=1, **fields))


@pytest.mark.parametrize(
    ("first", "second", "condition_code"),
    (
        (0x0000_0000, 0xFF00_0000, 0),
        (0x4110_0000, 0x4201_0000, 0),
        (0x4110_0000, 0x4010_0000, 2),
        (0xC110_0000, 0x4010_0000, 1),
        # They differ in the guard digit alone.
        (0x4110_0000, 0x40FF_FFFF, 2),
        # They would overflow, were they subtracted.
        (0x7FFF_FFFF, 0xFFFF_FFFF, 2),
    ),
)
def test_compare_cases(cpu: Cpu, run, first: int, second: int, condition_code: int) -> None:
    put(cpu, 1, "short", first)
    put(cpu, 4, "short", second)
    run(cpu, "CER", r1=1, r2=4)
    assert cpu.cc == condition_code


@pytest.mark.parametrize(("mnemonic", "form", "sign"), LOADS)
def test_load(cpu: Cpu, run, mnemonic: str, form: str, sign) -> None:
    for first, second, masks in pairs(mnemonic, form):
        put(cpu, 1, form, first)
        put(cpu, 4, form, second)
        hold(cpu, masks, load(second, form, sign), form, lambda: run(cpu, mnemonic, r1=1, r2=4))


def test_a_zero_stays_what_it_is_unless_it_is_extended(cpu: Cpu, run) -> None:
    put(cpu, 4, "long", 0xC500_0000_0000_0000)
    run(cpu, "LTDR", r1=1, r2=4)
    assert (get(cpu, 1, "long"), cpu.cc) == (0xC500_0000_0000_0000, 0)
    put(cpu, 4, "extended", 0xC500_0000_0000_0000 << 64)
    run(cpu, "LTXR", r1=1, r2=4)
    assert get(cpu, 1, "extended") == 1 << 127 | 1 << 63
