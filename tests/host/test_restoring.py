# SPDX-License-Identifier: GPL-2.0-or-later
"""The state of a host: all of it is declared, and a host that was made anew goes on from it as the first one would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from emu.hypervisor import HostFailure
from emu.isa.assembler import encode
from emu.page_states import Profile
from emu.saving import restore, save
from emu.state import StateError, differences, restore_state, state_of
from emu.undeclared import undeclared
from host.accounting import Series
from host.monitor import Monitor
from host.plan import (
    AtAccess,
    AtInstruction,
    AtWork,
    EvictFrame,
    FailWrite,
    PressurePlan,
    PressureStep,
    Resize,
    TakeSample,
)
from host.plan_runner import PlanRunner
from host.policies import Policy
from host.turns import GuestTurns
from tests.host.conftest import PROGRAM_ADDRESS, Hosted, MakeHost
from tests.support.general import stg

FIRST, ROUND = 0x40000, 32
"""Where the pages of the program begin, and in how many iterations, of four pages each, it goes through them."""


def program(profile: Profile) -> bytes:
    """Go through the pages again and again: make each stable, store a counter, and declare what it is worth then.

    Nothing is ever lost that is looked at, since a page that was discarded becomes stable, and zero, first.
    """
    inner = b""
    for worth in (1, 2, 3, 4):
        before, after = (encode("ESSA", r1=5, r2=2, m3=request) for request in (1, worth))
        inner += stg(1, 0, 2) if profile is Profile.OFF else before + stg(1, 0, 2) + after
        inner += bytes.fromhex("a71b0001 b9080027")  # AGHI 1,1; AGR 2,7
    inner += bytes.fromhex("a737") + (-len(inner) // 2 & 0xFFFF).to_bytes(2, "big")  # BRCTG 3
    start = bytes.fromhex("b9040026 b9040038")  # LGR 2,6; LGR 3,8
    code = start + inner
    return code + bytes.fromhex("a7f4") + (-len(code) // 2 & 0xFFFF).to_bytes(2, "big")


STEPS = (
    PressureStep(AtWork(3000, every=5000), TakeSample(), label="now and then"),
    PressureStep(AtWork(20_000, every=9000, rounds=4), FailWrite(nth=3, times=2), guest=1),
    PressureStep(AtWork(60_000), Resize(90)),
    PressureStep(AtAccess(FIRST + 0x5000, count=9), EvictFrame(FIRST + 0x5000)),
    PressureStep(AtAccess(FIRST + 0x9000, count=20), EvictFrame(FIRST + 0x9000)),
    PressureStep(AtInstruction(PROGRAM_ADDRESS, count=30), EvictFrame(FIRST), guest=1),
)


@dataclass
class World:
    """A host with two guests that want twice the frames there are, and with all that may attend it."""

    hosted: Hosted
    runner: PlanRunner
    monitor: Monitor
    series: Series
    turns: GuestTurns

    def state(self) -> dict[str, Any]:
        """Of machines, host and turns."""
        return save(*self.hosted.machines, host=self.hosted.manager) | {"turns": state_of(self.turns)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from *state*."""
        restore(state, *self.hosted.machines, host=self.hosted.manager)
        restore_state(self.turns, state["turns"])


MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(make_host: MakeHost) -> MakeWorld:
    """Make a world of a profile and a policy."""

    def make(
        profile: Profile = Profile.ZVM, policy: Policy = Policy.LRU, steps: tuple[PressureStep, ...] = STEPS
    ) -> World:
        hosted = make_host(100, guests=2, profile=profile, policy=policy, slots=220)
        series = Series(4000)
        runner = PlanRunner(PressurePlan(STEPS), hosted.manager, series=series)
        monitor = Monitor(hosted.manager, 7000)
        for attendant in (runner, monitor, series):
            hosted.manager.add_attendant(attendant)
        for machine in hosted.machines:
            cpu = machine.cpus[0]
            cpu.gr[6], cpu.gr[7], cpu.gr[8] = FIRST, 0x1000, ROUND
            machine.messages.authorize(0x3F000, 169, special=True)
            machine.load_storage(PROGRAM_ADDRESS, program(profile))
        return World(hosted, runner, monitor, series, GuestTurns(hosted.machines, turn=3000))

    return make


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = msgspec.msgpack.decode(msgspec.msgpack.encode(state), strict=False)
    return read


