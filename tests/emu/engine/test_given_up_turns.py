# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE 0x044 and 0x09C give up the CPU: compiled where no other CPU can run, and the same machine in any case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

import pytest

from emu import psw as psw_bits
from emu.configuration import SLICE
from emu.control_registers import CR0_CLOCK_COMPARATOR, CR0_EXTERNAL_CALL
from emu.cpu import Cpu, CpuState
from emu.isa.assembler import assemble
from emu.isa.declaration import decode
from emu.machine import MEGABYTE, Machine, StopKind
from emu.pending import idle_units
from emu.psw import ADDRESSING_MODE, Psw
from emu.snapshot import differences, guest_view
from tests.support.every_instruction import EveryInstruction

START, LOOP, WAIT, NEW = 0x10000, 0x11000, 0x12000, 0x13000
TIMES = 40
"""How often the CPU gives up its turn."""
FREE = 1_000_000

Other = Callable[[Machine, Cpu], None]


def stopped(machine: Machine, cpu: Cpu) -> None:
    cpu.state = CpuState.STOPPED


def waits(machine: Machine, cpu: Cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT))


def runs(machine: Machine, cpu: Cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE, LOOP))


def waits_for_a_call(machine: Machine, cpu: Cpu) -> None:
    cpu.set_control_register(0, CR0_EXTERNAL_CALL)
    cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.WAIT | psw_bits.EXTERNAL_MASK, WAIT))


def is_called(machine: Machine, cpu: Cpu) -> None:
    waits_for_a_call(machine, cpu)
    cpu.pending.external_call = 0


def wakes_after(units: int) -> Other:
    """A clock comparator is due when the clock has passed it."""

    def prepare(machine: Machine, cpu: Cpu) -> None:
        cpu.set_control_register(0, CR0_CLOCK_COMPARATOR)
        cpu.clock_comparator = machine.timing.tod + 4 * units - 1
        cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.WAIT | psw_bits.EXTERNAL_MASK, WAIT))

    return prepare


def giving_up(code: int, other: Other, *, times: int = TIMES) -> Machine:
    """A machine of two CPUs, of which the first is about to give up its turn so often, and then to wait."""
    machine = Machine(MEGABYTE, cpus=2)
    machine.storage.write(START, assemble(f"LHI 5,{times}") + assemble(f"DIAG 0,1,{code}") + assemble("BRCT 5,*-4"))
    machine.storage.write(LOOP, assemble("AHI 6,1") + assemble("BRC 15,*-4"))
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x1D0).to_bytes())
    machine.storage.write(0x1B0, Psw(ADDRESSING_MODE, LOOP).to_bytes())
    first, second = machine.cpus
    first.load_psw(Psw(ADDRESSING_MODE, START))
    for cpu in machine.cpus:
        cpu.state = CpuState.OPERATING
    other(machine, second)
    for cpu in machine.cpus:
        cpu.psw_loaded = False
    return machine


def diagnose(cpu: Cpu) -> None:
    """DIAGNOSE 0x044, without counting it."""
    decoded = decode(assemble("DIAG 0,1,68"))
    assert decoded is not None
    decoded[0].execute(cpu, decoded[1])


def run_in_parts(machine: Machine, part: int, whole: int) -> None:
    for _ in range(0, whole, part):
        if machine.run(part).kind is not StopKind.BUDGET:
            return


@pytest.mark.parametrize(
    ("other", "is_compiled"),
    (
        pytest.param(stopped, True, id="stopped"),
        pytest.param(waits, True, id="waits"),
        pytest.param(waits_for_a_call, True, id="waits for a call"),
        pytest.param(runs, False, id="runs"),
        pytest.param(is_called, False, id="is called"),
        *(pytest.param(wakes_after(units), units > 100, id=f"wakes after {units}") for units in (1, 2, 21, 58, 1000)),
    ),
)
@pytest.mark.parametrize("part", (1, 4, 10, FREE))
@pytest.mark.parametrize("code", (0x44, 0x9C))
def test_free_sliced_and_stepped_are_the_same(
    compiled: Counter[str], code: int, other: Other, part: int, *, is_compiled: bool
) -> None:
    whole = 4 * TIMES
    free, stepped = giving_up(code, other), giving_up(code, other)
    stepped.observers.append(EveryInstruction())
    run_in_parts(free, min(part, whole), whole)
    if part == FREE and is_compiled:
        assert compiled["DIAG"] >= TIMES - 2
    run_in_parts(stepped, whole, whole)
    assert not differences(guest_view(free), guest_view(stepped))
    assert asdict(free.configuration.turns) == asdict(stepped.configuration.turns)
    assert free.timing.work == stepped.timing.work
    assert [cpu.executed for cpu in free.cpus] == [cpu.executed for cpu in stepped.cpus]


@pytest.mark.parametrize("units", range(37, 77))
def test_a_cpu_that_wakes_meanwhile(compiled: Counter[str], units: int) -> None:
    """Whether that is before the turn is given up, in the same moment, or afterwards."""
    free, stepped = (giving_up(0x44, wakes_after(units)) for _ in range(2))
    stepped.observers.append(EveryInstruction())
    for machine in (free, stepped):
        machine.run(4 * TIMES)
    assert compiled["DIAG"]
    assert not differences(guest_view(free), guest_view(stepped))


def test_a_turn_that_is_given_up_in_vain_begins_anew(compiled: Counter[str]) -> None:
    machine = giving_up(0x44, stopped, times=1)
    assert machine.run(2).kind is StopKind.BUDGET
    assert machine.configuration.turns.end == machine.timing.work + SLICE


@pytest.mark.parametrize("units", range(4))
def test_a_cpu_that_can_run_when_the_instruction_has_ended_gets_the_turn(units: int) -> None:
    """The clock comparator wakes it; the instruction itself is one unit."""
    machine = giving_up(0x44, wakes_after(units))
    turns, work = machine.configuration.turns, machine.timing.work
    assert idle_units(machine.cpus[0]) == units
    diagnose(machine.cpus[0])
    assert turns.end == (0 if units < 2 else work + 1 + SLICE)


def test_the_only_cpu_is_asked_whether_it_loops() -> None:
    machine = Machine(MEGABYTE)
    machine.storage.write(START, assemble("DIAG 0,0,68") + assemble("BRC 15,*"))
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, START))
    machine.cpus[0].state = CpuState.OPERATING
    assert machine.run(FREE).kind is StopKind.ENDLESS_LOOP
    assert machine.executed == 1
