# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa run`` of a scenario: the scripted guest kernel on a machine, with a host under it."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emu.symbols.table import NO_SYMBOLS
from guest_kernel.scripted.scenarios.runner import ScenarioRunner
from guest_kernel.scripted.scenarios.scenario import Expect, Note, ScenarioError
from host.accounting import count_pages, format_table
from tools.processes.progress import progress
from tools.reports.report import count_requests, host_line, show_plan, summarise_host
from tools.reports.verdict import ExitStatus
from tools.scenarios.machine import (
    HostListener,
    carry_out,
    configure_machine,
    refuse_options,
    set_up_scenario,
    without_collector,
)
from tools.scenarios.tour import show_note, show_page
from tools.usage.errors import UsageError
from tools.usage.outputs import open_document

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from rich.progress import Progress, TaskID

    from guest_kernel.scripted.scenarios.checks.expectation import Finding
    from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
    from guest_kernel.scripted.scenarios.runner import Point
    from guest_kernel.scripted.scenarios.scenario import Scenario, Step
    from host.accounting import AccountingTable
    from tools.machines.options import MachineOptions
    from tools.machines.setup import Setup
    from tools.running.options import RunOptions

_BATCH: Final = 512
"""Pages between two moves of the progress bar."""


class _Listener(HostListener):
    """Also prints tables and expectations as they are reached, and moves the progress bar."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.tables: list[AccountingTable] = []
        """That of each named point."""
        self._progress: Progress | None = None
        self._bar: TaskID | None = None
        self._waiting = 0
        self._doing = ""
        self._done = 0

    @contextmanager
    def shown(self, pages: int) -> Iterator[None]:
        """While it lasts, it is shown how many of *pages* are done: on a terminal by a bar, elsewhere by lines."""
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        if not console.is_terminal:
            with progress(lambda: f"{self._doing}: {self._done:,} of {pages:,} pages", sys.stderr):
                yield
            return
        # On a terminal the tables are shown above the bar; a file gets them unchanged.
        with Progress(console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as self._progress:
            self._bar = self._progress.add_task("", total=pages)
            yield

    def advanced(self, step: Step, pages: int) -> None:
        """See :meth:`Listener.advanced`."""
        self._waiting += pages
        self._doing, self._done = step.do, self._done + pages
        if self._progress is not None and self._bar is not None and self._waiting >= _BATCH:
            self._progress.update(self._bar, advance=self._waiting, description=step.do)
            self._waiting = 0

    def table_reached(self, point: Point) -> None:
        """See :meth:`Listener.table_reached`."""
        (machine,) = self.setup.machines
        table = count_pages(machine.states.array)
        self.tables.append(table)
        print(f"{point.name}:\n{format_table(table)}", flush=True)
        host = self.setup.host
        if host is not None:
            host.series.sample(host.manager.guests[0], point.name)

    def compared(self, step: Expect, findings: list[Finding]) -> None:
        """See :meth:`Listener.compared`."""
        if step.note:
            print(f"expected: {step.note}")
        rows = [("", "expected", "", "found", "")]
        for finding in findings:
            relation = f"{step.within:g} %" if finding.relation == "equal" else finding.relation
            is_compared = finding.relation == "equal" and finding.expected
            difference = f"{finding.found / finding.expected - 1:+.1%}" if is_compared else ""
            verdict = difference if finding.holds else f"{difference} NOT AS EXPECTED".lstrip()
            relation = relation if finding.relation != "equal" or step.within else ""
            rows.append((finding.name, f"{finding.expected:,}", relation, f"{finding.found:,}", verdict))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, expected, relation, found, verdict in rows:
            line = f"{name:{widths[0]}} {expected:>{widths[1]}} {relation:{widths[2]}} {found:>{widths[3]}} {verdict}"
            print(line.rstrip(), flush=True)

    def noted(self, step: Note) -> None:
        """See :meth:`Listener.noted`."""
        show_note(step)

    def page_seen(self, step: Expect, finding: PageFinding) -> None:
        """See :meth:`Listener.page_seen`."""
        show_page(step, finding)


@dataclass(frozen=True, slots=True)
class _Report:
    """How a run ended."""

    runner: ScenarioRunner
    setup: Setup
    tables: list[AccountingTable]
    status: ExitStatus
    text: str
    """Why, if it is not passed."""

    def as_dict(self, options: MachineOptions) -> dict[str, Any]:
        """The report as JSON has it."""
        runner, machine = self.runner, self.runner.machine
        summary: dict[str, Any] = {
            "scenario": runner.scenario.origin.name,
            "description": runner.scenario.description,
            "exit_status": int(self.status),
            "verdict": self.text or "passed",
            "memory": options.memory,
            "cpus": options.cpus,
            "profile": options.profile.value,
            "points": [
                {"name": point.name, "work": point.work, "page_states": table, "numbers": point.numbers}
                for point, table in zip(runner.outcome.points, self.tables, strict=True)
            ],
            "expectations": [finding.as_dict() for finding in runner.outcome.findings],
            "instructions": machine.executed,
            "instruction_counts": dict(sorted(machine.counts.instructions.items())),
            "essa": count_requests(machine),
            "page_states": count_pages(machine.states.array),
        }
        if self.setup.host is not None:
            summary["host"] = summarise_host(self.setup.host, self.setup.plan)
        return summary

    def show(self) -> None:
        """Tell people what was wrong, and on a terminal also what the run cost."""
        if sys.stderr.isatty():
            essa = ", ".join(f"{each['name']}: {each['count']:,}" for each in count_requests(self.runner.machine))
            print(f"instructions {self.runner.machine.executed:,}; ESSA {essa or 'none'}", file=sys.stderr)
            if self.setup.host is not None:
                print(f"host {host_line(self.setup.host)}", file=sys.stderr)
        scenario = self.runner.scenario
        for finding in self.runner.outcome.findings:
            if not finding.holds:
                print(f"essa: {scenario.step_error(finding.step, str(finding))}", file=sys.stderr)
        show_plan(self.setup.plan)
        if self.text:
            print(f"essa: {scenario.origin.name}: {self.text}", file=sys.stderr)


def run_scenario(scenario: Scenario, options: MachineOptions, wanted: RunOptions, given: Collection[str]) -> int:
    """Carry out *scenario*, print the table at each of its named points, and give the exit status of the command.

    :param options: what the options say; the sizes of the machine come from the scenario.
    :param given: the parameters of the command that were given.
    :raises UsageError: if an option does not fit, an output cannot be written, or the kernel cannot do a step.
    """
    refuse_options(given, type(wanted))
    options = configure_machine(scenario, options, given)
    with ExitStack() as files:
        summary_file = open_document(files, "--json", wanted.json)
        plot = None
        if wanted.plot is not None:
            from tools.reports.plot import check_plot

            plot = check_plot(wanted.plot, None if options.host is None else options.host.sample_every)
        setup = set_up_scenario(scenario, options, given)
        files.callback(setup.close)
        if plot is not None and setup.host is not None:
            from tools.reports.plot import begin_plot

            begin_plot(setup.host, plot)
        try:
            with without_collector():
                report = _run(scenario, setup)
        except ScenarioError as reason:
            raise UsageError(str(reason)) from None
        if wanted.table:
            print(format_table(count_pages(report.runner.machine.states.array)))
        if summary_file is not None:
            json.dump(report.as_dict(options), summary_file, indent=2)
            summary_file.write("\n")
        if plot is not None and setup.host is not None:
            from tools.reports.plot import draw_plot

            draw_plot(setup.host, plot, scenario.origin.name, NO_SYMBOLS)
        report.show()
        return int(report.status)


def _run(scenario: Scenario, setup: Setup) -> _Report:
    """Carry out *scenario* on the machine of *setup*, with a progress bar on a terminal.

    :raises guest_kernel.scripted.scenarios.scenario.ScenarioError: if the kernel cannot do a step.
    """
    (machine,) = setup.machines
    listener = _Listener(setup)
    runner = ScenarioRunner(scenario, machine, listener)
    # Between the texts of a tour a bar would only flicker.
    is_tour = any(isinstance(step, Note) for step in scenario.steps)
    with nullcontext() if is_tour else listener.shown(runner.total_pages()):
        status, text = carry_out(runner)
    if status is ExitStatus.PASSED and not runner.outcome.is_as_expected:
        status, text = ExitStatus.FAILED, "not as expected"
    return _Report(runner=runner, setup=setup, tables=listener.tables, status=status, text=text)
