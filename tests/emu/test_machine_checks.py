# SPDX-License-Identifier: GPL-2.0-or-later
"""Machine-check conditions: which are pending for whom, which are enabled, and when one is a check stop (PoP 11).

Bits of the machine-check-interruption code are those of its figure, masks those of control register 14.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu import machine_checks
from emu.cpu import Cpu, CpuState
from emu.machine import Machine, Stop, StopKind
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK, WAIT, Psw
from emu.resets import reset_cpu
from emu.running.stopping.kinds import AtInterruption

START, HANDLER = 0x10000, 0x20000
# Bit of the code: its mask in control register 14.
SUBCLASSES = {9: 35, 2: 36, 7: 37, 5: 38, 8: 39}
EVERY_MASK = sum(1 << 63 - bit for bit in SUBCLASSES.values())
EXIGENT = (0, 1)
BRANCH = bytes.fromhex("a7f40000")


@pytest.fixture
def machine() -> Machine:
    """Two CPUs that branch to themselves, disabled, with a handler of machine checks."""
    machine = Machine(1 << 20, cpus=2)
    machine.load_storage(0x1E0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    for cpu in machine.cpus:
        machine.load_storage(START + 0x100 * cpu.address, BRANCH)
        let_run(cpu, IO_MASK)
    machine.load_storage(HANDLER, BRANCH)
    return machine


def let_run(cpu: Cpu, mask: int) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, START + 0x100 * cpu.address))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING


def code(machine: Machine) -> int:
    """The conditions in the machine-check-interruption code, which are bits 0-15."""
    return machine.storage.read_integer(0xE8, 8) >> 48 << 48


@pytest.mark.parametrize("bit", SUBCLASSES)
def test_each_repressible_condition_has_its_mask(machine: Machine, bit: int) -> None:
    cpu = machine.cpus[0]
    machine.report_machine_check(1 << 63 - bit)
    cpu.set_control_register(14, EVERY_MASK & ~(1 << 63 - SUBCLASSES[bit]))
    assert machine_checks.enabled(cpu) == 0
    cpu.set_control_register(14, 1 << 63 - SUBCLASSES[bit])
    assert machine_checks.enabled(cpu) == 1 << 63 - bit


@pytest.mark.parametrize("bit", EXIGENT)
def test_an_exigent_condition_has_none(machine: Machine, bit: int) -> None:
    machine.report_machine_check(1 << 63 - bit)
    machine.cpus[0].set_control_register(14, 0)
    assert machine_checks.enabled(machine.cpus[0]) == 1 << 63 - bit


@pytest.mark.parametrize(("bit", "floats"), ((9, True), (2, False), (0, False)))
def test_only_a_channel_report_floats(machine: Machine, bit: int, floats: bool) -> None:
    machine.report_machine_check(1 << 63 - bit, cpu=1)
    assert machine_checks.pending(machine.cpus[1]) == 1 << 63 - bit
    assert bool(machine_checks.pending(machine.cpus[0])) is floats


@pytest.mark.parametrize("conditions", (0, 1, 1 << 63 - 3, 1 << 63 - 9 | 1 << 40))
def test_what_is_no_condition(machine: Machine, conditions: int) -> None:
    with pytest.raises(ValueError, match=r"^expected machine-check conditions, some of e5c0000000000000, not "):
        machine.report_machine_check(conditions)


@pytest.mark.parametrize("cpu", (-1, 2))
def test_a_cpu_that_is_not_there(machine: Machine, cpu: int) -> None:
    with pytest.raises(ValueError, match=rf"^expected the address of a CPU, 0 to 1, not {cpu}$"):
        machine.report_machine_check(1 << 63, cpu)
    assert not any(map(machine_checks.pending, machine.cpus))


def test_one_that_becomes_pending_is_taken_when_the_machine_goes_on(machine: Machine) -> None:
    cpu = machine.cpus[0]
    let_run(cpu, MACHINE_CHECK_MASK)
    cpu.set_control_register(14, EVERY_MASK)
    machine.run(10)
    machine.report_machine_check(1 << 63 - 2)
    machine.run(10)
    assert code(machine) == 1 << 63 - 2
    assert cpu.instruction_address == HANDLER
    assert machine_checks.pending(cpu) == 0


def test_a_channel_report_is_taken_once(machine: Machine) -> None:
    for cpu in machine.cpus:
        let_run(cpu, MACHINE_CHECK_MASK)
        cpu.set_control_register(14, EVERY_MASK)
    machine.report_machine_check(1 << 63 - 9)
    machine.run(2_000_000)
    assert [cpu.instruction_address for cpu in machine.cpus] == [HANDLER, START + 0x100]


@pytest.mark.parametrize("mask", (0, EXTERNAL_MASK, WAIT))
def test_an_exigent_one_stops_a_cpu_that_is_disabled_and_alerts_the_others(machine: Machine, mask: int) -> None:
    let_run(machine.cpus[0], mask)
    machine.cpus[1].state = CpuState.STOPPED
    machine.report_machine_check(1 << 63)
    stop = machine.run(10)
    assert (stop.kind, stop.cpu) == (StopKind.CHECK_STOP, 0)
    assert stop.text == "check-stop: an exigent machine check, for which the CPU is disabled"
    assert machine.cpus[1].pending.malfunction_alert == {0}
    assert code(machine) == 0


@pytest.mark.parametrize("goes_on", (Machine.run, Machine.step))
def test_it_ends_an_endless_loop_that_has_been_recognised(goes_on: Callable[[Machine], Stop | None]) -> None:
    machine = Machine(1 << 20)
    machine.load_storage(START, BRANCH)
    let_run(machine.cpus[0], 0)
    assert machine.run().kind is StopKind.ENDLESS_LOOP
    machine.report_machine_check(1 << 63)
    goes_on(machine)
    assert machine.cpus[0].state is CpuState.CHECK_STOP
    stop = machine.run()
    assert (stop.kind, stop.cpu) == (StopKind.CHECK_STOP, 0)


@pytest.mark.parametrize("before", (True, False))
def test_a_check_stop_is_no_interruption_that_a_stop_waits_for(machine: Machine, *, before: bool) -> None:
    let_run(machine.cpus[0], EXTERNAL_MASK)
    machine.stops.add(AtInterruption("machine-check", before=before))
    machine.report_machine_check(1 << 63)
    machine.cpus[1].state = CpuState.STOPPED
    assert machine.run(10).kind is StopKind.CHECK_STOP


@pytest.mark.parametrize("before", (True, False))
def test_a_stop_waits_for_the_conditions(machine: Machine, *, before: bool) -> None:
    cpu = machine.cpus[0]
    let_run(cpu, MACHINE_CHECK_MASK)
    cpu.set_control_register(14, EVERY_MASK)
    machine.stops.add(AtInterruption("machine-check", codes=frozenset({1 << 54}), before=before))
    machine.report_machine_check(1 << 61)
    machine.run(10)
    assert machine_checks.pending(cpu) == 0
    machine.report_machine_check(1 << 54)
    let_run(cpu, MACHINE_CHECK_MASK)
    stop = machine.run(10)
    assert (stop.kind, stop.is_before) == (StopKind.STOP_POINT, before)
    assert machine_checks.pending(cpu) == (1 << 54 if before else 0)


def test_a_stopped_cpu_keeps_it(machine: Machine) -> None:
    machine.cpus[1].state = CpuState.STOPPED
    machine.report_machine_check(1 << 63, cpu=1)
    machine.run(10)
    assert machine.cpus[1].state is CpuState.STOPPED
    let_run(machine.cpus[1], MACHINE_CHECK_MASK)
    machine.run(2_000_000)
    assert machine.cpus[1].instruction_address == HANDLER


def test_a_reset_of_the_cpu_forgets_its_own(machine: Machine) -> None:
    machine.report_machine_check(1 << 63 - 2 | 1 << 63 - 9)
    reset_cpu(machine.cpus[0], initial=False)
    assert machine_checks.pending(machine.cpus[0]) == 1 << 63 - 9
