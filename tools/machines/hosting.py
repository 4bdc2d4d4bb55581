# SPDX-License-Identifier: GPL-2.0-or-later
"""From the options of the command to the host under the guests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.input_files.sizes import format_size, parse_size
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.page_states import PageStates, Profile
    from emu.storage_keys import StorageKeys
    from host.accounting import Series
    from host.guest import Guest
    from host.monitor import Monitor
    from host.page_manager import PageManager
    from host.plan import Plan
    from host.plan_runner import PlanRunner

    NewGuest = Callable[[int, PageStates, StorageKeys, Profile], Guest]

MOST_MEMORY: Final = 1 << 40
"""1 TiB, of a host as of all its guests together: the records of more pages would fill the memory of this computer."""
MONITOR_INTERVAL: Final = 1_000_000
"""Units of a guest's work between two looks of the monitor."""


@dataclass(frozen=True, slots=True)
class HostConfiguration:
    """The host, as far as the options say it."""

    memory: int | None = None
    """Bytes of real storage; None is as much as the guests may want."""
    paging_file: Path | None = None
    paging_bytes: int | None = None
    """What the paging device holds; None is every page of the guests."""
    policy: str = "lru"
    plan: Path | None = None
    has_monitor: bool = False
    resident_unused_traps: bool = True
    sample_every: int | None = None
    """Units of work between two samples of the page states."""


@dataclass(frozen=True, slots=True)
class Host:
    """The host and what attends it."""

    manager: PageManager
    monitor: Monitor | None
    series: Series
    resident_unused_traps: bool

    def new_guest(self) -> NewGuest:
        """What makes one more guest, for its machine."""
        return self.manager.guest(resident_unused_traps=self.resident_unused_traps)


def configure_host(
    host_memory: str | None,
    *,
    paging_file: str | None,
    paging_size: str | None,
    policy: str,
    plan: str | None,
    monitor: bool,
    allow_resident_unused: bool,
    sample_every: int | None,
) -> HostConfiguration | None:
    """Check the options that describe the host, as far as they can be without the guests; None if none is given.

    :raises UsageError: naming the option and what was expected.
    """
    from host.policies import Policy

    memory = _pages("--host-memory", host_memory)
    if memory is not None and memory > MOST_MEMORY:
        raise UsageError(f"--host-memory: expected at most {format_size(MOST_MEMORY)}, not {host_memory}")
    policies = [each.value for each in Policy]
    if policy not in policies:
        raise UsageError(f"--policy: expected {', '.join(policies)}, not {policy!r}")
    described = HostConfiguration(
        memory=memory,
        paging_file=None if paging_file is None else Path(paging_file),
        paging_bytes=_pages("--paging-size", paging_size),
        policy=policy,
        plan=None if plan is None else Path(plan),
        has_monitor=monitor,
        resident_unused_traps=not allow_resident_unused,
        sample_every=sample_every,
    )
    return None if described == HostConfiguration() else described


def make_host(configuration: HostConfiguration, *, guests: int, cpus: int, memory: int) -> Host:
    """The host for so many *guests*, each with so many *cpus* and bytes of *memory*.

    :raises UsageError: if its memory is too small or its paging file unusable.
    """
    from host.accounting import Series
    from host.monitor import Monitor
    from host.page_manager import PageManager, minimum_frames
    from host.paging_device import SLOTS_MAXIMUM, PagingDevice, PagingDeviceError
    from host.policies import Policy

    wanted = guests * memory // PAGE_SIZE
    minimum = minimum_frames(guests * cpus)
    frames = wanted if configuration.memory is None else configuration.memory // PAGE_SIZE
    if frames < minimum:
        option = "--memory" if configuration.memory is None else "--host-memory"
        smallest, given = format_size(minimum * PAGE_SIZE), format_size(frames * PAGE_SIZE)
        raise UsageError(f"{option}: expected at least {smallest} for {guests} guests of {cpus} CPUs, not {given}")
    slots = wanted if configuration.paging_bytes is None else configuration.paging_bytes // PAGE_SIZE
    try:
        device = PagingDevice(configuration.paging_file, min(slots, SLOTS_MAXIMUM))
    except PagingDeviceError as reason:
        raise UsageError(f"--paging-file: {reason}") from None
    try:
        manager = PageManager(frames, device=device, policy=Policy(configuration.policy))
    except (MemoryError, OSError) as reason:
        raise UsageError(f"--host-memory: this computer cannot give so much: {reason}") from None
    return Host(
        manager,
        Monitor(manager, MONITOR_INTERVAL) if configuration.has_monitor else None,
        Series(configuration.sample_every),
        configuration.resident_unused_traps,
    )


def read_plan(configuration: HostConfiguration | None) -> Plan | None:
    """The plan that *configuration* names, if any.

    :raises UsageError: naming file, field and what was expected.
    """
    if configuration is None or configuration.plan is None:
        return None
    from host import plan_file
    from host.plan import PlanError

    try:
        return plan_file.read_plan(configuration.plan)
    except PlanError as reason:
        raise UsageError(str(reason)) from None


def attend(host: Host, plan: Plan | None) -> PlanRunner | None:
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


def _pages(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        size = parse_size(text)
    except ValueError as reason:
        raise UsageError(f"{option}: {reason}") from None
    if size % PAGE_SIZE or not size:
        raise UsageError(f"{option}: expected a multiple of 4K, not {text}")
    return size
