# SPDX-License-Identifier: GPL-2.0-or-later
"""The run loop: how far a CPU goes on, who is called in between, and what ends the run.

What comes between two instructions of a CPU is in ``test_between_instructions.py``.
"""

from __future__ import annotations

import pytest

from emu.access import NotModelled
from emu.configuration import SLICE
from emu.cpu import Cpu, CpuState
from emu.engine.exits import BUDGET_USED, ExecutedAlone, Shortage
from emu.engine.library import EngineError
from emu.events import Observer
from emu.hypervisor import NEVER, HostFailure
from emu.isa.diagnose import LoadRequested
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, IO_MASK, WAIT, Psw
from emu.running.stops import StopKind
from tests.support.idle_loop import EXTERNAL_CALL, HANDLER, START, IdleLoop

BEYOND = 0x400000
CLOCK_COMPARATOR = 1 << 63 - 52


@pytest.fixture
def loop() -> IdleLoop:
    return IdleLoop()


# How far


def test_a_budget_of_nothing_ends_the_run_before_anything_is_done(loop: IdleLoop) -> None:
    stop = loop.loop.run(0)
    assert (stop.kind, stop.cpu) == (StopKind.BUDGET, 0)
    assert loop.host.attended == loop.engine.runs == []


def test_the_engine_is_given_what_is_left_of_the_budget(loop: IdleLoop) -> None:
    loop.engine.executes = 2000
    assert loop.loop.run(5000).kind is StopKind.BUDGET
    assert [limit for _, limit, _ in loop.engine.runs] == [5000, 3000]
    assert loop.cpu.executed == 5000


def test_the_rest_of_a_budget_is_executed_instruction_by_instruction(loop: IdleLoop) -> None:
    loop.engine.executes = 990
    loop.loop.run(1000)
    assert (len(loop.engine.runs), loop.engine.steps, loop.cpu.executed) == (1, 10, 1000)


def test_the_goal_is_kept_to_the_instruction(loop: IdleLoop) -> None:
    loop.configuration.turns.end = 995
    loop.engine.executes = 990
    loop.loop.run(995)
    assert (len(loop.engine.runs), loop.engine.steps) == (1, 5)


def test_a_budget_is_one_of_all_cpus_together() -> None:
    loop = IdleLoop(2)
    loop.load(loop.cpus[1])
    loop.cpus[1].executed = 1000
    for engine in loop.engines:
        engine.executes = SLICE
    assert loop.loop.run(SLICE + 5).kind is StopKind.BUDGET
    assert [cpu.executed for cpu in loop.cpus] == [SLICE, 1005]


def test_the_engine_is_given_a_goal_no_later_than_the_end_of_the_turn(loop: IdleLoop) -> None:
    loop.configuration.turns.end = 70
    loop.loop.run(10)
    assert loop.engine.runs[0][0] == 70


def test_the_engine_is_given_a_goal_no_later_than_the_next_call(loop: IdleLoop) -> None:
    loop.host.next = 40
    loop.loop.run(10)
    assert loop.engine.runs[0][0] == 40


@pytest.mark.parametrize(("mask", "goal"), ((EXTERNAL_MASK, 11), (IO_MASK, SLICE)))
def test_the_engine_is_given_a_goal_no_later_than_a_timer_if_it_would_interrupt(mask: int, goal: int) -> None:
    loop = IdleLoop()
    loop.load(loop.cpu, mask, cr0=CLOCK_COMPARATOR)
    loop.cpu.clock_comparator = loop.configuration.timing.tod + 40
    loop.loop.run(10)
    assert loop.engine.runs[0][0] == goal


def test_a_block_that_is_longer_than_what_is_left_is_executed_instruction_by_instruction(loop: IdleLoop) -> None:
    loop.engine.executes = 0
    loop.loop.run(3)
    assert loop.engine.steps == 3


def test_an_observer_of_instructions_has_them_executed_one_by_one(loop: IdleLoop) -> None:
    class Listener(Observer):
        wants_instructions = True

    loop.configuration.observers += [Observer(), Listener()]
    loop.loop.run(3)
    assert (loop.engine.steps, loop.engine.runs) == (3, [])


