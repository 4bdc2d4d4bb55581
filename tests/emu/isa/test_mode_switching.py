# SPDX-License-Identifier: GPL-2.0-or-later
"""BASSM and BSM (PoP chapter 7), alone and on the whole machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

START = 0x10000
RUBBISH = 0x1234_5678 << 32
MODES = {"24": 0, "31": BASIC_ADDRESSING, "64": ADDRESSING_MODE}
BRANCH_TRACE, MODE_TRACE = 1 << 63, 1 << 62
TRACE = 0x5000

# The mode, what a register holds, and where a branch to it leads in which mode.
TARGETS = (
    (RUBBISH | 0x7F02_0000, 0x2_0000, "24"),
    (RUBBISH | 0x8002_0000, 0x2_0000, "31"),
    (RUBBISH | 0xFF02_0000, 0x7F02_0000, "31"),
    (0x1_8002_0001, 0x1_8002_0000, "64"),
)


def in_mode(cpu: Cpu, mode: str) -> None:
    cpu.load_psw(Psw(MODES[mode], START))
    cpu.psw_loaded = False


def mode_of(cpu: Cpu) -> str:
    return next(name for name, mask in MODES.items() if cpu.psw.mask & ADDRESSING_MODE == mask)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("value", "target", "new"), TARGETS)
def test_the_branch(cpu: Cpu, run: Run, mode: str, value: int, target: int, new: str) -> None:
    for mnemonic in ("BASSM", "BSM"):
        in_mode(cpu, mode)
        cpu.gr[5] = value
        run(cpu, mnemonic, r1=4, r2=5)
        assert (cpu.instruction_address, mode_of(cpu)) == (target, new)
        assert cpu.gr[5] == value


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    (
        ("24", RUBBISH | 0xFFFF_FFFE, RUBBISH | 0x7FFF_FFFE),
        ("31", RUBBISH | 0x0000_0002, RUBBISH | 0x8000_0002),
        ("64", RUBBISH, RUBBISH | 1),
    ),
)
@pytest.mark.parametrize("r2", (0, 5))
def test_bsm_leaves_the_mode(cpu: Cpu, run: Run, mode: str, before: int, after: int, r2: int) -> None:
    in_mode(cpu, mode)
    cpu.gr[4], cpu.gr[5] = before, 0x2_0000
    run(cpu, "BSM", r1=4, r2=r2)
    assert cpu.gr[4] == after
    assert cpu.instruction_address == (0x2_0000 if r2 else START + 2)
    assert mode_of(cpu) == ("24" if r2 else mode)


@pytest.mark.parametrize(("mnemonic", "r2", "is_breaking"), (("BSM", 5, True), ("BASSM", 5, True), ("BASSM", 0, False)))
def test_a_branch_to_the_next_instruction_is_a_breaking_event(
    cpu: Cpu, run: Run, mnemonic: str, r2: int, is_breaking: bool
) -> None:
    cpu.registers.breaking_event_address = 1
    cpu.gr[5] = START + 3
    run(cpu, mnemonic, r1=4, r2=r2)
    assert cpu.registers.breaking_event_address == (START if is_breaking else 1)


def test_bsm_with_one_register_uses_what_it_held(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, "64")
    cpu.gr[5] = 0x2_0000
    run(cpu, "BSM", r1=5, r2=5)
    assert (cpu.instruction_address, mode_of(cpu), cpu.gr[5]) == (0x2_0000, "24", 0x2_0001)


def test_bsm_without_registers_does_nothing(cpu: Cpu, run: Run) -> None:
    cpu.gr[0] = 0x2_0000
    cpu.set_control_register(12, BRANCH_TRACE | MODE_TRACE | TRACE)
    run(cpu, "BSM", r1=0, r2=0)
    assert (cpu.instruction_address, mode_of(cpu), cpu.gr[0]) == (START + 2, "64", 0x2_0000)
    assert cpu.cr[12] & 0xFFFF == TRACE


@pytest.mark.parametrize(
    ("mode", "link"), (("24", RUBBISH | START + 2), ("31", RUBBISH | 0x8000_0000 | START + 2), ("64", START + 3))
)
@pytest.mark.parametrize("r2", (0, 5))
def test_bassm_links(cpu: Cpu, run: Run, mode: str, link: int, r2: int) -> None:
    in_mode(cpu, mode)
    cpu.gr[4], cpu.gr[5] = RUBBISH | 0xFFFF_FFFF, 0x8002_0000
    run(cpu, "BASSM", r1=4, r2=r2)
    assert cpu.gr[4] == link
    assert cpu.instruction_address == (0x2_0000 if r2 else START + 2)
    assert mode_of(cpu) == ("31" if r2 else mode)


@pytest.mark.parametrize("steps", (False, True))
@pytest.mark.parametrize("mode", MODES)
def test_a_call_and_the_way_back(machine: Machine, cpu: Cpu, mode: str, steps: bool) -> None:
    in_mode(cpu, mode)
    # BASSM 14,15; at 0x20000 in the 64-bit mode LGHI 2,7 and BSM 0,14.
    machine.storage.write(START, bytes.fromhex("0cef 0700 a7f40000"))
    machine.storage.write(0x2_0000, bytes.fromhex("a7290007 0b0e"))
    cpu.gr[14], cpu.gr[15] = RUBBISH, 0x2_0001
    if steps:
        for _ in range(4):
            assert machine.step() is None
    else:
        machine.run(4)
    assert (cpu.instruction_address, mode_of(cpu), cpu.gr[2]) == (START + 4, mode, 7)


@pytest.mark.parametrize(
    ("controls", "mode", "value", "entry"),
    (
        (BRANCH_TRACE, "24", 0x2_0000, "00020000"),
        (BRANCH_TRACE, "24", 0x8002_0000, "80020000"),
        (BRANCH_TRACE, "64", 0x2_0001, "80020000"),
        (BRANCH_TRACE, "64", 0x1_0002_0001, "52c000000000000100020000"),
        (MODE_TRACE, "31", 0x2_0001, "5130000080010002"),
        (MODE_TRACE, "64", 0x2_0000, "5120000000010002"),
        (BRANCH_TRACE | MODE_TRACE, "64", 0x2_0000, "51a0000000020000"),
        (BRANCH_TRACE | MODE_TRACE, "31", 0x2_0001, "51b0000000020000"),
        (BRANCH_TRACE | MODE_TRACE, "31", 0x1_0002_0001, "52f000000000000100020000"),
        (BRANCH_TRACE | MODE_TRACE, "31", 0x8002_0000, "80020000"),
    ),
)
def test_bassm_is_traced(cpu: Cpu, run: Run, controls: int, mode: str, value: int, entry: str) -> None:
    in_mode(cpu, mode)
    cpu.set_control_register(12, controls | TRACE)
    cpu.gr[5] = value
    run(cpu, "BASSM", r1=4, r2=5)
    length = len(entry) // 2
    assert cpu.configuration.storage.read(TRACE, length).hex() == entry
    assert cpu.cr[12] == controls | TRACE + length


def test_bsm_is_traced_only_as_a_switch(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, "31")
    cpu.set_control_register(12, BRANCH_TRACE | MODE_TRACE | TRACE)
    cpu.gr[5] = 0x8002_0000
    run(cpu, "BSM", r1=4, r2=5)
    assert cpu.cr[12] & 0xFFFF == TRACE
    cpu.gr[5] = 0x2_0001
    run(cpu, "BSM", r1=4, r2=5)
    assert cpu.configuration.storage.read(TRACE, 8).hex() == "5130000080020002"


def test_trace_exceptions_come_before_anything_changes(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.set_control_register(12, BRANCH_TRACE | 0x5FFC)
    cpu.gr[4], cpu.gr[5] = 77, 0x2_0000
    with expect(Code.TRACE_TABLE):
        run(cpu, "BASSM", r1=4, r2=5)
    assert (cpu.gr[4], mode_of(cpu)) == (77, "64")
