# SPDX-License-Identifier: GPL-2.0-or-later
"""STOC, STOCG and STOCFH: what is stored, and when; and the condition code stays."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode

OPCODES = {"STOC": "f3", "STOCG": "e3", "STOCFH": "e1"}
STORED = {"STOC": "55667788", "STOCG": "1122334455667788", "STOCFH": "11223344"}
BEFORE = {"1f12": 3, "1922": 0, "1211": 2, "bdf32000": 0, "a71e0009": 1}
"""SLR, CR, LTR, CLM and CHI, and what condition code they set."""


@pytest.fixture(autouse=True)
def registers(cpu) -> None:
    """R1 is 5, R2 is 0, R5 is what is stored."""
    cpu.gr[1], cpu.gr[2], cpu.gr[5], cpu.gr[6] = 5, 0, 0x1122_3344_5566_7788, 0x40000


@pytest.mark.parametrize("name", OPCODES)
@pytest.mark.parametrize("mask", range(16))
@pytest.mark.parametrize("before", BEFORE)
def test_the_first_store_into_a_page_leaves_the_condition_code(execute, machine, name, before, mask) -> None:
    outcome = execute(f"{before} eb5{mask:x}600000{OPCODES[name]}")
    assert (outcome.condition_code, outcome.interruption) == (BEFORE[before], None)
    stored = bytes.fromhex(STORED[name]) if mask & 8 >> BEFORE[before] else b""
    assert machine.storage.read(0x40000, 8) == stored.ljust(8, b"\0")


@pytest.mark.parametrize("name", OPCODES)
def test_an_access_exception_leaves_the_condition_code(execute, cpu, machine, name) -> None:
    cpu.gr[6] = machine.memory - 2
    outcome = execute(f"1f12 eb5f600000{OPCODES[name]}")
    assert (outcome.condition_code, outcome.interruption) == (3, ProgramInterruptionCode.ADDRESSING)
    assert machine.storage.read(machine.memory - 2, 2) == bytes(2)


@pytest.mark.parametrize("name", OPCODES)
def test_without_the_condition_nothing_is_accessed(execute, cpu, machine, name) -> None:
    cpu.gr[6] = machine.memory
    assert execute(f"1f12 eb5e600000{OPCODES[name]}").interruption is None
