# SPDX-License-Identifier: GPL-2.0-or-later
"""Data exceptions: the instruction and the condition code are known wherever the system maps the engine's code."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, WAIT, Psw

CONDITION_CODE_2: Final = 2 << 44
VECTOR_INSTRUCTION, COMPARE_AND_TRAP = 0xFE, 0xFF
NEAR: Final = """
import gc, sys
from emu.cpu import CpuState
from emu.engine.interception import intercept
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, WAIT, Psw
intercept()
# Instances of Unicorn that were made for experiments are gone, and this machine's comes to lie in the place of the
# first one, right below the library.
gc.collect()
machine = Machine(MEGABYTE)
machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, 0x999).to_bytes())
machine.storage.write(0x10000, bytes.fromhex(sys.argv[1]))
machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, 0x10000))
machine.cpus[0].state = CpuState.OPERATING
machine.run(100)
print(machine.storage.read(0x150, 16).hex(), machine.storage.read(0x8C, 8).hex(), machine.executed)
"""


@pytest.mark.parametrize(
    ("trapping", "length", "code"),
    (("e70010000006", 6, VECTOR_INSTRUCTION), ("b972e012", 4, COMPARE_AND_TRAP)),
    ids=("VL without vectors", "CRT that always traps"),
)
def test_near_the_library(trapping: str, length: int, code: int) -> None:
    # SUBTRACT LOGICAL (SLGRK) of equal numbers sets condition code 2 (PoP 7).
    program = "b9eb1002" + trapping
    done = subprocess.run(
        [sys.executable, "-c", NEAR, program], capture_output=True, text=True, check=True, timeout=100
    )
    old = Psw(ADDRESSING_MODE | CONDITION_CODE_2, 0x10004 + length).to_bytes()
    assert done.stdout.split() == [old.hex(), f"{length << 48 | 7 << 32 | code:016x}", "1"]


@pytest.mark.parametrize("execute", ("44007000", "c60000000010"), ids=("EX", "EXRL"))
@pytest.mark.parametrize("mask", "ef8")
@pytest.mark.parametrize(
    "target", ("b972{}012", "b960{}012", "b973{}012", "b961{}012", "ec100000{}072", "ec100000{}071")
)
def test_a_compare_and_trap_that_is_executed(machine: Machine, execute: str, mask: str, target: str) -> None:
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, 0x999).to_bytes())
    cpu = machine.cpus[0]
    address = cpu.instruction_address
    cpu.gr[7] = address + 0x20
    machine.storage.write(address, bytes.fromhex(execute))
    machine.storage.write(address + 0x20, bytes.fromhex(target.format(mask)))
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    length = len(execute) // 2
    # A data exception, completing.
    assert machine.storage.read_integer(0x8C, 8) == length << 48 | 0x0007 << 32 | COMPARE_AND_TRAP
    assert machine.storage.read_integer(0x158, 8) == address + length
    assert machine.executed == 0
