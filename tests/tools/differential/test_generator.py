# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of seeds."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from emu.addresses import PAGE_SIZE
from emu.isa.disassembler import disassemble
from emu.per import ALTERATION, BRANCHING, FETCHING, NULLIFICATION, REAL_STORE, Controls
from emu.psw import PER
from tools.differential.generator import random_program
from tools.differential.layout import INVALID, UNMAPPED
from tools.differential.machines import Machines
from tools.differential.program import RandomProgram
from tools.differential.ways import resume

PROGRAMS = 1000
ACCESS_EXCEPTIONS = {0x04, 0x05, 0x10, 0x11, 0x1A}
MULTIPLE = {"STM": 4, "STMY": 4, "STMG": 8, "STAM": 4, "STAMY": 4, "LAM": 4, "LAMY": 4}
"""Bytes of each part of the operand."""
MOST_CLEARED = 32
"""Bytes that XC of a field with itself clears in parts."""
COMPARISONS = {"CR", "CLR", "CGR", "CLGR", "CGFR", "CHI", "CGHI", "CLFI", "CL", "CLC"}
BFP_COMPARISONS = {"CEBR", "CDBR", "CXBR", "CEB", "CDB"}
MOST_STEPS = 60


def test_seed_gives_the_same_program_always() -> None:
    assert random_program(7) == random_program(7)
    assert random_program(7) != random_program(8)


def test_all_shapes_come() -> None:
    made = [random_program(seed) for seed in range(300)]
    assert {each.cpus for each in made} == {1, 2, 3}
    assert {each.profile for each in made} == {"zvm", "kvm"}
    assert {each.frames for each in made} == {None, 3}
    assert {each.mask >> 31 & 3 for each in made} == {0, 1, 3}
    assert {each.mask >> 46 & 3 for each in made} == {0, 2, 3}
    assert {bool(each.mask >> 58 & 1) for each in made} == {False, True}


def test_some_have_events_recorded() -> None:
    recorded = [each for each in map(random_program, range(3000)) if any(each.events)]
    assert 300 < len(recorded) < 600
    assert {bool(each.mask & PER) for each in recorded} == {False, True}
    assert {bool(Controls(*each.events).watched) for each in recorded} == {False, True}
    for event in (BRANCHING, FETCHING, ALTERATION, FETCHING | NULLIFICATION, ALTERATION | REAL_STORE):
        assert any(Controls(*each.events).asks_for(event) for each in recorded)


@pytest.fixture(scope="module")
def situations() -> Counter[str]:
    """How often an instruction met what it must be right in, in the first programs, stepped."""
    machines, found = Machines(), Counter[str]()
    for seed in range(PROGRAMS):
        found.update(situations_of(random_program(seed), machines))
    return found


def situations_of(program: RandomProgram, machines: Machines) -> set[str]:
    machine = machines.ready("stepped", program).machine
    code = dict(zip(program.addresses(), map(bytes.fromhex, program.instructions), strict=False))
    cpu, before, found = machine.cpus[0], "", set()
    for _ in range(MOST_STEPS):
        at, general = cpu.instruction_address, list(cpu.gr)
        stop = machine.step(cpu)
        instruction = code.get(at, b"")
        name = disassemble(instruction, at).split()[0] if instruction else ""
        if cpu.instruction_address == 0x1D0:
            interruption = machine.storage.read_integer(cpu.prefix + 0x8E, 2)
            if len(instruction) > 2 and interruption in ACCESS_EXCEPTIONS:
                found |= refused(name, instruction, general, before)
        elif name in BFP_COMPARISONS and before:
            found.add("comparison of BFP data")
        before = name
        if stop is not None and not resume(machine, cpu, program):
            break
    return found


def refused(name: str, instruction: bytes, general: list[int], before: str) -> set[str]:
    """What it is that *instruction* met with an access exception."""
    base, displacement = instruction[2] >> 4, int.from_bytes(instruction[2:4], "big") & 0xFFF
    address = (general[base] if base else 0) + displacement
    behind = (address & 0xFF_FFFF) // PAGE_SIZE * PAGE_SIZE + PAGE_SIZE
    is_refused_behind = behind in (INVALID, UNMAPPED)
    if name == "XC" and instruction[2:4] == instruction[4:6] and instruction[1] < MOST_CLEARED:
        before_boundary = PAGE_SIZE - address % PAGE_SIZE
        if before_boundary <= instruction[1] and before_boundary % 8 == 0 and is_refused_behind:
            return {"second page of a field that is cleared"}
    if name in MULTIPLE:
        count = ((instruction[1] & 0xF) - (instruction[1] >> 4)) % 16 + 1
        if address % PAGE_SIZE + count * MULTIPLE[name] > PAGE_SIZE and is_refused_behind:
            return {"second page of an operand in parts"}
    if name == "CLC" and instruction[1] in (0, 1, 3, 7):
        return {"operand of CLC", *({"operand of CLC behind a comparison"} if before in COMPARISONS else ())}
    return set()


@pytest.mark.parametrize(
    ("situation", "least"),
    (
        ("second page of an operand in parts", 3),
        ("second page of a field that is cleared", 3),
        ("operand of CLC", 3),
        ("operand of CLC behind a comparison", 1),
        ("comparison of BFP data", 10),
    ),
)
def test_situations_in_which_engines_are_wrong_come_often_enough(
    situations: Counter[str], situation: str, least: int
) -> None:
    assert situations[situation] >= least


def test_rotate_with_test_results_and_traps_come_together() -> None:
    """RXSBG with the test-results control, in the block of an instruction that may trap."""
    met = 0
    for seed in range(PROGRAMS):
        instructions = [bytes.fromhex(each) for each in random_program(seed).instructions]
        for first, second in pairwise(instructions):
            is_rotate = (second[0], second[-1]) == (0xEC, 0x57) and second[2] & 0x80
            met += bool(is_rotate) and first[0] in (0xEC, 0xB9, 0x90)
    assert met >= 5
