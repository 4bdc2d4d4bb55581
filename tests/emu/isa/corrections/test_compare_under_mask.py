# SPDX-License-Identifier: GPL-2.0-or-later
"""CLM, CLMY and CLMH: with a mask of zero access exceptions are recognized for one byte; the model has all masks."""

from __future__ import annotations

import random

import pytest

from emu.cpu import Cpu
from emu.isa.declaration import decode
from emu.machine import Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

FORMS = {"CLM": "bd{}02000", "CLMY": "eb{}020000021", "CLMH": "eb{}020000020"}


@pytest.mark.parametrize("mnemonic", FORMS)
@pytest.mark.parametrize("r1", "13")
def test_without_a_mask_one_byte_is_fetched(execute, cpu, mnemonic: str, r1: str) -> None:
    cpu.gr[2] = 0x80_0000
    code = FORMS[mnemonic].format(r1)
    assert execute(code).interruption is ProgramInterruptionCode.ADDRESSING


@pytest.mark.parametrize("mnemonic", FORMS)
def test_without_a_mask_the_operands_are_equal(execute, cpu, mnemonic: str) -> None:
    cpu.gr[2] = 0x2000
    # CGHI 2,0 makes the condition code 2.
    assert execute("a72f0000" + FORMS[mnemonic].format("1"), x2000="ff").condition_code == 0


@pytest.mark.parametrize(
    ("code", "condition_code"),
    (("bd162000", 1), ("eb1620000021", 1), ("bd112000", 0), ("eb1120000020", 2)),
)
def test_with_a_mask(execute, cpu, code: str, condition_code: int) -> None:
    cpu.gr[1], cpu.gr[2] = 0x0000_0043_0001_0242, 0x2000
    assert execute(code, x2000="4203").condition_code == condition_code


@pytest.mark.parametrize("mnemonic", FORMS)
@pytest.mark.parametrize("mask", range(1, 16))
def test_model_with_a_mask(machine: Machine, cpu: Cpu, mnemonic: str, mask: int) -> None:
    """The engine executes these; that the model has them, too, is for whoever compares both."""
    values = random.Random(mask)
    decoded = decode(bytes.fromhex(FORMS[mnemonic].replace("{}0", f"1{mask:x}")))
    assert decoded is not None
    declared, operands = decoded
    for _ in range(20):
        register, second = values.choices(b"\0\1\xfe\xff", k=8), bytes(values.choices(b"\0\1\xfe\xff", k=4))
        part = register[:4] if mnemonic == "CLMH" else register[4:]
        selected = bytes(byte for number, byte in enumerate(part) if mask & 8 >> number)
        second = selected if values.random() < 0.3 else second[: len(selected)]
        cpu.gr[1], cpu.gr[2] = int.from_bytes(bytes(register), "big"), 0x2000
        machine.storage.write(0x2000, second + b"\x77")
        declared.execute(cpu, operands)
        assert cpu.cc == (selected > second) * 2 + (selected < second)


def test_bytes_behind_the_first_that_is_unequal_are_not_fetched_by_the_model(machine: Machine, cpu: Cpu) -> None:
    decoded = decode(bytes.fromhex("bd172000"))
    assert decoded is not None
    declared, operands = decoded
    cpu.gr[1], cpu.gr[2] = 0x0001_0203, 0x2FFE
    machine.storage.write(0x2FFE, bytes.fromhex("010003"))
    machine.configuration.keys.bytes[3] = 0
    declared.execute(cpu, operands)
    assert (cpu.cc, machine.configuration.keys.bytes[3]) == (2, 0)
    machine.storage.write(0x2FFE, bytes.fromhex("010203"))
    declared.execute(cpu, operands)
    assert (cpu.cc, machine.configuration.keys.bytes[3]) == (0, 4)


def test_operand_that_the_model_refuses_leaves_the_condition_code(machine: Machine, cpu: Cpu) -> None:
    decoded = decode(bytes.fromhex("bd132000"))
    assert decoded is not None
    declared, operands = decoded
    cpu.gr[1], cpu.gr[2], cpu.cc = 0x0203, machine.memory - 1, 3
    machine.storage.write(machine.memory - 1, b"\2")
    with pytest.raises(ProgramInterruption) as refused:
        declared.execute(cpu, operands)
    assert refused.value.code is ProgramInterruptionCode.ADDRESSING
    assert cpu.cc == 3
