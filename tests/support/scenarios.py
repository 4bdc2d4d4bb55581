# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios in tests: a small machine with two CPUs, two files, and a host that does what steps ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from emu.machine import Machine
from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
from guest_kernel.scripted.scenarios.runner import Listener, ScenarioRunner
from guest_kernel.scripted.scenarios.scenario import (
    Boot,
    File,
    HostSettings,
    KernelSettings,
    MachineSettings,
    Note,
    Scenario,
    ScenarioError,
    Step,
)
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.support.processes import BASE

PAGES = 512
PAGE = 4096
AT = BASE
"""Where processes map things."""
FILES = (File(name="data", pages=60), File(name="log", pages=5, dirty_accounting=False))


def scenario(*steps: Step, **settings: Any) -> Scenario:
    """A scenario of a small machine that boots and does *steps*; *settings* are the kernel's."""
    return Scenario(
        description="test",
        machine=MachineSettings(pages=PAGES, cpus=2),
        kernel=KernelSettings(**settings),
        host=HostSettings(),
        files=FILES,
        steps=(Boot(), *steps),
    )


class Host(Listener):
    """A host with a page manager."""

    def __init__(self, manager: PageManager) -> None:
        self.manager = manager
        self.notes: list[Note] = []
        self.seen: list[PageFinding] = []

    def host_discards(self, pages: Collection[int] | None) -> None:
        if pages is None:
            self.manager.discard_volatile()
            return
        self.manager.discard(0, pages)

    def host_evicts(self, page: int) -> bool:
        return self.manager.evict(0, page)

    def noted(self, step: Note) -> None:
        self.notes.append(step)

    def page_seen(self, step: object, finding: PageFinding) -> None:
        self.seen.append(finding)


@contextmanager
def hosted(*steps: Step, frames: int = PAGES, **settings: Any) -> Iterator[ScenarioRunner]:
    """What carries out *steps* on a host of so many *frames*."""
    with PagingDevice(None, 2 * PAGES) as device:
        manager = PageManager(frames, device=device)
        machine = Machine(PAGES << 12, cpus=2, hypervisor=manager.guest())
        yield ScenarioRunner(scenario(*steps, **settings), machine, Host(manager))


def run(*steps: Step, frames: int = PAGES, **settings: Any) -> ScenarioRunner:
    """The same, carried out, with all expectations met."""
    with hosted(*steps, frames=frames, **settings) as runner:
        outcome = runner.run()
    assert outcome.is_as_expected, [str(finding) for finding in outcome.findings if not finding.holds]
    return runner


def error(*steps: Step, **settings: Any) -> str:
    """The message of the error that the last of *steps* ends in."""
    return error_of_step(len(steps) + 1, *steps, **settings)


def error_of_step(number: int, *steps: Step, **settings: Any) -> str:
    """The message of the error in which *steps* end at step *number*, counted with the boot."""
    with hosted(*steps, **settings) as runner, pytest.raises(ScenarioError) as raised:
        runner.run()
    text = str(raised.value)
    start = f"scenario: step {number} ({steps[number - 2].do}): "
    assert text.startswith(start), text
    assert "\n" not in text
    return text.removeprefix(start)


def planned_error(*steps: Step) -> str:
    """The same of an error that is found before anything is done."""
    with pytest.raises(ScenarioError) as raised:
        scenario(*steps)
    text = str(raised.value)
    start = f"scenario: step {len(steps) + 1} ({steps[-1].do}): "
    assert text.startswith(start), text
    return text.removeprefix(start)
