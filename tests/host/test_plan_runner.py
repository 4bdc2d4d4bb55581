# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans carried out on real machines: when exactly, on whom, and what must be refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from emu.control_registers import CR0_EXTERNAL_CALL
from emu.cpu import Cpu, CpuState
from emu.events import Observer
from emu.machine import MEGABYTE, StopKind
from emu.page_states import Profile, Usage
from emu.psw import ADDRESSING_MODE, DAT, EXTERNAL_MASK, Psw
from host.guest import Guest
from host.plan import (
    Action,
    AtAccess,
    AtInstruction,
    AtWork,
    CorruptRead,
    DeviceError,
    DiscardVolatile,
    EvictFrame,
    FailRead,
    FailWrite,
    PlanError,
    PressurePlan,
    PressureStep,
    Resize,
    ShortRead,
    TakeSample,
    Trigger,
)
from host.plan_file import parse_plan
from host.plan_runner import PlanRunner
from host.turns import run_in_turn
from tests.host.conftest import PROGRAM_ADDRESS, Hosted, MakeHost

PAGE = 0x40
ADDRESS = PAGE << 12
OTHER = 0x50

LOOP = bytes.fromhex("18220700a7f4ffff")
"""LR 2,2; BCR 0,0; a branch back to the second."""
LOAD_LOOP = bytes.fromhex("58203000a7f4fffe")
"""L 2,0(3); a branch back to it."""
MOVE_LOOP = bytes.fromhex("d20730003800a7f4fffd")
"""MVC 0(8,3),X'800'(3); a branch back to it."""
PURGING_LOOP = bytes.fromhex("b20d0000a7f4fffe")
"""PTLB; a branch back to it."""
WAIT = Psw(ADDRESSING_MODE | 0x0002_0000_0000_0000, 0xFFF)


class Series:
    """Stands for the time series: what was recorded, and how many instructions had ended by then."""

    def __init__(self) -> None:
        self.samples: list[tuple[int, str, int]] = []

    def sample(self, guest: Guest, label: str) -> None:
        executed = sum(cpu.executed for cpu in guest.configuration.cpus)
        self.samples.append((guest.number, label, executed))

    @property
    def executed(self) -> list[int]:
        return [executed for _, _, executed in self.samples]


class Planned:
    """A host whose guests have the program *code*, and a plan."""

    def __init__(self, hosted: Hosted, code: bytes, *steps: PressureStep, series: Series | None = None) -> None:
        self.hosted = hosted
        self.series = series or Series()
        for machine in hosted.machines:
            machine.load_storage(PROGRAM_ADDRESS, code)
            machine.load_storage(0x1D0, WAIT.to_bytes())
            machine.cpus[0].gr[3] = ADDRESS
        self.runner = PlanRunner(PressurePlan(steps), hosted.manager, series=self.series)
        hosted.manager.add_attendant(self.runner)

    @property
    def results(self) -> list[str]:
        return [done.result for done in self.runner.log]


def sample_at(trigger: Trigger, **options: Any) -> PressureStep:
    return PressureStep(trigger, TakeSample(), **options)


# By work


def test_at_work(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, PressureStep(AtWork(1000), EvictFrame(ADDRESS), label="now"))
    planned.hosted.fill(PAGE, 1)
    planned.hosted.machine.run(900)
    assert planned.runner.log == []
    assert planned.hosted.state(PAGE) == "Sr"
    planned.hosted.machine.run(200)
    (done,) = planned.runner.log
    assert (done.guest, done.step, done.label) == (0, 1, "now")
    assert (done.action, done.result) == ("evict page=0x40000", "evicted")
    # It comes at the end of a block, and a block of this loop has two instructions.
    assert 1000 <= done.work <= 1002
    assert planned.hosted.state(PAGE) == "Sp"
    planned.hosted.check()


def test_at_work_zero_is_before_the_first_instruction(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtWork(0)))
    planned.hosted.machine.run(100)
    assert planned.series.executed == [0]


def test_every(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtWork(1000, every=500, rounds=3)))
    planned.hosted.machine.run(5000)
    works = [done.work for done in planned.runner.log]
    assert [work // 10 for work in works] == [100, 150, 200]


def test_every_without_rounds_goes_on(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtWork(0, every=100)))
    planned.hosted.machine.run(1050)
    assert len(planned.series.samples) == 11


def test_moments_that_pass_together_count_once(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtWork(100, every=100, rounds=3)))
    guest, attend = planned.hosted.guest, planned.runner.attend
    assert attend(guest, 99) == 100
    assert attend(guest, 100) == 200
    assert attend(guest, 450) == 500
    assert len(planned.runner.log) == 2
    assert attend(guest, 500) is None
    assert len(planned.runner.log) == 3