def test_what_the_engine_comes_back_with_is_handled(loop: IdleLoop) -> None:
    loop.engine.ended = ExecutedAlone()
    loop.loop.run(11)
    assert loop.engine.steps == 1


def test_a_turn_ends_where_something_can_happen_to_the_cpu(loop: IdleLoop) -> None:
    loop.load(loop.cpu, EXTERNAL_MASK, cr0=EXTERNAL_CALL)
    loop.machine.storage.write(0x1B0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())

    def call() -> None:
        loop.cpu.pending.external_call = 0

    loop.engine.meanwhile = call
    loop.loop.run(20)
    assert len(loop.engine.runs) == 2
    assert Psw.from_bytes(loop.machine.storage.read(0x130, 16)).address == START


def test_the_next_cpu_gets_its_turn_when_the_work_of_one_is_over() -> None:
    loop = IdleLoop(2)
    loop.load(loop.cpus[1])
    for engine in loop.engines:
        engine.executes = SLICE
    loop.loop.run(3 * SLICE)
    assert [len(engine.runs) for engine in loop.engines] == [2, 1]


def test_a_disabled_branch_to_itself_ends_the_run_of_a_lone_cpu(loop: IdleLoop) -> None:
    loop.machine.storage.write(START, bytes.fromhex("a7f40000"))
    loop.engine.executes = SLICE
    assert loop.loop.run(10 * SLICE).kind is StopKind.ENDLESS_LOOP


def test_a_disabled_branch_to_itself_is_looked_for_only_at_the_end_of_a_turn(loop: IdleLoop) -> None:
    loop.machine.storage.write(START, bytes.fromhex("a7f40000"))
    assert loop.loop.run(25).kind is StopKind.BUDGET


def test_a_cpu_that_stops_goes_on_no_further(loop: IdleLoop) -> None:
    def stop() -> None:
        loop.cpu.state = CpuState.STOPPED

    loop.engine.meanwhile = stop
    assert loop.loop.run(1000).kind is StopKind.ALL_STOPPED
    assert loop.cpu.executed == 10


def test_a_cpu_that_begins_to_wait_goes_on_no_further(loop: IdleLoop) -> None:
    loop.engine.meanwhile = lambda: loop.load(loop.cpu, WAIT)
    assert loop.loop.run(1000).kind is StopKind.DISABLED_WAIT
    assert loop.cpu.executed == 10


def test_another_cpu_may_end_a_disabled_branch_to_itself() -> None:
    loop = IdleLoop(2)
    loop.machine.storage.write(START, bytes.fromhex("a7f40000"))
    for engine in loop.engines:
        engine.executes = SLICE
    assert loop.loop.run(10 * SLICE).kind is StopKind.BUDGET


# Requests


def test_a_request_to_stop_ends_one_run_and_not_the_next(loop: IdleLoop) -> None:
    loop.loop.stop_requested = True
    assert loop.loop.run(10).kind is StopKind.REQUESTED
    assert loop.engine.runs == []
    assert loop.loop.run(10).kind is StopKind.BUDGET


def test_a_request_to_stop_ends_the_turn(loop: IdleLoop) -> None:
    def request() -> None:
        loop.loop.stop_requested = True

    loop.engine.meanwhile = request
    assert loop.loop.run(1000).kind is StopKind.REQUESTED
    assert loop.cpu.executed == 10


def test_a_request_to_stop_is_obeyed_while_all_cpus_wait(loop: IdleLoop) -> None:
    class Operator:
        def type_input(self, work: int) -> int:
            return NEVER

        def wait(self, units: int | None) -> int | None:
            loop.loop.stop_requested = True
            return 1

    loop.load(loop.cpu, WAIT | EXTERNAL_MASK, cr0=CLOCK_COMPARATOR)
    loop.cpu.clock_comparator = loop.configuration.timing.tod + 4000
    loop.configuration.operator = Operator()
    assert loop.loop.run().kind is StopKind.REQUESTED
    assert loop.configuration.timing.work == 1


# What is due


def test_the_host_is_called_when_the_work_that_it_asked_for_is_done(loop: IdleLoop) -> None:
    loop.host.next = 20
    loop.loop.run(25)
    assert loop.host.attended == [0, 20]


