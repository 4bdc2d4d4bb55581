# SPDX-License-Identifier: GPL-2.0-or-later
"""A short program of which every cell is known."""

from __future__ import annotations

from typing import Final

import pytest

from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, Psw

START: Final = 0x1_0000
PAGE: Final = 0x2_0000
PROGRAM: Final = (
    "a7190005",  # LGHI 1,5
    "a71f0005",  # CGHI 1,5: equal
    "a71f0006",  # CGHI 1,6: low
    "b9ab0034",  # ESSA 3,4,0: get state, of a page that was never used
    "ae020001",  # SIGP 0,2,1: sense CPU 0, which operates
    "44005100",  # EX 0,0x100(5): the target is a CGHI
    "44005001",  # EX 0,1(5): an odd target
)


@pytest.fixture
def machine() -> Machine:
    made = Machine(4 * MEGABYTE)
    made.load_storage(START, bytes.fromhex("".join(PROGRAM)))
    made.load_storage(START + 0x100, bytes.fromhex("a71f0004"))  # CGHI 1,4: high
    made.load_storage(0x1D0, Psw(0x0002_0001_8000_0000, 0xFFF).to_bytes())
    (cpu,) = made.cpus
    cpu.state = CpuState.OPERATING
    cpu.gr[4], cpu.gr[5] = PAGE, START
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    return made