def test_the_next_of_several_steps(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtWork(300)), sample_at(AtWork(200)), sample_at(AtWork(100)))
    guest, attend = planned.hosted.guest, planned.runner.attend
    assert attend(guest, 0) == 100
    assert attend(guest, 250) == 300
    assert [done.step for done in planned.runner.log] == [3, 2]


def test_steps_due_together_go_in_their_order(make_host: MakeHost) -> None:
    steps = (
        PressureStep(AtWork(10), FailWrite()),
        PressureStep(AtWork(10), EvictFrame(ADDRESS)),
        PressureStep(AtWork(10), EvictFrame(ADDRESS)),
    )
    planned = Planned(make_host(), LOOP, *steps)
    planned.hosted.fill(PAGE, 1)
    planned.hosted.machine.run(100)
    not_evicted = "not evicted: not resident, or it must stay, or could not be written"
    assert planned.results == ["ordered", not_evicted, "evicted"]


def test_nothing_is_watched_for_the_sake_of_work(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtWork(10)))
    assert planned.hosted.machine.observers == []


# By instruction


def test_the_first_instruction_of_all(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtInstruction(PROGRAM_ADDRESS)))
    planned.hosted.machine.run(20)
    assert planned.series.executed == [0]


def test_before_the_instruction(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtInstruction(PROGRAM_ADDRESS + 4)))
    planned.hosted.machine.run(20)
    assert planned.series.executed == [2]


def test_the_nth_time(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtInstruction(PROGRAM_ADDRESS + 4, count=4)))
    planned.hosted.machine.run(20)
    # The branch is the third instruction, and every other one after it.
    assert planned.series.executed == [8]


def test_an_address_that_is_never_reached(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtInstruction(PROGRAM_ADDRESS, count=2)))
    planned.hosted.machine.run(20)
    assert planned.series.samples == []
    assert planned.runner.as_dict()["not_reached"] == [1]


def test_watching_ends_with_the_last_step(make_host: MakeHost) -> None:
    steps = (sample_at(AtInstruction(PROGRAM_ADDRESS + 4)), sample_at(AtInstruction(PROGRAM_ADDRESS + 2)))
    planned = Planned(make_host(), LOOP, *steps)
    machine = planned.hosted.machine
    (observer,) = machine.observers
    machine.run(1)
    assert observer.wants_instructions
    machine.run(20)
    assert not observer.wants_instructions
    assert machine.observers == []
    assert [label for _, label, _ in planned.series.samples] == ["step 2", "step 1"]


def test_the_first_instruction_of_an_interruption_handler(make_host: MakeHost) -> None:
    handler = 0x20000
    planned = Planned(make_host(), LOOP, sample_at(AtInstruction(handler)))
    machine = planned.hosted.machine
    machine.load_storage(handler, LOOP)
    machine.load_storage(0x1B0, Psw(ADDRESSING_MODE, handler).to_bytes())
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, PROGRAM_ADDRESS))
    cpu.set_control_register(0, cpu.cr[0] | CR0_EXTERNAL_CALL)
    machine.run(5)
    cpu.pending.external_call = 0
    machine.run(5)
    assert planned.series.executed == [5]


def test_a_program_interruption_ends_its_instruction(make_host: MakeHost) -> None:
    planned = Planned(make_host(), bytes(2), sample_at(AtInstruction(PROGRAM_ADDRESS + 0x100)))
    machine = planned.hosted.machine
    machine.load_storage(0x1D0, Psw(ADDRESSING_MODE, PROGRAM_ADDRESS + 0x100).to_bytes())
    machine.load_storage(PROGRAM_ADDRESS + 0x100, LOOP)
    machine.run(5)
    assert len(planned.series.samples) == 1


def test_any_cpu_counts(make_host: MakeHost) -> None:
    planned = Planned(make_host(cpus=2), LOOP, sample_at(AtInstruction(0x20000)))
    machine = planned.hosted.machine
    machine.load_storage(0x20000, LOOP)
    other = machine.cpus[1]
    other.load_psw(Psw(ADDRESSING_MODE, 0x20000))
    machine.run(5)
    # A stopped CPU is about to execute nothing.
    assert planned.series.samples == []
    other.state = CpuState.OPERATING
    machine.run(5)
    assert len(planned.series.samples) == 1


