# SPDX-License-Identifier: GPL-2.0-or-later
"""Going on as gdb asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emu.debugging.session import Session
from emu.machine import MEGABYTE, Machine
from emu.running.stopping.kinds import AtAddress
from emu.running.stops import StopKind
from tests.conftest import make_ready
from tests.support.elf import ENTRY, LOOP
from tests.support.gdb_session import AFTER, BRANCH, COUNT, LOAD, STORE, put_program
from tools.gdb.execution import End, Execution, MotionEnd


def never() -> bool:
    return False


@pytest.fixture
def execution(machine: Machine) -> Execution:
    put_program(machine)
    return Execution(Session(machine), never)


def test_a_step_is_one_instruction(machine: Machine, execution: Execution) -> None:
    cpu = machine.cpus[0]
    for address in (STORE, LOAD, COUNT):
        assert execution.step(cpu) == MotionEnd(End.STEPPED, 0)
        assert cpu.instruction_address == address
    assert machine.executed == 3


def test_a_step_leaves_a_breakpoint_but_stops_at_the_next(machine: Machine, execution: Execution) -> None:
    machine.stops.add(AtAddress(ENTRY))
    machine.stops.add(AtAddress(COUNT))
    assert execution.step(machine.cpus[0]).end is End.STEPPED
    ended = execution.go()
    assert ended.end is End.STOPPED
    assert ended.stop is not None
    assert (ended.stop.kind, machine.cpus[0].instruction_address) == (StopKind.STOP_POINT, COUNT)


def test_a_range_is_left(machine: Machine, execution: Execution) -> None:
    assert execution.step(machine.cpus[0]).end is End.STEPPED
    assert execution.step_out_of(machine.cpus[0], STORE, AFTER).end is End.STEPPED
    assert (machine.cpus[0].instruction_address, machine.executed) == (AFTER, 1 + 7 * 4)


def test_a_breakpoint_in_a_range_counts(machine: Machine, execution: Execution) -> None:
    machine.stops.add(AtAddress(BRANCH))
    assert execution.step_out_of(machine.cpus[0], ENTRY, AFTER).end is End.STOPPED
    assert machine.cpus[0].instruction_address == BRANCH


def test_it_ends_when_that_is_wanted(machine: Machine) -> None:
    machine.storage.write(ENTRY, LOOP)
    looks = iter([False, False, True])
    execution = Execution(Session(machine), lambda: next(looks))
    assert execution.go() == MotionEnd(End.BROKEN, 0)
    assert next(looks, None) is None
    assert machine.executed > 0


def test_a_range_that_is_never_left_ends_when_that_is_wanted(machine: Machine) -> None:
    machine.storage.write(ENTRY, LOOP)
    execution = Execution(Session(machine), lambda: True)
    assert execution.step_out_of(machine.cpus[0], ENTRY, ENTRY + 16).end is End.BROKEN


def test_the_budget_of_the_run_holds(machine: Machine) -> None:
    machine.storage.write(ENTRY, LOOP)
    execution = Execution(Session(machine), never, limit=1000)
    for ended in (execution.go(), execution.go(), execution.step(machine.cpus[0])):
        assert ended.stop is not None
        assert (ended.stop.kind, machine.executed) == (StopKind.BUDGET, 1000)


def test_going_back_ends_when_that_is_wanted_and_the_machine_is_where_it_was(machine: Machine) -> None:
    machine.storage.write(ENTRY, LOOP)
    looks: list[bool] = []

    def is_wanted() -> bool:
        looks.append(len(looks) == 3)
        return looks[-1]

    session = Session(machine)
    session.go(1_000_000)
    machine.stops.add(AtAddress(ENTRY + 0x100))
    execution = Execution(session, is_wanted)
    assert execution.go_back() == MotionEnd(End.BROKEN, 0)
    assert machine.executed == 1_000_000
    assert sum(looks) == 1, "it is asked for once"
    assert len(looks) == 4
    looks[:] = [False] * 10
    assert execution.go_back() == MotionEnd(End.AT_THE_BEGINNING, 0)
    assert machine.executed == 0


@pytest.fixture
def two() -> Iterator[Machine]:
    """Two CPUs in endless loops of their own."""
    machine = Machine(4 * MEGABYTE, cpus=2)
    for cpu in machine.cpus:
        make_ready(cpu)
        machine.storage.write(ENTRY, LOOP)
    return machine


def test_the_other_cpu_is_stepped_when_its_turn_comes(two: Machine) -> None:
    """As in the run without gdb: what the first CPU does until then is done as well."""
    first, second = two.cpus
    assert Execution(Session(two), never).step(second) == MotionEnd(End.STEPPED, 1)
    assert second.executed == 1
    assert first.executed > 1000
