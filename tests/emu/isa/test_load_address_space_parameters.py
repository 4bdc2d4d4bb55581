# SPDX-License-Identifier: GPL-2.0-or-later
"""LASP (PoP chapter 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PROBLEM_STATE, Psw
from tests.support.address_spaces import FIRST_TABLE, INVALID, SUBSPACE_GROUP, UNIT, ControlBlocks

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

OPERAND = 0x3000
FORCE, GIVEN_INDEX, SKIP = 4, 2, 1
SPACE_SWITCH = 1 << 6
ASN_REUSE = 1 << 19
DESIGNATIONS = {asn: asn << 20 | 3 for asn in range(1, 6)}
INDEX = 0x13


@pytest.fixture
def blocks(cpu: Cpu) -> ControlBlocks:
    """Spaces 1 to 5, which INDEX may use; 1 is the primary and 2 the secondary space."""
    blocks = ControlBlocks(cpu)
    for asn, designation in DESIGNATIONS.items():
        blocks.space(asn, designation, index=0x100 + asn, instance=0xA0 + asn)
    blocks.authorize(INDEX, 1)
    cpu.set_control_register(1, 0x11_1003)
    cpu.set_control_register(3, 0x3333_3333_FFFF_0002)
    cpu.set_control_register(4, 0x4444_4444_0000_0001 | INDEX << 16)
    cpu.set_control_register(5, 0x5555_5555_0000_1240)
    cpu.set_control_register(7, 0x77_7003)
    return blocks


def operand(cpu: Cpu, secondary: int, primary: int, *, mask: int = 0xABCD, index: int = INDEX) -> None:
    word = mask << 48 | secondary << 32 | index << 16 | primary
    cpu.configuration.storage.write_integer(OPERAND, 8, word)
    cpu.gr[5] = OPERAND


def loaded(cpu: Cpu) -> tuple[int, ...]:
    return tuple(cpu.cr[number] for number in (1, 3, 4, 5, 7))


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING, ADDRESSING_MODE))
def test_both_are_translated(cpu: Cpu, run: Run, blocks: ControlBlocks, mode: int) -> None:
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    operand(cpu, 4, 3)
    run(cpu, "LASP", b1=5, d2=GIVEN_INDEX)
    assert cpu.cc == 0
    assert loaded(cpu) == (
        DESIGNATIONS[3],
        0x3333_3333_ABCD_0004,
        0x4444_4444_0000_0003 | INDEX << 16,
        0x5555_5555_0000_0000 | blocks.entry(3),
        DESIGNATIONS[4],
    )


def test_the_current_spaces_stay(cpu: Cpu, run: Run, blocks: ControlBlocks) -> None:
    assert blocks
    operand(cpu, 2, 1, index=0x99)
    run(cpu, "LASP", b1=5, d2=SKIP)
    assert cpu.cc == 0
    assert loaded(cpu) == (
        0x11_1003,
        0x3333_3333_ABCD_0002,
        0x4444_4444_0000_0001 | INDEX << 16,
        0x5555_5555_0000_1240,
        0x77_7003,
    )


def test_translation_can_be_forced(cpu: Cpu, run: Run, blocks: ControlBlocks) -> None:
    operand(cpu, 2, 1)
    run(cpu, "LASP", b1=5, d2=FORCE | SKIP)
    assert cpu.cc == 0
    assert (cpu.cr[1], cpu.cr[7]) == (DESIGNATIONS[1], DESIGNATIONS[2])
    assert cpu.cr[4] & 0xFFFF_FFFF == 0x0101_0001
    assert cpu.cr[5] & 0xFFFF_FFFF == blocks.entry(1)


def test_one_space_for_both(cpu: Cpu, run: Run, blocks: ControlBlocks) -> None:
    assert blocks
    operand(cpu, 3, 3)
    run(cpu, "LASP", b1=5)
    assert (cpu.cc, cpu.cr[1], cpu.cr[7]) == (0, DESIGNATIONS[3], DESIGNATIONS[3])


# What is wrong with the tables, the ASNs, and the control bits; the condition code.
@pytest.mark.parametrize(
    ("wrong", "secondary", "primary", "controls", "condition_code"),
    (
        ("first table", 4, 3, GIVEN_INDEX, 1),
        ("entry 3", 4, 3, GIVEN_INDEX, 1),
        ("entry 4", 4, 3, GIVEN_INDEX, 2),
        ("entry 4", 4, 3, SKIP, 2),
        ("authority", 4, 3, GIVEN_INDEX, 2),
        ("index", 4, 3, 0, 2),
        ("event", 4, 3, GIVEN_INDEX, 3),
        ("new event", 4, 3, GIVEN_INDEX, 3),
    ),
)
def test_nothing_is_loaded(
    cpu: Cpu,
    run: Run,
    blocks: ControlBlocks,
    wrong: str,
    secondary: int,
    primary: int,
    controls: int,
    condition_code: int,
) -> None:
    match wrong:
        case "first table":
            blocks.word(FIRST_TABLE, INVALID)
        case "entry 3" | "entry 4":
            asn = int(wrong[-1])
            blocks.space(asn, DESIGNATIONS[asn], flags=INVALID)
        case "authority":
            blocks.authorize(INDEX, 2)
        case "event":
            cpu.set_control_register(1, cpu.cr[1] | SPACE_SWITCH)
        case "new event":
            blocks.space(3, DESIGNATIONS[3] | SPACE_SWITCH)
    operand(cpu, secondary, primary)
    before = loaded(cpu)
    run(cpu, "LASP", b1=5, d2=controls)
    assert cpu.cc == condition_code
    assert loaded(cpu) == before


def test_a_space_switch_event_needs_another_primary_space(cpu: Cpu, run: Run, blocks: ControlBlocks) -> None:
    assert blocks
    cpu.set_control_register(1, cpu.cr[1] | SPACE_SWITCH)
    operand(cpu, 4, 1)
    run(cpu, "LASP", b1=5, d2=GIVEN_INDEX)
    assert (cpu.cc, cpu.cr[7]) == (0, DESIGNATIONS[4])


@pytest.mark.parametrize(
    ("secondary_instance", "primary_instance", "condition_code"), ((0xA4, 0xA3, 0), (0xA4, 0xA4, 1), (0xA3, 0xA3, 2))
)
def test_instances(
    cpu: Cpu,
    run: Run,
    blocks: ControlBlocks,
    secondary_instance: int,
    primary_instance: int,
    condition_code: int,
) -> None:
    assert blocks
    cpu.set_control_register(0, cpu.cr[0] | ASN_REUSE)
    cpu.configuration.storage.write_integer(OPERAND, 8, secondary_instance << 32 | 0xABCD_0004)
    cpu.configuration.storage.write_integer(OPERAND + 8, 8, primary_instance << 32 | INDEX << 16 | 3)
    cpu.gr[5] = OPERAND
    run(cpu, "LASP", b1=5, d2=GIVEN_INDEX)
    assert cpu.cc == condition_code
    if not condition_code:
        assert (cpu.cr[3], cpu.cr[4]) == (0xA4_ABCD_0004, 0xA3_0000_0003 | INDEX << 16)


def test_a_subspace_takes_the_place_of_its_base_space(cpu: Cpu, run: Run, blocks: ControlBlocks) -> None:
    blocks.space(3, DESIGNATIONS[3] | SUBSPACE_GROUP)
    blocks.space(5, DESIGNATIONS[5] | SUBSPACE_GROUP | 0xC0, sequence=9)
    blocks.word(UNIT, blocks.entry(3))
    blocks.word(UNIT + 4, 1 << 31 | blocks.entry(5))
    blocks.word(UNIT + 12, 9)
    operand(cpu, 3, 3)
    run(cpu, "LASP", b1=5)
    assert (cpu.cc, cpu.cr[1]) == (0, DESIGNATIONS[5] | SUBSPACE_GROUP)
    blocks.word(UNIT + 12, 10)
    run(cpu, "LASP", b1=5, d2=FORCE)
    assert cpu.cc == 1


def test_exceptions_in_their_order(cpu: Cpu, run: Run, expect: Expect, blocks: ControlBlocks) -> None:
    operand(cpu, 4, 3)
    cpu.gr[6] = cpu.configuration.memory + 4
    control = cpu.cr[14]
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, cpu.instruction_address))
    cpu.set_control_register(14, 0)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "LASP", b1=6)
    cpu.load_psw(Psw(ADDRESSING_MODE, cpu.instruction_address))
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "LASP", b1=6)
    cpu.set_control_register(14, control)
    with expect(Code.SPECIFICATION):
        run(cpu, "LASP", b1=6)
    cpu.gr[6] += 4
    with expect(Code.ADDRESSING):
        run(cpu, "LASP", b1=6)
    blocks.word(FIRST_TABLE, 0x4000_0000)
    with expect(Code.ADDRESSING):
        run(cpu, "LASP", b1=5)