def test_a_waiting_cpu_is_about_to_execute_nothing(make_host: MakeHost) -> None:
    planned = Planned(make_host(), bytes(2), sample_at(AtInstruction(0xFFE)))
    planned.hosted.machine.load_storage(0x1D0, Psw(WAIT.mask, 0xFFE).to_bytes())
    assert planned.hosted.machine.run(5).kind is StopKind.DISABLED_WAIT
    assert planned.series.samples == []


# By access


@pytest.mark.parametrize(("count", "executed"), ((1, 1), (2, 3), (5, 9)))
def test_at_the_nth_access(make_host: MakeHost, count: int, executed: int) -> None:
    planned = Planned(make_host(), LOAD_LOOP, sample_at(AtAccess(ADDRESS, count=count)))
    planned.hosted.machine.run(30)
    assert planned.series.executed == [executed]


def test_an_instruction_that_accesses_the_page_twice_counts_once(make_host: MakeHost) -> None:
    planned = Planned(make_host(), MOVE_LOOP, sample_at(AtAccess(ADDRESS, count=3)))
    planned.hosted.machine.run(30)
    assert planned.series.executed == [5]


def test_instruction_fetches_are_accesses(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtAccess(PROGRAM_ADDRESS, count=7)))
    planned.hosted.machine.run(30)
    assert planned.series.executed == [7]


def test_accesses_by_dynamic_address_translation(make_host: MakeHost) -> None:
    hosted = make_host()
    machine = hosted.machine
    segment_table, page_table = 0x60000, ADDRESS
    machine.load_storage(segment_table, page_table.to_bytes(8, "big"))
    for page in range(256):
        machine.load_storage(page_table + 8 * page, (page << 12).to_bytes(8, "big"))
    planned = Planned(hosted, PURGING_LOOP, sample_at(AtAccess(page_table, count=4)))
    cpu = machine.cpus[0]
    cpu.set_control_register(1, segment_table)
    cpu.load_psw(Psw(ADDRESSING_MODE | DAT, PROGRAM_ADDRESS))
    machine.run(30)
    # Fetched by the table: the first PTLB, and then each branch.
    assert planned.series.executed == [6]


def test_an_access_that_ends_in_a_discard_fault(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOAD_LOOP, sample_at(AtAccess(ADDRESS)))
    hosted = planned.hosted
    hosted.fill(PAGE, 1)
    hosted.set_state(PAGE, Usage.VOLATILE)
    assert hosted.manager.evict(0, PAGE)
    assert hosted.machine.run(30).kind is StopKind.DISABLED_WAIT
    assert len(planned.series.samples) == 1
    assert hosted.machine.counts.program_interruptions[0x1A] == 1


def test_loading_the_program_is_no_access(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOAD_LOOP, sample_at(AtAccess(ADDRESS, count=2)))
    planned.hosted.fill(PAGE, 1)
    planned.hosted.machine.run(30)
    assert planned.series.executed == [3]


def test_an_abandoned_instruction_counts_once(make_host: MakeHost) -> None:
    # MVC 0(8,3),0(4), a branch back to it: two pages, where one frame is free.
    code = bytes.fromhex("d20730004000a7f4fffd")
    hosted = make_host(16, low=0, high=4)
    steps = (sample_at(AtAccess(ADDRESS, count=2)), sample_at(AtAccess(OTHER << 12, count=2)))
    planned = Planned(hosted, code, *steps)
    hosted.machine.cpus[0].gr[4] = OTHER << 12
    for page in range(0x80, 0x80 + hosted.manager.pool.free_count - 1):
        hosted.fill(page, page)
    hosted.machine.run(30)
    assert hosted.manager.statistics.shortages == 1
    assert planned.series.executed == [3, 3]
    hosted.check()


def test_two_steps_wait_for_one_page(make_host: MakeHost) -> None:
    steps = (sample_at(AtAccess(ADDRESS, count=4)), sample_at(AtAccess(ADDRESS, count=2)))
    planned = Planned(make_host(), LOAD_LOOP, *steps)
    planned.hosted.machine.run(30)
    assert planned.series.samples == [(0, "step 2", 3), (0, "step 1", 7)]
    assert planned.hosted.machine.observers == []
    assert planned.hosted.guest._watched == {}


