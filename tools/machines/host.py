# SPDX-License-Identifier: GPL-2.0-or-later
"""From the options of the command to the host under the guests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.input_files.sizes import format_size
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.page_states import PageStates, Profile
    from emu.storage_keys import StorageKeys
    from host.accounting import Series
    from host.guest import Guest
    from host.monitor import Monitor
    from host.page_manager import PageManager
    from host.plan import PressurePlan
    from host.plan_runner import PlanRunner
    from tools.machines.options import HostOptions

    NewGuest = Callable[[int, PageStates, StorageKeys, Profile], Guest]

MONITOR_INTERVAL: Final = 1_000_000
"""Units of a guest's work between two looks of the monitor."""


@dataclass(frozen=True, slots=True)
class HostSetup:
    """The host and what attends it."""

    manager: PageManager
    monitor: Monitor | None
    series: Series
    resident_unused_traps: bool

    def new_guest(self) -> NewGuest:
        """What makes one more guest, for its machine."""
        return self.manager.guest(resident_unused_traps=self.resident_unused_traps)


def make_host(options: HostOptions, *, guests: int, cpus: int, memory: int) -> HostSetup:
    """The host for a number of *guests*, each with so many *cpus* and bytes of *memory*.

    :raises UsageError: if its memory is too small or its paging file unusable.
    """
    from host.accounting import Series
    from host.monitor import Monitor
    from host.page_manager import PageManager, minimum_frames
    from host.paging_device import PagingDevice
    from host.paging_file import SLOTS_MAXIMUM, PagingDeviceError

    wanted = guests * memory // PAGE_SIZE
    minimum = minimum_frames(guests * cpus)
    frames = wanted if options.memory is None else options.memory // PAGE_SIZE
    if frames < minimum:
        option = "--memory" if options.memory is None else "--host-memory"
        smallest, given = format_size(minimum * PAGE_SIZE), format_size(frames * PAGE_SIZE)
        raise UsageError(f"{option}: expected at least {smallest} for {guests} guests of {cpus} CPUs, not {given}")
    slots = wanted if options.paging_size is None else options.paging_size // PAGE_SIZE
    try:
        device = PagingDevice(options.paging_file, min(slots, SLOTS_MAXIMUM))
    except PagingDeviceError as reason:
        raise UsageError(f"--paging-file: {reason}") from None
    try:
        manager = PageManager(frames, device=device, policy=options.policy)
    except (MemoryError, OSError) as reason:
        raise UsageError(f"--host-memory: this computer cannot give so much: {reason}") from None
    return HostSetup(
        manager,
        Monitor(manager, MONITOR_INTERVAL) if options.monitor else None,
        Series(options.sample_every),
        not options.allow_resident_unused,
    )


def plan_of(options: HostOptions | None) -> PressurePlan | None:
    """The plan that *options* names, if any.

    :raises UsageError: naming file, field and what was expected.
    """
    if options is None or options.plan is None:
        return None
    from host import plan_file
    from host.plan import PlanError

    try:
        return plan_file.read_plan(options.plan)
    except PlanError as reason:
        raise UsageError(str(reason)) from None


def start_attendants(host: HostSetup, plan: PressurePlan | None) -> PlanRunner | None:
    """Let plan, monitor and series attend the host, whose guests are all there now; give what executes the plan.

    :raises UsageError: if the plan does not fit the guests.
    """
    manager, runner = host.manager, None
    if plan is not None:
        from host.plan import PlanError
        from host.plan_runner import PlanRunner

        try:
            runner = PlanRunner(plan, manager, series=host.series)
        except PlanError as reason:
            raise UsageError(str(reason)) from None
    for attendant in (runner, host.monitor, None if host.series.interval is None else host.series):
        if attendant is not None:
            manager.add_attendant(attendant)
    return runner
