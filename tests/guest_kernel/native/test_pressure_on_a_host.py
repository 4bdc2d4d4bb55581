# SPDX-License-Identifier: GPL-2.0-or-later
"""The native program pressure on hosts that have less real storage than its guests have memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.devices.sclp import Sclp
from emu.machine import MEGABYTE, Machine, Stop, StopKind
from emu.page_states import Profile
from emu.program import read_program
from host.monitor import Monitor
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from host.policies import Policy
from host.turns import run_in_turn

IMAGE = Path(__file__).parents[3] / "guest_kernel" / "native" / "images" / "pressure.elf"
MEMORY = 5 * MEGABYTE
PASSED = 0xFFF


class Console:
    """Keeps what a guest writes."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, data: bytes) -> None:
        """Take *data*."""
        self.text += data.decode()

    def counter(self, name: str) -> int:
        """The number that the program printed as *name*."""
        (number,) = (int(line.split()[1]) for line in self.text.splitlines() if line.split()[:1] == [name])
        return number


def make_guests(
    manager: PageManager, *, guests: int = 1, cpus: int = 1, profile: Profile = Profile.ZVM, words: str = ""
) -> list[Machine]:
    """Machines with the program in them, each with another seed."""
    program = read_program(IMAGE)
    machines = []
    for number in range(guests):
        machine = Machine(MEMORY, cpus=cpus, profile=profile, hypervisor=manager.guest())
        machine.sclp.console = Console()
        program.load(machine, f"rounds=1 cpus={cpus} seed={number + 1} {words}")
        machines.append(machine)
    return machines


def console(machine: Machine) -> Console:
    """What the guest of *machine* has written."""
    found = machine.sclp.console
    assert isinstance(machine.sclp, Sclp)
    assert isinstance(found, Console)
    return found


def expect_passed(machines: list[Machine], stops: list[Stop]) -> None:
    """Every guest has verified every byte and found no error."""
    for machine, stop in zip(machines, stops, strict=True):
        assert stop.kind is StopKind.DISABLED_WAIT, stop.text
        assert stop.psw.address == PASSED, console(machine).text
        assert console(machine).counter("errors") == 0
        assert console(machine).counter("verified-pages") > 0


@pytest.mark.parametrize("share", (100, 50, 25, 10))
@pytest.mark.parametrize(("guests", "cpus"), ((1, 1), (1, 2), (2, 1), (2, 2)))
def test_nothing_is_lost(share: int, guests: int, cpus: int) -> None:
    pages = guests * MEMORY // 4096
    with PagingDevice(None, pages) as device:
        manager = PageManager(pages * share // 100, device=device)
        machines = make_guests(manager, guests=guests, cpus=cpus)
        expect_passed(machines, run_in_turn(machines))
        for machine, guest in zip(machines, manager.guests, strict=True):
            pages_moved = guest.statistics.page_outs + guest.statistics.discards
            if share == 100:
                assert pages_moved == 0
            else:
                assert guest.statistics.page_outs > 0
                assert guest.statistics.page_ins > 0
                assert guest.statistics.discards_volatile > 0
                assert console(machine).counter("discard-faults") > 0
                assert console(machine).counter("guest-re-reads") > 0
            assert console(machine).counter("addressing-faults") == 0


@pytest.mark.parametrize("profile", (Profile.KVM, Profile.OFF))
def test_profiles_without_discard_faults(profile: Profile) -> None:
    with PagingDevice(None, MEMORY // 4096) as device:
        manager = PageManager(MEMORY // 4096 // 4, device=device)
        machines = make_guests(manager, profile=profile)
        expect_passed(machines, run_in_turn(machines))
        statistics = manager.guests[0].statistics
        assert statistics.page_outs > 0
        assert statistics.discard_faults == 0
        assert statistics.discards_volatile == statistics.discards_potentially_volatile == 0
        assert bool(statistics.discards_unused) is (profile is Profile.KVM)


@pytest.mark.parametrize("policy", tuple(Policy))
def test_policies(policy: Policy) -> None:
    with PagingDevice(None, MEMORY // 4096) as device:
        manager = PageManager(MEMORY // 4096 // 4, device=device, policy=policy)
        machines = make_guests(manager)
        expect_passed(machines, run_in_turn(machines))


def test_hints_save_paging_and_a_run_repeats_to_the_bit() -> None:
    moved = {}
    for name, profile in (("hints", Profile.ZVM), ("again", Profile.ZVM), ("none", Profile.OFF)):
        with PagingDevice(None, MEMORY // 4096) as device:
            manager = PageManager(MEMORY // 4096 // 2, device=device)
            machines = make_guests(manager, profile=profile)
            expect_passed(machines, run_in_turn(machines))
            written = console(machines[0])
            guest_io = written.counter("guest-reads") + written.counter("guest-writes")
            moved[name] = (device.writes, device.reads, guest_io, machines[0].executed, written.text)
    assert moved["hints"] == moved["again"]
    # The paper's argument: one read of the guest instead of a write and a read of the host.
    assert sum(moved["hints"][:2]) < sum(moved["none"][:2])
    assert sum(moved["hints"][:3]) < sum(moved["none"][:3])


def test_the_balloon_is_asked_for_and_gives() -> None:
    with PagingDevice(None, MEMORY // 4096) as device:
        manager = PageManager(MEMORY // 4096 // 2, device=device)
        monitor = Monitor(manager, 500_000)
        machines = make_guests(manager, profile=Profile.OFF, words="balloon=on")
        manager.add_attendant(monitor)
        expect_passed(machines, run_in_turn(machines))
        assert monitor.requests > 0
        assert console(machines[0]).counter("balloon-pages") > 0
        assert manager.guests[0].statistics.released > 0


def test_writes_that_fail_now_and_then_lose_nothing() -> None:
    with PagingDevice(None, MEMORY // 4096) as device:
        manager = PageManager(MEMORY // 4096 // 4, device=device)
        for nth in range(3, 2000, 7):
            device.faults.fail_write(nth)
        machines = make_guests(manager)
        expect_passed(machines, run_in_turn(machines))
        assert manager.guests[0].statistics.failed_writes > 0


@pytest.mark.parametrize("fault", ("corrupt_read", "short_read", "fail_read"))
def test_a_bad_read_ends_the_run_and_names_the_page(fault: str) -> None:
    with PagingDevice(None, MEMORY // 4096) as device:
        manager = PageManager(MEMORY // 4096 // 4, device=device)
        getattr(device.faults, fault)(100)
        machines = make_guests(manager)
        (stop,) = run_in_turn(machines)
        assert stop.kind is StopKind.HOST_FAILURE
        assert stop.text.startswith("guest 0, page 0x")
        assert "slot" in stop.text


def test_a_device_that_is_too_small_ends_the_run_only_when_nothing_is_left() -> None:
    with PagingDevice(None, 200) as device:
        manager = PageManager(MEMORY // 4096 // 4, device=device)
        machines = make_guests(manager)
        (stop,) = run_in_turn(machines)
        assert stop.kind is StopKind.HOST_FAILURE
        assert "200 of its 200 slots are in use" in stop.text
        assert manager.guests[0].statistics.discards_volatile > 0