def test_the_page_is_evicted_after_the_access_and_comes_back(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOAD_LOOP, PressureStep(AtAccess(ADDRESS, count=2), EvictFrame(ADDRESS)))
    hosted = planned.hosted
    hosted.fill(PAGE, 0x11223344_55667788)
    hosted.machine.run(3)
    assert planned.results == ["evicted"]
    assert hosted.state(PAGE) == "Sp"
    hosted.machine.cpus[0].gr[2] = 0
    hosted.machine.run(10)
    assert hosted.state(PAGE) == "Sr"
    assert hosted.machine.cpus[0].gr[2] == 0x11223344
    assert hosted.guest.statistics.page_ins == 1
    hosted.check()


def test_execution_is_the_same_while_watched(make_host: MakeHost) -> None:
    outcomes = []
    for steps in ((), (sample_at(AtAccess(ADDRESS, count=500)), sample_at(AtInstruction(0x12344)))):
        planned = Planned(make_host(), MOVE_LOOP, *steps)
        planned.hosted.fill(PAGE, 7)
        machine = planned.hosted.machine
        machine.run(2000)
        outcomes.append((machine.executed, machine.timing.work, machine.cpus[0].psw, list(machine.cpus[0].gr)))
    assert outcomes[0] == outcomes[1]


# Actions


def test_resize(make_host: MakeHost) -> None:
    steps = (PressureStep(AtWork(10), Resize(20)), PressureStep(AtWork(100), Resize(256)))
    planned = Planned(make_host(256), LOOP, *steps)
    hosted = planned.hosted
    for page in range(0x80, 0xC0):
        hosted.fill(page, page)
    hosted.machine.run(50)
    assert hosted.manager.pool.capacity == 20
    assert hosted.manager.pool.used <= 20
    hosted.machine.run(100)
    assert hosted.manager.pool.capacity == 256
    assert [result.partition(" ")[2] for result in planned.results] == ["of 20 frames in use", "of 256 frames in use"]
    hosted.check()


def test_discard_volatile(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, PressureStep(AtWork(10), DiscardVolatile()))
    hosted = planned.hosted
    for page in (PAGE, OTHER):
        hosted.fill(page, 1)
    hosted.set_state(PAGE, Usage.VOLATILE)
    hosted.machine.run(50)
    assert (hosted.state(PAGE), hosted.state(OTHER)) == ("Vz", "Sr")
    assert planned.results == ["1 pages dropped"]
    hosted.check()


def test_fail_write(make_host: MakeHost) -> None:
    steps = (
        PressureStep(AtWork(10), FailWrite(nth=2, error=DeviceError.ENOSPC)),
        PressureStep(AtWork(10), EvictFrame(ADDRESS)),
        PressureStep(AtWork(10), EvictFrame(OTHER << 12)),
    )
    planned = Planned(make_host(), LOOP, *steps)
    hosted = planned.hosted
    for page in (PAGE, OTHER):
        hosted.fill(page, 1)
    hosted.machine.run(50)
    assert (hosted.state(PAGE), hosted.state(OTHER)) == ("Sp", "Sr")
    hosted.check()


@pytest.mark.parametrize("action", (FailRead(), CorruptRead(), ShortRead()))
def test_faults_of_reads_end_the_run(make_host: MakeHost, action: Action) -> None:
    planned = Planned(
        make_host(), LOAD_LOOP, PressureStep(AtWork(0), EvictFrame(ADDRESS)), PressureStep(AtWork(0), action)
    )
    planned.hosted.fill(PAGE, 1)
    stop = planned.hosted.machine.run(50)
    assert stop.kind is StopKind.HOST_FAILURE
    assert "guest 0, page 0x40, slot 0" in stop.text
    assert planned.results == ["evicted", "ordered"]


def test_a_sample_has_the_label_of_the_step(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, sample_at(AtWork(0), label="begin"), sample_at(AtWork(0)))
    planned.hosted.machine.run(5)
    assert planned.series.samples == [(0, "begin", 0), (0, "step 2", 0)]


# Several guests


def test_steps_belong_to_their_guests(make_host: MakeHost) -> None:
    steps = (
        PressureStep(AtWork(500), EvictFrame(ADDRESS), guest=1),
        sample_at(AtAccess(ADDRESS, count=3), guest=1),
        sample_at(AtInstruction(PROGRAM_ADDRESS, count=2), guest=0),
    )
    planned = Planned(make_host(guests=2), LOAD_LOOP, *steps)
    hosted = planned.hosted
    for guest in (0, 1):
        hosted.fill(PAGE, 1, guest)
    run_in_turn(hosted.machines, 1000, turn=100)
    assert [(done.guest, done.step) for done in planned.runner.log] == [(0, 3), (1, 2), (1, 1)]
    assert hosted.manager.guests[0].statistics.page_outs == 0
    assert hosted.manager.guests[1].statistics.page_outs == 1
    hosted.check()


