# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens by itself while a scenario is carried out: timer interruptions, and the balloon."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from emu.machine import Machine
from emu.page_states import DISCARDED, Usage
from guest_kernel.scripted.scenarios.runner import Listener, ScenarioRunner
from guest_kernel.scripted.scenarios.scenario import (
    Boot,
    File,
    HostSettings,
    KernelSettings,
    MachineSettings,
    Read,
    Scenario,
    ScenarioError,
    Table,
)
from guest_kernel.scripted.scenarios.steps.catalogue import STEPS

PAGES = 512
DISCARD = STEPS["discard"]


class DiscardingHost(Listener):
    """A host that drops every volatile page when the scenario says so."""

    def __init__(self) -> None:
        self.machine = Machine(PAGES << 12)

    def host_discards(self, pages: Collection[int] | None) -> None:
        states = self.machine.states.array
        states[states == Usage.VOLATILE] = DISCARDED
        self.machine.configuration.translations.flush_all()


def carry_out(kernel: KernelSettings) -> ScenarioRunner:
    """Read a file, lose it, and read it again."""
    host = DiscardingHost()
    scenario = Scenario(
        description="test",
        machine=MachineSettings(pages=PAGES),
        kernel=kernel,
        host=HostSettings(),
        files=(File(name="data", pages=100),),
        steps=(Boot(), Read(file="data"), DISCARD(), Read(file="data", times=3), Table(name="end")),
    )
    runner = ScenarioRunner(scenario, host.machine, host)
    runner.run()
    return runner


def test_without_a_timer_discarded_pages_wait_for_a_step() -> None:
    runner = carry_out(KernelSettings())
    assert runner.kernel.discarded > 80
    assert len(runner.kernel.discard_lists.per_cpu[0]) == runner.kernel.discarded


@pytest.mark.parametrize("tick_every", (1, 50_000))
def test_with_one_they_get_free_by_themselves(tick_every: int) -> None:
    waiting, ticking = carry_out(KernelSettings()), carry_out(KernelSettings(tick_every=tick_every))
    lists = ticking.kernel.discard_lists
    # Those of the last interruptions at most: three stages.
    assert len(lists.per_cpu[0]) + len(lists.gather) + len(lists.signoff) < 10
    free = [runner.outcome.points[-1].numbers["free"] for runner in (waiting, ticking)]
    assert free[1] - free[0] > 80


def test_the_interval_is_checked() -> None:
    with pytest.raises(ScenarioError, match="tick_every: expected 0 to"):
        KernelSettings(tick_every=-1)


def test_a_kernel_with_the_balloon_takes_requests_between_scripts() -> None:
    host = DiscardingHost()
    machine = host.machine
    scenario = Scenario(
        description="test",
        machine=MachineSettings(pages=PAGES),
        kernel=KernelSettings(balloon=True),
        files=(File(name="data", pages=100),),
        steps=(Boot(), Read(file="data")),
    )

    class Monitor(Listener):
        """Asks for a page whenever one has been read."""

        def advanced(self, step: object, pages: int) -> None:
            if isinstance(step, Read):
                assert machine.messages.send("SHRINK 1")

    runner = ScenarioRunner(scenario, machine, Monitor())
    runner.run()
    assert runner.kernel.cmm is not None
    # The last one is still waiting.
    assert (runner.kernel.cmm.pages, machine.messages.waiting) == (99, 1)


def test_a_kernel_without_it_takes_none() -> None:
    runner = carry_out(KernelSettings())
    assert runner.kernel.cmm is None
    assert not runner.machine.messages.is_authorized
