# SPDX-License-Identifier: GPL-2.0-or-later
"""Conditions as they are typed."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.isa.assembler import encode
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, Psw
from emu.running.stopping.view import StopEvent, View
from tools.stepping.expressions import ExpressionError, parse_condition

SYMBOLS = {"begin": 0x10000}


def holds(cpu: Cpu, text: str, event: StopEvent | None = None) -> bool:
    view = View(cpu) if event is None else View(cpu, event)
    return parse_condition(text, SYMBOLS.get)(view)


@pytest.fixture
def prepared(machine: Machine) -> Cpu:
    cpu = machine.cpus[0]
    cpu.gr[2], cpu.ar[3] = 0x1000, 5
    cpu.set_control_register(9, 0x99)
    cpu.set_prefix(0x2000)
    cpu.load_psw(Psw(ADDRESSING_MODE | 2 << 44, 0x10000))
    machine.load_storage(0x10000, encode("ESSA", r1=3, r2=2, m3=4))
    machine.load_storage(0x20000, bytes.fromhex("0102030405060708"))
    return cpu


@pytest.mark.parametrize(
    "text",
    (
        "gr2 == 0x1000",
        "gr2 == 4096 and cr9 == 0x99 and ar3 == 5",
        "gr2 != 1 or gr3 == 1",
        "not gr3",
        "cc == 2",
        "pswa == begin and pc == begin",
        "pswm & 0x180000000 == 0x180000000",
        "prefix == 0x2000",
        "m3 == 4 and r1 == 3 and r2 == 2",
        "d2 == 0",
        "executed == 0 and time >= 0 and cpu == 0",
        "1 < 2 <= 2",
        "gr2 + 1 == 0x1001 and gr2 - 1 == 0xfff and gr2 * 2 == 0x2000 and gr2 // 16 == 256 and gr2 % 3 == 1",
        "gr2 | 1 == 0x1001 and gr2 ^ 0x1000 == 0 and gr2 >> 4 == 256 and gr2 << 1 == 0x2000",
        "-1 == 0 - 1 and ~0 == -1",
        "mem(0x20000, 2) == 0x0102 and mem(0x20000 + 4, 4) == 0x05060708",
        "mem(0xffffffffffff0000, 8) == 0",
        "gr2 // 0 == 0 and gr2 % 0 == 0 and gr2 << gr2 == 0",
    ),
)
def test_what_holds(prepared: Cpu, text: str) -> None:
    assert holds(prepared, text)
    assert not holds(prepared, f"not ({text})")


def test_what_has_happened(prepared: Cpu) -> None:
    event = StopEvent(code=0x1A, page=0x110, before=4, after=0, address=0x5000, length=8)
    assert holds(
        prepared,
        "code == 0x1a and page == 0x110 and before == 4 and after == 0 and address == 0x5000 and length == 8",
        event,
    )
    assert holds(prepared, "page == 0 and address == 0")


@pytest.mark.parametrize(
    "text",
    (
        "",
        "gr2 ==",
        "gr16",
        "frob",
        "'a'",
        "1.5",
        "gr2.real",
        "mem(1)",
        "__import__('os')",
        "[1]",
        "gr2 / 2",
        "x := 1",
        "2 ** 3",
        "gr2 is 1",
        "mem(1, 2, a=3)",
    ),
)
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_condition(text, SYMBOLS.get)


def test_too_deep() -> None:
    with pytest.raises(ExpressionError):
        parse_condition("(" * 10_000 + "1" + ")" * 10_000, SYMBOLS.get)
