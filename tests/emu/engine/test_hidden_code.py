# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that leaves through a LOAD PSW EXTENDED in its low core, as Linux does, stays in the engine."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu, CpuState
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
from tests.support.every_instruction import EveryInstruction
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


@pytest.mark.parametrize("is_stepped", (False, True), ids=("free", "stepped"))
@pytest.mark.parametrize("decoy", (bytes(4), LPSWE, encode("STNSM", b1=0, d1=0, i2=0)), ids=("none", "LPSWE", "STNSM"))
def test_a_page_that_is_needed_later_in_a_block_is_hidden_by_nothing(
    machine: Machine, decoy: bytes, is_stepped: bool
) -> None:
    """At the offset at which the block begins, a compiled instruction lies in the page that it goes on in."""
    begin, end, away = 0xFF0, 0x1000, 0x10010
    # LGHI 3,1 three times, NOPR, and the first half of L 1,0x104(2); the other half, LGHI 4,7, and no instruction.
    machine.storage.write(begin, bytes.fromhex("a7390001 a7390001 a7390001 0700 5810 2104 a7490007 0000"))
    machine.storage.write(0x1000 + begin, decoy)
    # The second page is shown for LGHI 5,5; then all translations are forgotten by PTLB.
    machine.storage.write(0x1800, bytes.fromhex("a7590005 c0f4") + ((away - 0x1804) // 2).to_bytes(4, "big"))
    machine.storage.write(
        away, bytes.fromhex("b20d0000 c0f4") + ((begin - away - 4) // 2).to_bytes(4, "big", signed=True)
    )
    machine.storage.write(0x20000, bytes(range(256)) * 2)
    machine.storage.write(PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, end).to_bytes())
    machine.keys.bytes[0] |= REFERENCE
    machine.keys.bytes[1] |= REFERENCE
    cpu = machine.cpus[0]
    cpu.state = CpuState.OPERATING
    cpu.gr[2] = 0x20000
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x1800))
    cpu.psw_loaded = False
    if is_stepped:
        machine.observers.append(EveryInstruction())
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    assert (cpu.gr[1], cpu.gr[4], cpu.gr[5]) == (0x0405_0607, 7, 5)
