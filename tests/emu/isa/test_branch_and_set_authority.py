# SPDX-License-Identifier: GPL-2.0-or-later
"""BSA and BSG (PoP chapter 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.bits import field
from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, PROBLEM_STATE, Psw
from tests.support.address_spaces import BASE_SPACE, INVALID, SUBSPACE_GROUP, TOKEN, UNIT, ControlBlocks

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

START, TARGET = 0x10000, 0x2_0000
RUBBISH = 0x1234_5678 << 32
MODES = {"24": 0, "31": BASIC_ADDRESSING, "64": ADDRESSING_MODE}
LOW_ADDRESS_PROTECTION = 1 << 28
BRANCH_TRACE, ASN_TRACE = 1 << 63, 2
TRACE = 0x5000


def in_mode(cpu: Cpu, mask: int) -> None:
    cpu.load_psw(Psw(mask, START))
    cpu.psw_loaded = False


@pytest.fixture
def blocks(cpu: Cpu) -> ControlBlocks:
    return ControlBlocks(cpu)


@pytest.mark.parametrize(
    ("mode", "value", "target", "new", "link"),
    (
        ("24", RUBBISH | 0x7F02_0000, TARGET, "24", START + 4),
        ("24", RUBBISH | 0x8002_0000, TARGET, "31", START + 4),
        ("31", RUBBISH | TARGET, TARGET, "24", 0x8000_0000 | START + 4),
        ("64", 0x1_8002_0000, 0x1_8002_0000, "64", START + 4),
    ),
)
@pytest.mark.parametrize("state", (0, PROBLEM_STATE))
def test_bsa_there_and_back(
    cpu: Cpu, run: Run, blocks: ControlBlocks, mode: str, value: int, target: int, new: str, link: int, state: int
) -> None:
    in_mode(cpu, MODES[mode] | state | 2 << 52)
    cpu.set_control_register(3, 0x1111_1111_F0FF_0007)
    cpu.gr[4], cpu.gr[5] = 0x8181_0000 | 0x80, value
    run(cpu, "BSA", r1=4, r2=5)
    assert (cpu.instruction_address, cpu.psw.mask & ADDRESSING_MODE) == (target, MODES[new])
    assert (cpu.key, cpu.problem_state) == (8, True)
    assert cpu.cr[3] == 0x1111_1111_8081_0007
    assert blocks.read(UNIT + 20) == 0xF0FF_0000 | 0x20 | 8 | bool(state)
    assert blocks.read(UNIT + 32, 8) == link
    cpu.gr[6] = RUBBISH
    run(cpu, "BSA", r1=6, r2=0)
    back = START + 4
    if mode == "64":
        assert cpu.gr[6] == target + 4
    else:
        assert cpu.gr[6] == RUBBISH | target + 4 | (1 << 31 if new == "31" else 0)
    assert (cpu.instruction_address, cpu.psw.mask & ADDRESSING_MODE) == (back, MODES[mode])
    assert (cpu.key, cpu.problem_state) == (2, bool(state))
    assert cpu.cr[3] == 0x1111_1111_F0FF_0007
    assert blocks.read(UNIT + 20) == 0xF0FF_0000 | 0x20 | bool(state)


def test_bsa_register_0_receives_nothing(cpu: Cpu, run: Run, blocks: ControlBlocks) -> None:
    blocks.word(UNIT + 20, 8)
    blocks.word(UNIT + 36, TARGET)
    cpu.gr[0] = 99
    run(cpu, "BSA", r1=0, r2=0)
    assert (cpu.instruction_address, cpu.gr[0]) == (TARGET, 99)


@pytest.mark.parametrize(("reduced", "r2"), ((0, 0), (8, 5)))
def test_bsa_special_operation(
    cpu: Cpu, run: Run, expect: Expect, blocks: ControlBlocks, reduced: int, r2: int
) -> None:
    blocks.word(UNIT + 20, reduced)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "BSA", r1=4, r2=r2)
    assert blocks.read(UNIT + 20) == reduced


def test_bsa_key_of_the_problem_state(cpu: Cpu, run: Run, expect: Expect, blocks: ControlBlocks) -> None:
    in_mode(cpu, ADDRESSING_MODE | PROBLEM_STATE)
    cpu.set_control_register(3, 0x4000_0000)
    cpu.gr[4], cpu.gr[5] = 0x20, TARGET
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "BSA", r1=4, r2=5)
    assert blocks.read(UNIT + 20) == 0
    cpu.gr[4] = 0x10
    run(cpu, "BSA", r1=4, r2=5)
    assert cpu.key == 1


def test_bsa_protection_and_addressing(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[5] = TARGET
    cpu.set_control_register(0, cpu.cr[0] | LOW_ADDRESS_PROTECTION)
    cpu.set_control_register(2, 0x40)
    with expect(Code.PROTECTION):
        run(cpu, "BSA", r1=4, r2=5)
    cpu.set_control_register(2, 0x4000_0000)
    with expect(Code.ADDRESSING):
        run(cpu, "BSA", r1=4, r2=5)


def test_bsa_back_to_no_address(machine: Machine, cpu: Cpu, blocks: ControlBlocks) -> None:
    in_mode(cpu, 0)
    machine.storage.write(START, bytes.fromhex("b25a0000"))
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, 0x8000).to_bytes())
    blocks.word(UNIT + 20, 8)
    blocks.word(UNIT + 36, 0x7F02_0000)
    assert machine.step() is None
    # An early exception, with instruction-length code zero: bits 33-39 mean nothing in the 24-bit mode.
    assert machine.storage.read_integer(0x8C, 4) == Code.SPECIFICATION
    assert Psw.from_bytes(machine.storage.read(0x150, 16)).address == 0x7F02_0000


# BRANCH IN SUBSPACE GROUP


BASE_DESIGNATION = 0x20_0000 | SUBSPACE_GROUP | 3
SUBSPACE_DESIGNATION = 0x40_0000 | SUBSPACE_GROUP | 0xC3
KEPT = 0xC0
"""Storage-alteration and space-switch event."""


@pytest.fixture
def group(cpu: Cpu, blocks: ControlBlocks) -> ControlBlocks:
    """A base space with ASN 1, and a subspace with ASN 3, which TOKEN designates."""
    base = blocks.space(1, BASE_DESIGNATION, flags=BASE_SPACE)
    blocks.space(3, SUBSPACE_DESIGNATION, sequence=77)
    blocks.access_entry(3, sequence=77)
    blocks.word(UNIT, base)
    cpu.set_control_register(1, BASE_DESIGNATION)
    cpu.set_control_register(3, 0x2222_2222_F000_0009)
    cpu.set_control_register(4, 0x3333_3333_0000_0001)
    cpu.set_control_register(5, base)
    in_mode(cpu, ADDRESSING_MODE | DAT)
    cpu.gr[5] = TARGET
    return blocks


def test_bsg_to_a_subspace_and_back(cpu: Cpu, run: Run, group: ControlBlocks) -> None:
    cpu.ar[5] = TOKEN
    cpu.set_control_register(1, BASE_DESIGNATION | 0x40)
    run(cpu, "BSG", r1=4, r2=5)
    subspace = SUBSPACE_DESIGNATION & ~KEPT | 0x40
    assert (cpu.instruction_address, cpu.gr[4]) == (TARGET, START + 4)
    assert (cpu.cr[1], cpu.cr[7]) == (subspace, subspace)
    assert cpu.cr[3] == 0x2222_2222_F000_0001
    assert group.read(UNIT + 4) == 1 << 31 | group.entry(3)
    assert group.read(UNIT + 12) == 77
    cpu.ar[5] = 0
    cpu.gr[5] = START
    run(cpu, "BSG", r1=0, r2=5)
    assert (cpu.cr[1], cpu.instruction_address) == (BASE_DESIGNATION, START)
    assert group.read(UNIT + 4) == group.entry(3)
    cpu.ar[5] = 1
    run(cpu, "BSG", r1=0, r2=5)
    assert cpu.cr[1] == SUBSPACE_DESIGNATION & ~KEPT
    assert group.read(UNIT + 4) == 1 << 31 | group.entry(3)


@pytest.mark.parametrize(
    ("mode", "value", "new", "link"),
    (
        ("31", RUBBISH | TARGET, "24", RUBBISH | 1 << 31 | START + 4),
        ("24", RUBBISH | 0x8002_0000, "31", RUBBISH | START + 4),
    ),
)
def test_bsg_modes(cpu: Cpu, run: Run, group: ControlBlocks, mode: str, value: int, new: str, link: int) -> None:
    assert group
    in_mode(cpu, MODES[mode] | DAT)
    cpu.gr[4], cpu.gr[5] = RUBBISH, value
    run(cpu, "BSG", r1=4, r2=5)
    assert (cpu.instruction_address, cpu.psw.mask & ADDRESSING_MODE, cpu.gr[4]) == (TARGET, MODES[new], link)


def test_bsg_special_operation(cpu: Cpu, run: Run, expect: Expect, group: ControlBlocks) -> None:
    in_mode(cpu, ADDRESSING_MODE)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "BSG", r1=4, r2=5)
    in_mode(cpu, ADDRESSING_MODE | DAT)
    cpu.ar[5] = 1
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "BSG", r1=4, r2=5)
    cpu.ar[5] = TOKEN
    for designation, flags in ((SUBSPACE_DESIGNATION & ~SUBSPACE_GROUP, 0), (SUBSPACE_DESIGNATION, BASE_SPACE)):
        group.space(3, designation, flags=flags, sequence=77)
        with expect(Code.SPECIAL_OPERATION):
            run(cpu, "BSG", r1=4, r2=5)
    cpu.ar[5] = 0
    cpu.set_control_register(5, group.entry(3))
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "BSG", r1=4, r2=5)


@pytest.mark.parametrize(
    ("token", "flags", "sequence", "code"),
    (
        (TOKEN | 1 << 26, 0, 77, Code.ALET_SPECIFICATION),
        (0x0005_0009, 0, 77, Code.ALEN_TRANSLATION),
        (TOKEN, INVALID, 77, Code.ASTE_VALIDITY),
        (TOKEN, 0, 78, Code.ASTE_SEQUENCE),
        (1, INVALID, 77, Code.ASTE_VALIDITY),
        (1, 0, 78, Code.ASTE_SEQUENCE),
    ),
)
def test_bsg_exceptions_of_access_register_translation(
    cpu: Cpu, run: Run, expect: Expect, group: ControlBlocks, token: int, flags: int, sequence: int, code: Code
) -> None:
    group.space(3, SUBSPACE_DESIGNATION, flags=flags, sequence=sequence)
    group.word(UNIT + 4, group.entry(3))
    group.word(UNIT + 12, 77)
    cpu.ar[5] = token
    with expect(code) as condition:
        run(cpu, "BSG", r1=4, r2=5)
    assert condition.value.exception_access == 5
    assert cpu.cr[1] == BASE_DESIGNATION


def test_bsg_asks_neither_for_the_entry_sequence_nor_for_authority(cpu: Cpu, run: Run, group: ControlBlocks) -> None:
    group.access_entry(3, head=0x01AA_0012, sequence=77)
    cpu.ar[5] = TOKEN
    run(cpu, "BSG", r1=4, r2=5)
    assert cpu.cr[1] == SUBSPACE_DESIGNATION & ~KEPT


@pytest.mark.parametrize(
    ("controls", "mode", "entry"),
    (
        (ASN_TRACE, "64", "420500020000000000020000"),
        (ASN_TRACE, "31", "4105000200020000"),
        (ASN_TRACE | BRANCH_TRACE, "31", "4105000200020000"),
        (BRANCH_TRACE, "31", "00020000"),
    ),
)
def test_bsg_is_traced(cpu: Cpu, run: Run, group: ControlBlocks, controls: int, mode: str, entry: str) -> None:
    in_mode(cpu, MODES[mode] | DAT)
    cpu.set_control_register(12, controls | TRACE)
    cpu.ar[5] = TOKEN
    run(cpu, "BSG", r1=4, r2=5)
    assert group.cpu.configuration.storage.read(TRACE, len(entry) // 2).hex() == entry
    assert field(cpu.cr[12], 2, 61) << 2 == TRACE + len(entry) // 2
