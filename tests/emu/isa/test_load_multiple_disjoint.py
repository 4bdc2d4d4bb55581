# SPDX-License-Identifier: GPL-2.0-or-later
"""LMD (PoP chapter 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

RUBBISH = 0x9999_9999 << 32


@pytest.mark.parametrize(
    ("mode", "base"), ((0, RUBBISH | 0xAB00_3000), (BASIC_ADDRESSING, RUBBISH | 0x8000_3000), (ADDRESSING_MODE, 0x3000))
)
def test_both_halves_are_loaded(cpu: Cpu, run: Run, mode: int, base: int) -> None:
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    cpu.configuration.storage.write(0x3004, bytes.fromhex("00000001 00000002 00000003"))
    cpu.configuration.storage.write(0x3101, bytes.fromhex("80000004 80000005 80000006"))
    cpu.gr[5] = base
    cpu.cc = 2
    run(cpu, "LMD", r1=15, r3=1, b2=5, d2=4, b4=5, d4=0x101)
    assert [cpu.gr[15], cpu.gr[0], cpu.gr[1]] == [0x1_8000_0004, 0x2_8000_0005, 0x3_8000_0006]
    assert cpu.cc == 2


def test_the_base_registers_may_be_loaded(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write(0x3000, bytes.fromhex("00000001 00000002"))
    cpu.gr[5], cpu.gr[6] = 0x3000, 0x3000
    run(cpu, "LMD", r1=5, r3=6, b2=5, d2=0, b4=6, d4=0)
    assert [cpu.gr[5], cpu.gr[6]] == [0x1_0000_0001, 0x2_0000_0002]


@pytest.mark.parametrize("operand", ("b2", "b4"))
def test_access_exceptions_leave_everything(cpu: Cpu, run: Run, expect: Expect, operand: str) -> None:
    cpu.gr[5], cpu.gr[6] = cpu.configuration.memory - 4, 0x3000
    before = list(cpu.gr)
    with expect(ProgramInterruptionCode.ADDRESSING):
        run(cpu, "LMD", r1=7, r3=8, **({"b2": 6, "b4": 6} | {operand: 5}))
    assert list(cpu.gr) == before
