# SPDX-License-Identifier: GPL-2.0-or-later
"""CPYA, TAR and PALB (PoP chapters 5, 7 and 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PROBLEM_STATE, Psw
from tests.support.address_spaces import (
    ACCESS_LIST,
    INVALID,
    PRIMARY_LIST,
    PRIMARY_TOKEN,
    TOKEN,
    UNIT,
    ControlBlocks,
)

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

PRIVATE = 1 << 24
"""In the head of an access-list entry: bit 7."""


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING, ADDRESSING_MODE))
def test_cpya(cpu: Cpu, run: Run, mode: int) -> None:
    cpu.load_psw(Psw(mode | PROBLEM_STATE, cpu.instruction_address))
    cpu.ar[0], cpu.ar[7], cpu.cc = 0xFFFF_FFFF, 5, 2
    run(cpu, "CPYA", r1=7, r2=0)
    assert (cpu.ar[7], cpu.ar[0], cpu.cc) == (0xFFFF_FFFF, 0xFFFF_FFFF, 2)


def test_palb_is_privileged(cpu: Cpu, run: Run, expect: Expect) -> None:
    run(cpu, "PALB")
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, cpu.instruction_address))
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "PALB")


@pytest.fixture
def blocks(cpu: Cpu) -> ControlBlocks:
    """Access lists by which TOKEN and PRIMARY_TOKEN are translated; the primary space has ASN 1."""
    blocks = ControlBlocks(cpu)
    cpu.set_control_register(5, blocks.space(1, 0, access_list=PRIMARY_LIST))
    blocks.space(3, 0, sequence=77)
    blocks.access_entry(3, sequence=77)
    blocks.access_entry(3, table=PRIMARY_LIST, sequence=77)
    return blocks


@pytest.mark.parametrize(("token", "condition_code"), ((0, 0), (1, 3), (TOKEN, 1), (PRIMARY_TOKEN, 2)))
@pytest.mark.parametrize("register", (0, 7))
def test_tar(cpu: Cpu, run: Run, blocks: ControlBlocks, token: int, condition_code: int, register: int) -> None:
    assert blocks
    cpu.ar[register] = token
    run(cpu, "TAR", r1=register, r2=2)
    assert cpu.cc == condition_code


@pytest.mark.parametrize(
    "token", (TOKEN | 1 << 25, TOKEN & ~0xFFFF | 8, TOKEN & ~0xFFFF | 3, TOKEN ^ 1 << 16, TOKEN | 1 << 31)
)
def test_tokens_that_are_not_translated(cpu: Cpu, run: Run, blocks: ControlBlocks, token: int) -> None:
    blocks.access_entry(3, number=3, head=INVALID | 0x0005_0000)
    cpu.ar[7] = token
    run(cpu, "TAR", r1=7, r2=2)
    assert cpu.cc == 3


@pytest.mark.parametrize("wrong", ("flags", "sequence"))
def test_entries_that_are_not_valid(cpu: Cpu, run: Run, blocks: ControlBlocks, wrong: str) -> None:
    blocks.space(3, 0, **({"sequence": 77} | {wrong: INVALID}))
    cpu.ar[7] = TOKEN
    run(cpu, "TAR", r1=7, r2=2)
    assert cpu.cc == 3


@pytest.mark.parametrize(
    ("index", "authority", "condition_code"), ((0x12, 0, 1), (0x13, 0, 3), (0x13, 2, 3), (0x13, 1, 1), (0xFFF0, 1, 3))
)
def test_a_private_entry_asks_for_authority(
    cpu: Cpu, run: Run, blocks: ControlBlocks, index: int, authority: int, condition_code: int
) -> None:
    blocks.access_entry(3, head=0x0005_0000 | PRIVATE | 0x12, sequence=77)
    if index < 0x1000:
        blocks.authorize(index, authority)
    cpu.ar[7], cpu.gr[2] = TOKEN, 0xFFFF_FFFF_0000_FFFF | index << 16
    run(cpu, "TAR", r1=7, r2=2)
    assert cpu.cc == condition_code


@pytest.mark.parametrize("what", ("list", "entry"))
def test_addressing(cpu: Cpu, run: Run, expect: Expect, blocks: ControlBlocks, what: str) -> None:
    if what == "list":
        blocks.word(UNIT + 16, 0x4000_0000)
    else:
        blocks.word(ACCESS_LIST + 32 + 8, 0x4000_0000)
    cpu.ar[7] = TOKEN
    with expect(Code.ADDRESSING):
        run(cpu, "TAR", r1=7, r2=2)
