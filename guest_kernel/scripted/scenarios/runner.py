# SPDX-License-Identifier: GPL-2.0-or-later
"""Carrying out a scenario on a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_SHIFT
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.mm.file_read import ReadError
from guest_kernel.scripted.mm.page_alloc import OutOfMemory
from guest_kernel.scripted.scenarios.checks.expectation import Finding
from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
from guest_kernel.scripted.scenarios.listener import Listener
from guest_kernel.scripted.scenarios.outcome import Interrupted, Point, ScenarioFailure, ScenarioOutcome
from guest_kernel.scripted.scenarios.settings import ScenarioError
from guest_kernel.scripted.scenarios.steps.points import Expect, Note, Table
from guest_kernel.scripted.scenarios.world import World
from guest_kernel.scripted.state.kernel import FIRST_FREE_FRAME

if TYPE_CHECKING:
    from emu.machine import Machine
    from guest_kernel.scripted.scenarios.scenario import Scenario, Step

__all__ = ["Interrupted", "Listener", "Point", "ScenarioFailure", "ScenarioOutcome", "ScenarioRunner"]


class ScenarioRunner:
    """Carries out *scenario* on a *machine* that is as the scenario says.

    :raises ScenarioError: if the kernel does not fit into the machine.
    """

    def __init__(self, scenario: Scenario, machine: Machine, listener: Listener | None = None) -> None:
        if (machine.memory >> PAGE_SHIFT, len(machine.cpus)) != (scenario.machine.pages, scenario.machine.cpus):
            raise ValueError("the machine is not the one that the scenario describes")
        image_pages = scenario.kernel.image_pages
        if FIRST_FREE_FRAME + image_pages >= scenario.machine.pages:
            text = f"expected less than {scenario.machine.pages - FIRST_FREE_FRAME:,}, not {image_pages:,}"
            raise scenario.origin.error(text, "kernel", field="image_pages")
        self.scenario = scenario
        self._step = scenario.steps[0]
        self.machine = machine
        self.listener = listener or Listener()
        self.world = World(
            machine,
            scenario.kernel,
            scenario.files,
            scenario.trees,
            host=self.listener,
            advanced=self._advanced,
        )
        if any(isinstance(step, Expect) and step.page is not None for step in scenario.steps):
            self.world.watch_pages()
        self.kernel = self.world.kernel
        self.outcome = self.world.outcome

    def total_pages(self) -> int:
        """About how many pages all steps will have dealt with at the end."""
        return sum(self.step_pages(step) for step in self.scenario.steps)

    def step_pages(self, step: Step) -> int:
        """How many pages *step* deals with, as far as that is known before: what :meth:`Listener.advanced` tells."""
        return step.size(self.world)

    def run(self) -> ScenarioOutcome:
        """Carry out all steps.

        :raises ScenarioError: if the kernel cannot do one: naming file, line and step.
        :raises ScenarioFailure: if the kernel finds something wrong.
        :raises Interrupted: if the machine is asked to stop.
        :raises guest_kernel.scripted.cpu.processor.MachineStopped: if the machine stops.
        """
        for number, step in enumerate(self.scenario.steps, 1):
            self._step = step
            self.world.begin(number, step.cpu, only_looks=step.only_looks)
            known = len(self.outcome.findings)
            try:
                step.carry_out(self.world)
                self._tell(step, self.outcome.findings[known:])
            except ScenarioError as reason:
                raise self.scenario.step_error(number, reason.text, reason.field) from None
            except (ReadError, OutOfMemory) as reason:
                raise self.scenario.step_error(number, str(reason)) from None
            except KernelBug as reason:
                raise ScenarioFailure(str(self.scenario.step_error(number, str(reason)))) from reason
        return self.outcome

    def _advanced(self, pages: int) -> None:
        self.listener.advanced(self._step, pages)

    def _tell(self, step: Step, findings: list[Finding | PageFinding]) -> None:
        """Tell the listener what came of *step*, and its *findings*."""
        if isinstance(step, Table):
            self.listener.table_reached(self.outcome.points[-1])
        elif isinstance(step, Note):
            self.listener.noted(step)
        elif isinstance(step, Expect):
            for finding in findings:
                if isinstance(finding, PageFinding):
                    self.listener.page_seen(step, finding)
            if step.page is None:
                self.listener.compared(step, [each for each in findings if isinstance(each, Finding)])
