# SPDX-License-Identifier: GPL-2.0-or-later
"""From a scenario to its machine, with a host under it, and to the end of its steps."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from emu.addresses import PAGE_SHIFT
from guest_kernel.scripted.cpu.processor import MachineStopped
from guest_kernel.scripted.scenarios.runner import Interrupted, Listener, ScenarioFailure, ScenarioRunner
from host.policies import Policy
from tools.machines.host import plan_of, start_attendants
from tools.machines.options import HostOptions, MachineOptions
from tools.machines.setup import Setup, make_machines
from tools.processes import interrupt
from tools.reports.verdict import ExitStatus
from tools.usage.errors import UsageError
from tools.usage.options import parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from guest_kernel.scripted.scenarios.scenario import Scenario


def refuse_options(given: Collection[str], command: type) -> None:
    """Check that no option is *given* that does not concern scenarios.

    :param given: flags.
    :param command: where the options of the command are declared, beside those of the machine.
    :raises UsageError: naming it.
    """
    for each in (*parameters(MachineOptions), *parameters(command)):
        if each.option.is_for_programs and each.flag in given:
            raise UsageError(f"{each.flag}: expected only with a program; the scenario says what its machine does")


class HostListener(Listener):
    """Does to the host of *setup* what the scenario says."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    def host_resized(self, frames: int) -> None:
        """See :meth:`Listener.host_resized`."""
        assert self.setup.host is not None
        self.setup.host.manager.resize(frames)

    def host_discards(self, pages: Collection[int] | None) -> None:
        """See :meth:`Listener.host_discards`."""
        assert self.setup.host is not None
        manager = self.setup.host.manager
        if pages is None:
            manager.discard_volatile()
            return
        manager.discard(0, pages)

    def host_evicts(self, page: int) -> bool:
        """See :meth:`Listener.host_evicts`."""
        assert self.setup.host is not None
        return self.setup.host.manager.evict(0, page)


def configure_machine(scenario: Scenario, options: MachineOptions, given: Collection[str]) -> MachineOptions:
    """The machine of *scenario* and its host, where the *options* that were *given* do not say otherwise.

    :raises UsageError: if there is no such policy.
    """
    return replace(
        options,
        memory=scenario.machine.pages << PAGE_SHIFT,
        cpus=scenario.machine.cpus,
        host=_host(scenario, options.host, given),
    )


def _host(scenario: Scenario, options: HostOptions | None, given: Collection[str]) -> HostOptions | None:
    """The host of *scenario*, where the *options* do not say otherwise.

    :raises UsageError: if there is no such policy.
    """
    described = scenario.host
    if described is None:
        return options
    policies = [policy.value for policy in Policy]
    if described.policy not in policies:
        text = f"expected {', '.join(policies)}, not {described.policy!r}"
        raise UsageError(str(scenario.origin.error(text, "host", field="policy")))
    options = options or HostOptions()
    if "--host-memory" not in given and described.frames is not None:
        options = replace(options, memory=described.frames << PAGE_SHIFT)
    if "--paging-size" not in given and described.paging_pages is not None:
        options = replace(options, paging_size=described.paging_pages << PAGE_SHIFT)
    if "--policy" not in given:
        options = replace(options, policy=Policy(described.policy))
    return options


def set_up_scenario(scenario: Scenario, options: MachineOptions, given: Collection[str]) -> Setup:
    """The machine and the host of *options*.

    :raises UsageError: if the host cannot be as described.
    """
    plan = plan_of(options.host)
    try:
        machines, host = make_machines(options)
    except UsageError as reason:
        if "--host-memory" in given or scenario.host is None:
            raise
        # The message names the option that the table of the scenario takes the place of.
        text = str(reason).removeprefix("--host-memory: ")
        raise UsageError(str(scenario.origin.error(text, "host", field="frames"))) from None
    return Setup(machines, host, None if host is None else start_attendants(host, plan))


@contextmanager
def without_collector() -> Iterator[None]:
    """While it lasts, nobody looks for garbage in circles.

    A scenario leaves none, and each look goes through hundreds of thousands of pages.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def carry_out(runner: ScenarioRunner) -> tuple[ExitStatus, str]:
    """Carry out a scenario up to its end or to Ctrl-C; give how it ended, and why if it has not passed.

    What the scenario expects is not checked here.

    :raises guest_kernel.scripted.scenarios.scenario.ScenarioError: if the kernel cannot do a step.
    """
    with interrupt.ctrl_c(runner.machine):
        try:
            runner.run()
        except ScenarioFailure as reason:
            return ExitStatus.FAILED, str(reason)
        except MachineStopped as reason:
            return ExitStatus.UNASKED_STOP, str(reason)
        except (Interrupted, KeyboardInterrupt):
            return ExitStatus.UNASKED_STOP, "stopped by Ctrl-C"
    return ExitStatus.PASSED, ""
