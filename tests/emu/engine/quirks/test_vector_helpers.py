# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands before the vector helpers: what they execute rightly they execute, and the rest is the model's."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.cpu import Cpu
from emu.machine import Machine

ONE, TWO, THREE = 0x3FF0 << 48, 0x4000 << 48, 0x4008 << 48
QUIET, OTHER = 0x7FF8_0000_0000_0001, 0x7FF8_0000_0000_0002
# WFADB, WFMADB, VFIDB (IEEE-inexact-exception control), WCGDB, VLEDB of V3 and others to V2.
CODES = ("e723400830e3", "e7234308408f", "e723005430c7", "e723005830c2", "e723005430c5")
NAMES = ("VFA", "VFMA", "VFI", "VCGD", "VLED")
LOOP = "a796fffa"
"""BRCT 9,*-12."""


def run(machine: Machine, cpu: Cpu, code: str) -> None:
    """Execute *code* three times, with a comparison before it whose condition code is used behind it."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    cpu.gr[1], cpu.gr[2], cpu.gr[9] = 5, 6, 3
    # CR 1,2; the code; BRC 11,0 (not taken: CR 1,2 was low); BRCT 9,*-12; BRC 15,*
    machine.storage.write(cpu.instruction_address, bytes.fromhex("1912" + code + "a7b40000" + LOOP + "a7f40000"))
    machine.run(100)
    assert cpu.gr[9] == 0


@pytest.mark.parametrize(("code", "name"), tuple(zip(CODES, NAMES, strict=True)))
def test_numbers_are_left_to_the_engine(machine: Machine, cpu: Cpu, code: str, name: str) -> None:
    cpu.vr[6], cpu.vr[7], cpu.vr[8], cpu.vr[9] = ONE, TWO, TWO, THREE
    run(machine, cpu, code)
    assert name not in machine.configuration.counts.instructions


@pytest.mark.parametrize(("code", "name"), ((CODES[0], "VFA"), (CODES[1], "VFMA"), (CODES[3], "VCGD")))
def test_nans_are_the_models(machine: Machine, cpu: Cpu, code: str, name: str) -> None:
    cpu.vr[6], cpu.vr[7], cpu.vr[8], cpu.vr[9] = QUIET, TWO, OTHER, THREE
    run(machine, cpu, code)
    assert machine.configuration.counts.instructions[name] == 3


@pytest.mark.parametrize("name", NAMES)
def test_with_a_mask_on_all_are_the_models(machine: Machine, cpu: Cpu, name: str) -> None:
    cpu.vr[6], cpu.vr[7], cpu.vr[8], cpu.vr[9] = ONE, TWO, TWO, THREE
    cpu.registers.fpc = 0x1000_0000
    run(machine, cpu, CODES[NAMES.index(name)])
    assert machine.configuration.counts.instructions[name] == 3


@pytest.mark.parametrize(("number", "length"), ((0, 1), (6, 7), (14, 15), (15, 16), (16, 16), (0x8000_0000, 16)))
def test_store_with_length(machine: Machine, cpu: Cpu, number: int, length: int) -> None:
    cpu.vr[4], cpu.vr[5] = value = 0x0102_0304_0506_0708, 0x090A_0B0C_0D0E_0F10
    cpu.gr[5], cpu.gr[6] = 0x2000, 0xFFFF_FFFF << 32 | number
    machine.storage.write(0x2000, b"\xee" * 20)
    # VSTL 2,0(5),6
    run(machine, cpu, "e7265000003f")
    assert machine.storage.read(0x2000, 20) == bytes(range(1, length + 1)) + b"\xee" * (20 - length)
    assert (cpu.vr[4], cpu.vr[5]) == value
