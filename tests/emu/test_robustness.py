# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever the guest executes, the machine ends in an architected way or in a named stop: random programs, by seed."""

from __future__ import annotations

import random

import pytest

from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.formats import Kind
from emu.machine import MEGABYTE, Machine, Stop, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.long_cases import first_of

DECLARED = sorted(INSTRUCTIONS, key=lambda declared: declared.mnemonic)
HANDLERS = {0x1A0: 0x120, 0x1B0: 0x130, 0x1C0: 0x140, 0x1D0: 0x150}
"""New PSW to old PSW: restart, external, SVC, program."""
INSTRUCTION_BUDGET = 2000


def random_field(source: random.Random, kind: Kind, width: int) -> int:
    value = source.getrandbits(width)
    signed = kind in (Kind.LONG_DISPLACEMENT, Kind.RELATIVE, Kind.SIGNED_IMMEDIATE)
    return value - (1 << width - 1) if signed else value


def random_code(source: random.Random, length: int) -> bytes:
    """Declared instructions with random operands, EXECUTEs, short branches and noise."""
    code = b""
    while len(code) < length:
        choice = source.random()
        if choice < 0.5:
            declared = source.choice(DECLARED)
            form = declared.format
            operands = {field.name: random_field(source, field.kind, field.width) for field in form.fields}
            code += form.compose(declared.opcode, operands).to_bytes(form.length, "big")
        elif choice < 0.8:
            code += source.randbytes(source.choice((2, 4, 6)))
        elif choice < 0.9:
            code += bytes((0x44,)) + source.randbytes(3)
        else:
            code += bytes.fromhex("a7f4fff0")
    return code[:length]


def random_machine(seed: int) -> Machine:
    source = random.Random(seed)
    machine = Machine(2 * MEGABYTE, cpus=source.choice((1, 1, 2)))
    for page in range(0, 0x40000, 0x1000):
        if source.random() < 0.6:
            machine.storage.write(page, random_code(source, 0x1000))
    for number, (new, old) in enumerate(HANDLERS.items()):
        handler = 0x40000 + 16 * number
        # LPSWE of the old PSW
        machine.storage.write(handler, b"\xb2\xb2" + old.to_bytes(2, "big"))
        machine.storage.write(new, Psw(ADDRESSING_MODE, handler).to_bytes())
    for _ in range(50):
        machine.keys.bytes[source.randrange(512)] = source.getrandbits(8) & 0xFE
    for cpu in machine.cpus:
        for number in range(16):
            cpu.gr[number] = source.choice((source.getrandbits(64), source.randrange(0x200000), source.randrange(16)))
            cpu.set_control_register(number, source.choice((cpu.cr[number], source.getrandbits(64))))
    mask = ADDRESSING_MODE | source.choice((0, psw_bits.PROBLEM_STATE, psw_bits.DAT, psw_bits.EXTERNAL_MASK, 8 << 40))
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(mask | source.choice((0, source.getrandbits(4) << 52)), source.randrange(0, 0x40000, 2)))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    return machine


@pytest.mark.parametrize("seed", first_of(12, range(40)))
def test_random_programs_end_in_a_named_stop(seed: int) -> None:
    stop = random_machine(seed).run(INSTRUCTION_BUDGET)
    assert stop.kind is not StopKind.ENGINE_FAILURE


@pytest.mark.parametrize("seed", range(40, 50))
def test_random_programs_can_be_stepped(seed: int) -> None:
    machine = random_machine(seed)
    stop: Stop | None = None
    for _ in range(300):
        stop = machine.step()
        if stop is not None:
            break
    assert stop is None or stop.kind is not StopKind.ENGINE_FAILURE


@pytest.mark.parametrize("seed", range(5))
def test_random_programs_run_the_same_twice(seed: int) -> None:
    first, second = random_machine(seed), random_machine(seed)
    assert first.run(INSTRUCTION_BUDGET) == second.run(INSTRUCTION_BUDGET)
    assert [tuple(cpu.gr) for cpu in first.cpus] == [tuple(cpu.gr) for cpu in second.cpus]
    assert first.executed == second.executed