# Before anything runs


@pytest.mark.parametrize(
    ("fields", "message"),
    (
        ('guest = 2\nat_work = 0\ndo = "sample"', "2: step 1: guest: expected the number of a guest, 0 to 1, not 2"),
        (
            'at_access = "0x100000"\ndo = "discard-volatile"',
            "2: step 1: at_access: expected a page of guest 0, below 0x100000, not 0x100000",
        ),
        (
            'at_work = 0\nguest = 1\ndo = "evict"\npage = 0x101000',
            "5: step 1: page: expected a page of guest 1, below 0x100000, not 0x101000",
        ),
        (
            'at_work = 0\ndo = "resize"\nframes = 257',
            "4: step 1: frames: expected at most the 256 frames that the host has, not 257",
        ),
        (
            'at_work = 0\ndo = "resize"\nsize = "2M"',
            "1: step 1: frames: expected at most the 256 frames that the host has, not 512",
        ),
        ('at_work = 0\ndo = "sample"', "3: step 1: do: sample: there is no time series to record in"),
    ),
)
def test_plans_that_do_not_fit(make_host: MakeHost, fields: str, message: str) -> None:
    hosted = make_host(256, guests=2)
    plan = parse_plan(f"[[step]]\n{fields}\n", "x.toml")
    with pytest.raises(PlanError) as raised:
        PlanRunner(plan, hosted.manager)
    assert str(raised.value) == f"x.toml:{message}"
    assert all(machine.observers == [] for machine in hosted.machines)


def test_the_last_page_fits(make_host: MakeHost) -> None:
    last = MEGABYTE - 0x1000
    plan = PressurePlan((PressureStep(AtAccess(last), EvictFrame(last)), PressureStep(AtWork(0), Resize(256))))
    assert PlanRunner(plan, make_host(256).manager).log == []


# The report


def test_report(make_host: MakeHost) -> None:
    planned = Planned(make_host(), LOOP, PressureStep(AtWork(10), FailRead(), label="x"), sample_at(AtWork(1_000_000)))
    planned.hosted.machine.run(100)
    (done,) = planned.runner.log
    assert planned.runner.as_dict() == {
        "done": [
            {
                "guest": 0,
                "work": done.work,
                "step": 1,
                "label": "x",
                "action": "fail-read nth=1 times=1",
                "result": "ordered",
            }
        ],
        "not_reached": [2],
    }


def test_the_same_plan_does_the_same_again(make_host: MakeHost) -> None:
    steps = (
        PressureStep(AtWork(100, every=70), DiscardVolatile()),
        PressureStep(AtAccess(ADDRESS, count=20), EvictFrame(ADDRESS)),
        PressureStep(AtInstruction(PROGRAM_ADDRESS, count=30), Resize(100)),
    )
    logs = []
    for _ in range(2):
        planned = Planned(make_host(), LOAD_LOOP, *steps)
        planned.hosted.fill(PAGE, 1)
        planned.hosted.machine.run(1000)
        logs.append(planned.runner.log)
    assert logs[0] == logs[1]
    assert {done.step for done in logs[0]} == {1, 2, 3}


def test_discard_volatile_drops_what_the_profile_lets_it_drop(make_host: MakeHost) -> None:
    """The host of KVM drops unused pages only (reference 6.2), and writes nothing for the sake of the plan."""
    hosted = make_host(profile=Profile.KVM)
    planned = Planned(hosted, LOOP, PressureStep(AtWork(10), DiscardVolatile()))
    for page, usage in ((PAGE, Usage.VOLATILE), (OTHER, Usage.UNUSED)):
        hosted.fill(page, 1)
        hosted.set_state(page, usage)
    hosted.machine.run(50)
    assert planned.results == ["1 pages dropped"]
    assert (hosted.state(PAGE), hosted.state(OTHER)) == ("Vr", "Up")
    assert hosted.manager.device.writes == 0


def test_another_observer_misses_nothing_when_watching_ends(make_host: MakeHost) -> None:
    class Addresses(Observer):
        wants_instructions = True

        def __init__(self) -> None:
            self.found: list[int] = []

        def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
            self.found.append(address - PROGRAM_ADDRESS)

    planned = Planned(make_host(), LOOP, sample_at(AtInstruction(PROGRAM_ADDRESS + 4, count=2)))
    machine, other = planned.hosted.machine, Addresses()
    machine.observers.append(other)
    machine.run(6)
    assert len(planned.series.samples) == 1
    assert other.found == [0, 2, 4, 2, 4, 2]
