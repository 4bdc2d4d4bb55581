# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that leaves through a LOAD PSW EXTENDED in its low core, as Linux does, stays in the engine."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.engine.engine import Engine
from emu.isa.assembler import encode
from emu.lowcore import PROGRAM_NEW_PSW, PROGRAM_OLD_PSW, SVC_OLD_PSW
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE, WAIT, Psw
from emu.running import single
from emu.running.stopping.kinds import AtAddress
from emu.storage_keys import REFERENCE
from tests.emu.conftest import AddressSpace
from tests.emu.engine.rules.test_swapping import DATA, HOME, PREFIX, ROUNDS, Program, agrees, by_model, run
from tests.support.general import lg

__all__ = ["by_model"]
LEAVE = 0x1300
"""Where in the low core the instruction is."""
LPSWE = encode("LPSWE", b2=0, d2=SVC_OLD_PSW)
TO_LEAVE = bytes.fromhex("47f0c300")
"""BC 15,0x300(12)."""


def program(instruction: bytes = LPSWE, prefix: int = PREFIX, user: int = PROBLEM_STATE | DAT) -> Program:
    """A program whose kernel leaves by *instruction* in the low core."""

    def prepare(machine: Machine) -> None:
        machine.storage.write(prefix + LEAVE, instruction)

    return Program(
        ADDRESSING_MODE | user,
        ADDRESSING_MODE | DAT | HOME if user & DAT else ADDRESSING_MODE,
        handler=lg(0, SVC_OLD_PSW, 0) + TO_LEAVE,
        registers={12: 0x1000},
        prefix=prefix,
        prepare=prepare,
    )


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The addresses of the instructions that were executed alone while nobody had everything executed alone."""
    found: list[int] = []
    execute = single.execute_alone

    def note(cpu: Cpu, engine: Engine) -> None:
        if not cpu.configuration.observers:
            found.append(cpu.instruction_address)
        execute(cpu, engine)

    monkeypatch.setattr(single, "execute_alone", note)
    return found


@pytest.mark.parametrize("prefix", (PREFIX, 0))
@pytest.mark.parametrize("user", (PROBLEM_STATE | DAT, PROBLEM_STATE))
def test_it_is_executed_compiled(prefix: int, user: int, by_model: list[int], alone: list[int]) -> None:
    machine = program(prefix=prefix, user=user).machine()
    run(machine)
    assert alone.count(LEAVE) <= 2
    assert machine.counts.instructions["LPSWE"] == ROUNDS
    assert machine.keys.bytes[prefix + LEAVE >> 12] & REFERENCE
    agrees(program(prefix=prefix, user=user), by_model)


def test_another_instruction_there_is_executed_too(by_model: list[int], alone: list[int]) -> None:
    """LGHI 5,7 before it: it traps where Unicorn has been shown the other page, or runs natively."""
    body = bytes.fromhex("a7590007") + LPSWE
    machine, _ = agrees(program(body), by_model)
    assert machine.cpus[0].gr[5] == 7
    assert machine.counts.instructions["LPSWE"] == ROUNDS


@pytest.mark.parametrize("behind", ("a7590007", "47000000"), ids=("LGHI", "BC"))
def test_an_instruction_behind_it_is_executed_where_the_page_was_shown_before(
    machine: Machine, cpu: Cpu, behind: str
) -> None:
    space = AddressSpace(machine)
    space.map(0, 0)
    # LGHI 1,1 runs natively; LCTL; SSM turns DAT on, and off; CLM, of which forms are compiled, hides the page.
    code = f"a7190001 b7110810 80000800 80000801 bd110801 {behind} a7690008 0000"
    machine.storage.write_integer(0x810, 4, space.asce)
    machine.storage.write(0x400, bytes.fromhex(code))
    machine.storage.write(0x800, bytes((DAT >> 56, 0)))
    machine.storage.write(PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, 0x998).to_bytes())
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x400))
    cpu.psw_loaded = False
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    assert Psw.from_bytes(machine.storage.read(PROGRAM_OLD_PSW, 16)).address == 0x41E
    assert (cpu.gr[1], cpu.gr[6]) == (1, 8)
    assert machine.counts.program_interruptions.total() == 1


def test_what_is_stored_there_is_what_is_executed_next(by_model: list[int]) -> None:
    """The kernel itself stores the instruction, each time another: LPSWE of the SVC old PSW, and of a copy of it."""

    def prepare(machine: Machine) -> None:
        other = encode("LPSWE", b2=0, d2=SVC_OLD_PSW + 0x80)
        machine.storage.write(DATA, (LPSWE + other) * ROUNDS)

    made = program()
    before = made.prepare

    def both(machine: Machine) -> None:
        before(machine)
        prepare(machine)

    made.prepare = both
    # MVC LEAVE(4),0(8); LA 8,4(8); MVC the copy of the old PSW
    store = bytes.fromhex("d203c3008000") + bytes.fromhex("41808004") + bytes.fromhex("d20f01c00140")
    made.handler = lg(0, SVC_OLD_PSW, 0) + store + TO_LEAVE
    made.registers = {12: 0x1000, 8: DATA}
    agrees(made, by_model)


def test_a_stop_at_it_is_hit_each_time(by_model: list[int]) -> None:
    machine = program().machine()
    machine.stops.add(AtAddress(LEAVE))
    found = 0
    while machine.run(100_000).kind is StopKind.STOP_POINT:
        assert machine.cpus[0].instruction_address == LEAVE
        found += 1
    assert found == ROUNDS
