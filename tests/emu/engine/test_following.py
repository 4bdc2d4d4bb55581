# SPDX-License-Identifier: GPL-2.0-or-later
"""Following a register: no change of it goes unnoticed, whoever makes it, and the machine is the same."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu, CpuState
from emu.debugging.watched import OfRegister
from emu.engine.following import can_follow
from emu.engine.record_limits import FOLLOWED_CHANGES
from emu.events import Observer
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, PER, WAIT, Psw
from emu.snapshot import differences, take
from tests.emu.debugging.test_history import load
from tests.support.stopping import CODE, DATA, program

_BLOCK = 1024
"""A change may be noticed later by so many instructions at most."""


class _Changes(Observer):
    """The instruction numbers behind which a register was another one."""

    wants_instructions = True

    def __init__(self, machine: Machine, watched: OfRegister) -> None:
        self._machine, self._watched = machine, watched
        self._value = watched.value(machine)
        self.numbers: list[int] = []

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        value = self._watched.value(self._machine)
        if value != self._value:
            self.numbers.append(self._machine.executed)
        self._value = value


def covers(noticed: list[int], changes: list[int]) -> bool:
    """Whether each of *changes* was noticed, behind it and soon."""
    return all(any(change <= each < change + _BLOCK for each in noticed) for change in changes)


def follow(stepped: Machine, free: Machine, name: str, instructions: int, cpu: int = 0) -> tuple[list[int], list[int]]:
    """Run both; give the changes that were noticed in *free*, and those that there were in *stepped*, its equal."""
    watched = OfRegister(name, cpu)
    seen = _Changes(stepped, watched)
    stepped.observers.append(seen)
    stepped.run(instructions)
    with watched.follow(free) as followed:
        free.run(instructions)
    stepped.observers.clear()
    assert not differences(take(stepped), take(free))
    return followed.changes, seen.numbers


@pytest.mark.parametrize("name", ("gr1", "gr2", "gr4", "gr5", "gr7", "gr10", "bea"))
def test_every_change_is_noticed(name: str) -> None:
    noticed, changes = follow(program(), program(), name, 150)
    assert changes
    assert covers(noticed, changes)


@pytest.mark.parametrize("name", ("gr1", "gr2", "gr14", "bea", "prefix", "ckc", "fr0", "ar1", "fpc"))
def test_every_change_of_a_program_that_is_interrupted(name: str) -> None:
    (stepped, _), (free, _) = load("interruptions"), load("interruptions")
    noticed, changes = follow(stepped, free, name, 2500)
    assert covers(noticed, changes)


def small(code: bytes, *, per: bool = False) -> Machine:
    """A machine that is about to execute *code*, in a loop of BRCT 2 if it ends so, with some registers set."""
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, 0xFFF).to_bytes())
    machine.storage.write(CODE, code + bytes(2))
    cpu.set_control_register(0, 0x0000_0000_0006_0000)
    cpu.set_control_register(9, 0x2000_0000 if per else 0)
    cpu.set_control_register(11, 0x7FFF_FFFF)
    cpu.gr[1], cpu.gr[2], cpu.gr[3], cpu.gr[4] = 1, 50, DATA, 7
    cpu.load_psw(Psw(ADDRESSING_MODE | (PER if per else 0), CODE))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    return machine


def counted_down(code: bytes) -> bytes:
    """*code* in a loop that is counted in general register 2."""
    return code + bytes.fromhex("a726") + (-len(code) // 2 & 0xFFFF).to_bytes(2, "big")


THERE_AND_BACK = counted_down(bytes.fromhex("a79b0001 a79bffff"))
"""AGHI 9,1; AGHI 9,-1."""


def test_what_the_next_instruction_takes_back_is_noticed() -> None:
    noticed, changes = follow(small(THERE_AND_BACK), small(THERE_AND_BACK), "gr9", 140)
    assert len(changes) == 94
    assert len(noticed) >= len(changes)
    assert covers(noticed, changes)


def test_what_is_executed_alone_is_noticed() -> None:
    noticed, changes = follow(small(THERE_AND_BACK, per=True), small(THERE_AND_BACK, per=True), "gr9", 140)
    assert len(changes) == 94
    assert set(changes) <= set(noticed)


@pytest.mark.parametrize("budget", (1, 2, 4, 5))
def test_what_is_left_of_a_block_is_noticed(budget: int) -> None:
    machine = small(THERE_AND_BACK)
    with OfRegister("gr9").follow(machine) as followed:
        for _ in range(8):
            machine.run(budget)
    changes = [each for each in range(8 * budget + 1) if each % 3 in (1, 2)]
    assert covers(followed.changes, changes)
    assert len(followed.changes) >= len([each for each in changes if each <= 8 * budget])


@pytest.mark.parametrize(
    ("name", "code"),
    (
        ("ar5", "b24e0051 b24e0054"),  # SAR 5,1; SAR 5,4
        ("fr3", "b3c10031 b3c10034"),  # LDGR 3,1; LDGR 3,4
        ("vr3", "e73100003022 e73400003022"),  # VLVG 3,1,0,3; VLVG 3,4,0,3, which change the upper half
        ("vr17", "e71100013822 e71400013822"),  # VLVG 17,1,1,3; VLVG 17,4,1,3, the lower half
        ("fpc", "b3840010 b3840000"),  # SFPC 1; SFPC 0
        ("ckc", "b2063000 b2063008"),  # SCKC 0(3); SCKC 8(3)
        ("todpr", "a7080001 0107 a7080002 0107"),  # LHI 0,1; SCKPF; LHI 0,2; SCKPF
        ("prefix", "b2103000 b2103008"),  # SPX 0(3); SPX 8(3)
    ),
)
def test_registers_of_every_kind(name: str, code: str) -> None:
    def machine() -> Machine:
        made = small(counted_down(bytes.fromhex(code)))
        made.storage.write(DATA, bytes.fromhex("00002000 00000000 00004000 00000000"))
        return made

    noticed, changes = follow(machine(), machine(), name, 60)
    assert len(changes) >= 20
    assert len(noticed) >= len(changes)
    assert covers(noticed, changes)


def test_the_last_changes_are_kept() -> None:
    machine = small(THERE_AND_BACK)
    machine.cpus[0].gr[2] = FOLLOWED_CHANGES
    with OfRegister("gr9").follow(machine) as followed:
        machine.run()
    assert not followed.are_all_kept
    assert len(followed.changes) == FOLLOWED_CHANGES
    assert followed.changes == sorted(followed.changes)
    assert covers(followed.changes, [machine.executed - 1, machine.executed - 2])


def test_what_another_cpu_does_is_noticed() -> None:
    watched = OfRegister("gr4", 1)
    stepped, free = program(3), program(3)
    seen = _Changes(stepped, watched)
    stepped.observers.append(seen)
    stepped.run(400)
    with watched.follow(free) as followed:
        free.run(400)
    assert seen.numbers
    assert covers(followed.changes, seen.numbers)


def test_nothing_is_left_of_it() -> None:
    machine = small(THERE_AND_BACK)
    with OfRegister("gr9").follow(machine) as followed:
        machine.run(20)
    known = followed.changes
    machine.run(100)
    assert followed.changes == known
    assert machine._engines[0]._state.fields.change_count == 0


def test_what_changes_all_the_time_is_not_followed() -> None:
    assert not any(can_follow(name) for name in ("psw", "pswm", "pswa", "pc", "cc", "tod", "cputm", "cr1"))
