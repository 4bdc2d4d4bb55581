# SPDX-License-Identifier: GPL-2.0-or-later
"""What the run loop does with a CPU between two instructions: stop, restart, interruptions (PoP 4, "Stopped, Operating,
Load, and Check-Stop States"; 6, "Restart Interruption" and "Priority of Interruptions")."""

from __future__ import annotations

import pytest

from emu.cpu import CpuState
from emu.lowcore import EXTERNAL_NEW_PSW
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, WAIT, Psw
from emu.running.stopping.kinds import AtInterruption
from emu.running.stops import StopKind
from tests.support.idle_loop import HANDLER, START, IdleLoop

CLOCK_COMPARATOR = 1 << 63 - 52


@pytest.fixture
def loop() -> IdleLoop:
    return IdleLoop()


def test_a_stop_is_done_before_the_next_instruction(loop: IdleLoop) -> None:
    loop.cpu.stop_pending = True
    assert loop.loop.run(5).kind is StopKind.ALL_STOPPED
    assert (loop.cpu.state, loop.cpu.stop_pending) == (CpuState.STOPPED, False)
    assert loop.engine.runs == []


def test_a_cpu_that_is_to_stop_first_takes_what_it_is_enabled_for(loop: IdleLoop) -> None:
    loop.call(loop.cpu)
    loop.cpu.stop_pending = True
    assert loop.loop.run(5).kind is StopKind.ALL_STOPPED
    assert Psw.from_bytes(loop.machine.storage.read(0x130, 16)).address == START
    assert (loop.cpu.state, loop.cpu.instruction_address) == (CpuState.STOPPED, HANDLER)
    assert loop.engine.runs == []


def test_a_restart_of_an_operating_cpu_comes_after_its_external_interruption(loop: IdleLoop) -> None:
    loop.call(loop.cpu)
    loop.machine.storage.write(0x1A0, Psw(ADDRESSING_MODE, 0x7770).to_bytes())
    loop.cpu.restart_pending = True
    loop.loop.run(5)
    assert Psw.from_bytes(loop.machine.storage.read(0x130, 16)).address == START
    assert Psw.from_bytes(loop.machine.storage.read(0x120, 16)).address == HANDLER


@pytest.mark.parametrize("with_status", (True, False))
def test_a_stop_stores_the_status_only_if_the_order_says_so(loop: IdleLoop, with_status: bool) -> None:
    loop.cpu.stop_pending, loop.cpu.store_status_pending = True, with_status
    loop.loop.run(5)
    # The architectural mode at 163, and the PSW at 0x1300.
    assert loop.machine.storage.read(163, 1) == bytes((with_status,))
    stored = loop.machine.storage.read(0x1300, 16)
    assert stored == (Psw(ADDRESSING_MODE, START).to_bytes() if with_status else bytes(16))
    assert not loop.cpu.store_status_pending