def test_the_host_is_not_called_before_that(loop: IdleLoop) -> None:
    loop.host.next = 2
    for _ in range(4):
        loop.loop.step()
    assert loop.host.attended == [0, 2]


def test_whoever_looks_at_the_counts_sees_what_was_executed(loop: IdleLoop) -> None:
    """The host and the operator when they are called, others after the run, whatever ended it."""
    loop.host.next = 20
    loop.loop.run(25)
    assert loop.engine.counted_at == [0, 20, 25]
    loop.host.failure = "no more"
    loop.configuration.call_at(0)
    loop.loop.run()
    assert loop.engine.counted_at[3:] == [25, 25]


def test_devices_are_called_before_the_host(loop: IdleLoop) -> None:
    class Device:
        interruption_mask = IO_MASK

        def pending_interruption(self, cpu: Cpu) -> None:
            return None

        def perform(self) -> None:
            performed.append(list(loop.host.attended))

    performed: list[list[int]] = []
    loop.configuration.devices.append(Device())
    loop.loop.run(5)
    assert performed == [[]]


def test_the_operator_may_want_to_be_called_before_the_host(loop: IdleLoop) -> None:
    class Operator:
        def type_input(self, work: int) -> int:
            typed.append(work)
            return work + 10

    typed: list[int] = []
    loop.host.next = 1000
    loop.configuration.operator = Operator()
    loop.loop.run(25)
    assert typed == [0, 10, 20]


def test_a_host_that_fails_ends_the_run_with_its_reason(loop: IdleLoop) -> None:
    loop.host.failure = "the disk is full"
    stop = loop.loop.run(5)
    assert (stop.kind, stop.text) == (StopKind.HOST_FAILURE, "the disk is full")
    assert loop.engine.runs == []


# A page without a frame


def test_the_host_makes_room_and_the_instruction_is_tried_again(loop: IdleLoop) -> None:
    def enough() -> None:
        if len(loop.host.supplied) == 2:
            loop.engine.ended = BUDGET_USED

    loop.engine.executes, loop.engine.ended, loop.engine.meanwhile = 0, Shortage(), enough
    loop.loop.run(1000)
    # The second attempt is told that the first was in vain.
    assert loop.host.supplied == [0, 1]


# What ends a run


@pytest.mark.parametrize(
    ("reason", "kind", "text"),
    (
        (HostFailure("no frame"), StopKind.HOST_FAILURE, "no frame"),
        (LoadRequested("reboot"), StopKind.LOAD_REQUESTED, "reboot"),
        (NotModelled("SIE"), StopKind.NOT_MODELLED, "not modelled: SIE"),
        (EngineError("bad"), StopKind.ENGINE_FAILURE, "bad"),
    ),
)
def test_what_cannot_go_on_ends_the_run_and_says_why(
    loop: IdleLoop, reason: Exception, kind: StopKind, text: str
) -> None:
    def fail() -> None:
        raise reason

    loop.engine.meanwhile = fail
    stop = loop.loop.run(5)
    assert (stop.kind, stop.cpu, stop.text) == (kind, 0, text)


def test_a_cpu_without_a_prefix_area_enters_the_check_stop_state_and_alerts_all_others() -> None:
    loop = IdleLoop(3)
    loop.call(loop.cpu)
    loop.cpu.set_prefix(BEYOND)
    stop = loop.loop.run(5)
    assert [cpu.state for cpu in loop.cpus] == [CpuState.CHECK_STOP, CpuState.STOPPED, CpuState.STOPPED]
    assert [list(cpu.pending.malfunction_alert) for cpu in loop.cpus] == [[], [0], [0]]
    assert stop.kind is StopKind.CHECK_STOP
    assert stop.text.startswith("check-stop: the prefix area at 0x400000 cannot be accessed")


def test_a_clock_comparator_that_the_clock_is_never_past_ends_the_run(loop: IdleLoop) -> None:
    loop.load(loop.cpu, WAIT | EXTERNAL_MASK, cr0=CLOCK_COMPARATOR)
    loop.cpu.clock_comparator = (1 << 64) - 1
    assert loop.loop.run().kind is StopKind.NOTHING_TO_WAIT_FOR
