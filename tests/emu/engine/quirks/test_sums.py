# SPDX-License-Identifier: GPL-2.0-or-later
"""The condition code of sums and differences of the smallest numbers, wherever it is used: by the branch behind the
instruction, by IPM, by an addition with carry, in the old PSW, and by what the program mask asks for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emu import lowcore
from emu.bits import MASK_32, MASK_64, bit, field
from emu.cpu import Cpu
from emu.engine.quirks import sums
from emu.machine import Machine
from emu.psw import Psw

SMALLEST_32, SMALLEST_64 = 1 << 31, 1 << 63
HIGH = SMALLEST_32 << 32
OVERFLOW_MASK = bit(20)
# Code and general registers 1, 2, 3; general register 4 points at the smallest numbers of 64 and 32 bits.
SUMS = {
    "AR": ("1a12", SMALLEST_32, SMALLEST_32, 0),
    "AGR": ("b9080012", SMALLEST_64, SMALLEST_64, 0),
    "ARK": ("b9f83012", 0, SMALLEST_32, SMALLEST_32),
    "AGRK": ("b9e83012", 0, SMALLEST_64, SMALLEST_64),
    "A": ("5a104008", SMALLEST_32, 0, 0),
    "AY": ("e3104008005a", SMALLEST_32, 0, 0),
    "AG": ("e31040000008", SMALLEST_64, 0, 0),
    "AFI": ("c21980000000", SMALLEST_32, 0, 0),
    "AIH": ("cc1880000000", HIGH, 0, 0),
    "AHHHR": ("b9c83012", 0, HIGH, HIGH),
    "AHHLR": ("b9d83012", 0, HIGH, SMALLEST_32),
    "LAA": ("eb21400800f8", SMALLEST_32, 0, 0),
    "LAAG": ("eb21400000e8", SMALLEST_64, 0, 0),
}
DIFFERENCES = {
    "SR": ("1b12", 0, SMALLEST_32, 0),
    "SGR": ("b9090012", 0, SMALLEST_64, 0),
    "SRK": ("b9f93012", 0, 0, SMALLEST_32),
    "SGRK": ("b9e93012", 0, 0, SMALLEST_64),
    "S": ("5b104008", 0, 0, 0),
    "SY": ("e3104008005b", 0, 0, 0),
    "SG": ("e31040000009", 0, 0, 0),
    "SGF": ("e31040080019", SMALLEST_64 - SMALLEST_32, 0, 0),
    "SHHHR": ("b9c93012", 0, 0, HIGH),
    "SHHLR": ("b9d93012", 0, 0, SMALLEST_32),
}
OVERFLOWS = SUMS | DIFFERENCES


def prepare(machine: Machine, cpu: Cpu, name: str, behind: str) -> None:
    """Put *behind* the instruction *name* in storage, and the operands where they belong."""
    code, *values = OVERFLOWS[name]
    machine.storage.write(cpu.instruction_address, bytes.fromhex(code + behind))
    machine.storage.write_integer(0x2000, 8, SMALLEST_64)
    machine.storage.write_integer(0x2008, 4, SMALLEST_32)
    new = (0x0002_0001_8000_0000).to_bytes(8, "big") + bytes(8)
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, new)
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = values
    cpu.gr[4] = 0x2000


@pytest.mark.parametrize("name", OVERFLOWS)
@pytest.mark.parametrize("mask", (8, 4, 2, 1, 9, 6, 14, 7))
def test_a_branch_in_the_same_block(machine: Machine, cpu: Cpu, name: str, mask: int) -> None:
    # BRC mask,*+8; LGHI 5,1; BRC 15,*
    prepare(machine, cpu, name, f"a7{mask:x}40004 a7590001 a7f40000")
    machine.run(10)
    assert cpu.gr[5] == (0 if mask & 1 else 1)


@pytest.mark.parametrize("name", OVERFLOWS)
def test_what_others_make_of_it(machine: Machine, cpu: Cpu, name: str) -> None:
    # IPM 5; ALCR 6,6, which adds the carry of condition codes 2 and 3; BRC 15,*
    prepare(machine, cpu, name, "b2220050 b9980066 a7f40000")
    machine.run(10)
    assert field(cpu.gr[5], 34, 35) == 3
    assert cpu.gr[6] == 1


@pytest.mark.parametrize("name", OVERFLOWS)
@pytest.mark.parametrize("free", (True, False))
def test_the_old_psw(machine: Machine, cpu: Cpu, name: str, free: bool) -> None:
    prepare(machine, cpu, name, "0000")
    while (machine.run(10) if free else machine.step()) is None:
        pass
    assert field(Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16)).mask, 18, 19) == 3


@pytest.mark.parametrize("name", OVERFLOWS)
def test_fixed_point_overflow(machine: Machine, cpu: Cpu, name: str) -> None:
    prepare(machine, cpu, name, "0000")
    cpu.load_psw(Psw(cpu.psw.mask | OVERFLOW_MASK, cpu.instruction_address))
    cpu.psw_loaded = False
    assert machine.run(10) is not None
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == 8
    assert field(Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16)).mask, 18, 19) == 3


@pytest.mark.parametrize(("operation", "width", "is_sum"), (
    (sums.ADD_32, 32, True), (sums.SUBTRACT_32, 32, False), (sums.ADD_64, 64, True), (sums.SUBTRACT_64, 64, False),
))  # fmt: skip
def test_numbers_at_boundaries(operation: int, width: int, is_sum: bool) -> None:
    half, mask = 1 << width - 1, MASK_64 if width == 64 else MASK_32
    numbers = (-half, -half + 1, -2, -1, 0, 1, 2, half - 2, half - 1)
    for first in numbers:
        for second in numbers:
            exact = first + second if is_sum else first - second
            result = (exact + half) % (1 << width) - half
            expected = 3 if result != exact else 0 if result == 0 else 1 if result < 0 else 2
            found = sums.condition_code(operation, first & mask, second & mask, result & mask)
            assert found == expected, (first, second)


def test_other_operations_are_left_to_unicorn() -> None:
    assert sums.condition_code(sums.ADD_32 + 1, 0, 0, 0) is None


def test_another_library_is_refused() -> None:
    program = (
        "from emu.engine.quirks import register_places, sums\n"
        "sums.PROBES = (('1a12', sums.ADD_64),)\n"
        "try:\n    register_places.layout()\n"
        "except register_places.EngineError as refusal:\n    assert '2.1.4' in str(refusal)\n"
        "else:\n    raise SystemExit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