@pytest.mark.parametrize(
    ("profile", "policy", "moment"),
    (
        pytest.param(Profile.ZVM, Policy.LRU, 0, marks=pytest.mark.long),
        (Profile.ZVM, Policy.LRU, 25_000),
        pytest.param(Profile.ZVM, Policy.VOLATILE_FIRST, 71_000, marks=pytest.mark.long),
        pytest.param(Profile.KVM, Policy.LRU, 71_000, marks=pytest.mark.long),
        (Profile.KVM, Policy.UNUSED_FIRST, 25_000),
        (Profile.OFF, Policy.LRU, 71_000),
    ),
)
def test_a_new_host_goes_on_as_the_first_would(
    make_world: MakeWorld, profile: Profile, policy: Policy, moment: int
) -> None:
    first, second = make_world(profile, policy), make_world(profile, policy)
    first.turns.run(moment)
    # While steps wait for an instruction or an access the guests run instruction by instruction.
    assert any(machine.observers for machine in first.hosted.machines) is (moment < 71_000)
    state = through_a_file(first.state())
    second.turns.run(10)
    second.restore(state)
    assert differences(state, second.state()) == []
    second.hosted.check()
    for _ in range(3):
        for world in (first, second):
            world.turns.run(9_001)
        assert differences(first.state(), second.state()) == []
    second.hosted.check()
    assert second.runner.as_dict() == first.runner.as_dict()
    assert second.monitor.as_dict() == first.monitor.as_dict()
    assert second.series.as_dict() == first.series.as_dict()
    for one, other in zip(first.hosted.manager.guests, second.hosted.manager.guests, strict=True):
        assert other.statistics == one.statistics
        assert one.statistics.page_outs > 50


def test_all_of_a_host_is_declared(make_world: MakeWorld) -> None:
    world = make_world(Profile.KVM)
    world.turns.run(30_000)
    assert world.hosted.guest._release_lists
    assert undeclared(world.hosted.manager) == []
    assert undeclared(world.hosted.machine.configuration) == []
    assert undeclared(world.turns) == []


@pytest.mark.parametrize(
    ("options", "text"),
    (
        ({"frames": 101}, r"frame pool: owner: expected \[101\] elements of int16, not \[100\] elements of int16"),
        ({"slots": 3}, r"paging device: slots: expected at least [0-9]+, not 3"),
    ),
)
def test_a_host_of_another_shape_is_refused(make_host: MakeHost, options: dict[str, int], text: str) -> None:
    first = make_host(100, guests=2, slots=220)
    for page in range(0x20, 0xA0):
        first.fill(page, page)
        first.manager.reclaim(1)
    second = make_host(**{"frames": 100, "guests": 2, "slots": 220} | options)
    with pytest.raises(StateError, match=text):
        restore_state(second.manager, state_of(first.manager))


def test_a_host_with_other_attendants_is_refused(make_host: MakeHost) -> None:
    first, second = make_host(), make_host()
    first.manager.add_attendant(Series(100))
    with pytest.raises(StateError, match=r"page manager: _attendants: expected the objects \[\], not \[0\]"):
        restore_state(second.manager, state_of(first.manager))
    second.manager.add_attendant(Monitor(second.manager, 100))
    with pytest.raises(StateError, match=r"monitor: _paged: missing in the state"):
        restore_state(second.manager, state_of(first.manager))


def test_faults_to_order_and_failed_slots_are_state(make_host: MakeHost) -> None:
    first, second = make_host(slots=3), make_host(slots=3)
    faults = first.manager.device.faults
    faults.fail_write(1)
    faults.corrupt_read(2)
    for page in (0x40, 0x41, 0x42):
        first.fill(page, page)
        first.manager.evict(0, page)
    state = through_a_file(save(first.machine, host=first.manager))
    restore(state, second.machine, host=second.manager)
    for hosted in (first, second):
        device = hosted.manager.device
        assert (device.used, device.writes, device.write_errors, device.faults.pending) == (2, 2, 1, 1)
        assert hosted.manager.evict(0, 0x40)
        assert hosted.machine.storage.read(0x41000, 8) == (0x41).to_bytes(8, "big")
        with pytest.raises(HostFailure, match="checksum"):
            hosted.machine.storage.read(0x42000, 8)
        hosted.check()
    assert differences(state_of(first.manager), state_of(second.manager)) == []
