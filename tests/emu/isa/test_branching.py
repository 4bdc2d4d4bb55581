# SPDX-License-Identifier: GPL-2.0-or-later
"""Which branches are successful: what :func:`emu.isa.branching.branches` foretells, and what the machine then does."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.bits import signed
from emu.cpu import Cpu
from emu.isa.branching import BRANCHES, branches
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.formats import Kind
from emu.machine import Machine
from tests.conftest import PROGRAM_ADDRESS as START

TARGET = START + 0x400
FOREVER = {"TRAP2", "TRAP4", "BSG", "BSA", "RP"}
"""Those that branch whenever they are completed, for which they need more than registers."""
NEAR = st.sampled_from((0, 1, 2, 5, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, (1 << 32) + 1, (1 << 63) - 1, (1 << 64) - 1))


def an_instruction(opcode: int, r1: int, r2: int, mask: int, immediate: int) -> bytes:
    """The branch with *opcode* to TARGET: by register 9, which is the base and, where one is named, R2."""
    mnemonic, form, _ = BRANCHES[opcode]
    kinds = {field.name: field.kind for field in form.fields}
    relative = (TARGET - START) // 2
    values = {
        "r1": r1, "m1": mask, "r2": r2, "r3": r2, "m3": mask,
        "i2": signed(immediate, 8) if kinds.get("i2") is Kind.SIGNED_IMMEDIATE else immediate,
        "ri2": relative, "ri4": relative, "b2": 9, "d2": 0, "x2": 0,
    }  # fmt: skip
    if mnemonic in ("BALR", "BASR", "BCR", "BCTR", "BASSM", "BSM", "BCTGR"):
        values["r2"] = 9
    raw = form.compose(opcode, {name: values[name] for name in kinds}).to_bytes(form.length, "big")
    if mnemonic in ("CGRB", "CLGRB", "CRB", "CLRB", "CGIB", "CLGIB", "CIB", "CLIB"):
        # Where the relative ones have their offset, these have a base and a displacement.
        raw = raw[:2] + bytes.fromhex("9000") + raw[4:]
    return raw


@pytest.mark.parametrize(
    "opcode",
    [opcode for opcode, (name, _, _) in BRANCHES.items() if name not in FOREVER],
    ids=lambda it: BRANCHES[it][0],
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.tuples(NEAR, NEAR, NEAR, NEAR),
    r1=st.integers(1, 4),
    r2=st.integers(1, 4),
    mask=st.integers(0, 15),
    immediate=st.integers(0, 255),
    condition_code=st.integers(0, 3),
)
def test_the_machine_branches_where_it_is_foretold(
    machine: Machine,
    opcode: int,
    values: tuple[int, ...],
    r1: int,
    r2: int,
    mask: int,
    immediate: int,
    condition_code: int,
) -> None:
    cpu = machine.cpus[0]
    cpu.gr[1:5] = memoryview(bytearray(b"".join(value.to_bytes(8, "little") for value in values))).cast("Q")
    cpu.gr[9] = TARGET | 1 if BRANCHES[opcode][0] in ("BASSM", "BSM") else TARGET
    cpu.cc = condition_code
    instruction = an_instruction(opcode, mask if BRANCHES[opcode][0] in ("BC", "BCR") else r1, r2, mask, immediate)
    cpu.instruction_address = START
    machine.storage.write(START, instruction)
    foretold = branches(cpu, instruction)
    machine.step()
    assert cpu.instruction_address == (TARGET if foretold else START + len(instruction))


@pytest.mark.parametrize("code", ("05e0", "0de0", "07f0", "0be0", "0ce0", "0610", "b9460010"))
def test_with_register_0_there_is_no_branch(cpu: Cpu, code: str) -> None:
    cpu.gr[1] = 5
    assert not branches(cpu, bytes.fromhex(code))


@pytest.mark.parametrize(
    "code",
    (
        "b25a0012", "b2580012", "b2772000", "01ff", "b2ff0000",
        "05e2", "0de2", "07f2", "0be2", "0ce2", "0612", "b9460012",
    ),
)  # fmt: skip
def test_those_that_always_branch(cpu: Cpu, code: str) -> None:
    cpu.gr[1] = 5
    assert branches(cpu, bytes.fromhex(code))


@pytest.mark.parametrize(
    "code", ("1812", "a7180001", "c01100000000", "cc1a00000000", "0101", "b2b21000", "b9020011", "e31010000004",
             "eb011000000d", "ec12000000d8", "0a00", "8210f000", "440010ff")
)  # fmt: skip
def test_what_is_no_branch(cpu: Cpu, code: str) -> None:
    cpu.cc = 0
    assert not branches(cpu, bytes.fromhex(code))


def test_mnemonics_and_opcodes_are_those_of_the_declarations() -> None:
    for opcode, (mnemonic, form, _) in BRANCHES.items():
        if mnemonic in {each.mnemonic for each in INSTRUCTIONS}:
            declared = INSTRUCTIONS.by_mnemonic(mnemonic)
            assert declared.opcode == opcode
            assert declared.format.length == form.length