def test_a_restart_makes_a_stopped_cpu_operate_at_the_restart_new_psw(loop: IdleLoop) -> None:
    loop.machine.storage.write(0x1A0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    loop.cpu.state, loop.cpu.restart_pending = CpuState.STOPPED, True
    loop.loop.run(5)
    assert Psw.from_bytes(loop.machine.storage.read(0x120, 16)) == Psw(ADDRESSING_MODE, START)
    assert (loop.cpu.state, loop.cpu.instruction_address) == (CpuState.OPERATING, HANDLER)
    assert not loop.cpu.restart_pending


def test_a_restart_of_a_stopped_cpu_comes_before_its_external_interruption(loop: IdleLoop) -> None:
    loop.call(loop.cpu)
    loop.cpu.state, loop.cpu.restart_pending = CpuState.STOPPED, True
    loop.machine.storage.write(0x1A0, Psw(ADDRESSING_MODE | EXTERNAL_MASK, 0x7770).to_bytes())
    loop.loop.run(5)
    assert Psw.from_bytes(loop.machine.storage.read(0x120, 16)).address == START
    assert Psw.from_bytes(loop.machine.storage.read(0x130, 16)).address == 0x7770


@pytest.mark.parametrize(("place", "kind"), ((0x1A0, "restart"), (0x1B0, "external")))
def test_an_invalid_new_psw_is_an_early_specification_exception(loop: IdleLoop, place: int, kind: str) -> None:
    if kind == "restart":
        loop.cpu.restart_pending = True
    else:
        loop.call(loop.cpu)
    invalid = Psw(1 << 63 | ADDRESSING_MODE, 0x7770)
    loop.machine.storage.write(place, invalid.to_bytes())
    loop.machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    loop.loop.run(5)
    assert loop.machine.storage.read_integer(0x8C, 4) == 6
    assert Psw.from_bytes(loop.machine.storage.read(0x150, 16)) == invalid


def test_an_interruption_is_taken_before_the_next_instruction_and_ends_a_wait(loop: IdleLoop) -> None:
    loop.call(loop.cpu, WAIT)
    loop.loop.run(5)
    assert Psw.from_bytes(loop.machine.storage.read(0x130, 16)).mask & WAIT
    assert loop.cpu.instruction_address == HANDLER
    assert loop.cpu.executed == 5


def test_a_step_takes_a_pending_interruption_and_the_next_executes_the_first_instruction_of_its_handler(
    loop: IdleLoop,
) -> None:
    loop.call(loop.cpu)
    assert loop.loop.step() is None
    assert (loop.engine.steps, loop.cpu.instruction_address) == (0, HANDLER)
    assert loop.loop.step() is None
    assert (loop.engine.steps, loop.cpu.instruction_address) == (1, HANDLER)


def test_nothing_is_executed_if_the_new_psw_waits(loop: IdleLoop) -> None:
    loop.call(loop.cpu)
    loop.machine.storage.write(0x1B0, Psw(ADDRESSING_MODE | WAIT, HANDLER).to_bytes())
    assert loop.loop.run(5).kind is StopKind.DISABLED_WAIT
    assert loop.engine.runs == []


def test_very_many_interruptions_without_an_instruction_are_a_loop(loop: IdleLoop) -> None:
    loop.load(loop.cpu, EXTERNAL_MASK, cr0=CLOCK_COMPARATOR)
    loop.machine.storage.write(0x1B0, Psw(ADDRESSING_MODE | EXTERNAL_MASK, HANDLER).to_bytes())
    loop.cpu.clock_comparator = 0
    assert loop.loop.run(5).kind is StopKind.INTERRUPTION_LOOP


def test_a_step_is_one_instruction_of_the_cpu_that_is_given() -> None:
    loop = IdleLoop(2)
    loop.load(loop.cpus[1])
    assert loop.loop.step(loop.cpus[1]) is None
    assert [engine.steps for engine in loop.engines] == [0, 1]
    assert loop.loop.step() is None
    assert [engine.steps for engine in loop.engines] == [1, 1]


def test_a_cpu_that_waits_executes_nothing(loop: IdleLoop) -> None:
    loop.load(loop.cpu, WAIT)
    assert loop.loop.step(loop.cpu) is None
    assert loop.engine.steps == 0


@pytest.mark.parametrize("way", ("free", "stepped", "stopped before"))
def test_the_interruption_that_ends_a_wait_comes_before_the_devices_that_were_due_in_it(way: str) -> None:
    """However the run is cut, so that it is the same run."""

    class Due:
        interruption_mask = 0

        def perform(self) -> None:
            seen.append(cpu.instruction_address == START)

    seen: list[bool] = []
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    machine.load_storage(EXTERNAL_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, HANDLER).to_bytes())
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK | WAIT, START))
    cpu.state = CpuState.OPERATING
    cpu.set_control_register(0, CLOCK_COMPARATOR)
    cpu.clock_comparator = machine.timing.tod + 4000
    if way == "stopped before":
        machine.stops.add(AtInterruption("external", before=True))
        assert machine.run().kind is StopKind.STOP_POINT
    machine.configuration.devices.append(Due())
    machine.configuration.not_called()
    machine.configuration.call_at(500)
    if way == "stepped":
        while machine.step() is None:
            pass
    else:
        assert machine.run().kind is StopKind.DISABLED_WAIT
    assert seen == [False]
