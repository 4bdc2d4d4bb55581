# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa compare`` of a scenario: with hints, without, and with the balloon, on hosts of one or several sizes.

What the scenario expects is not checked here: it is meant for one of the runs.  That all content is right is checked
in each of them.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.hypervisor import HostFailure
from emu.input_files.sizes import format_size
from emu.page_states import Profile
from emu.symbols.table import NO_SYMBOLS
from guest_kernel.scripted.scenarios.runner import ScenarioRunner
from guest_kernel.scripted.scenarios.scenario import ScenarioError
from host.page_manager import minimum_frames
from host.statistics import total
from tools.comparing.figures import BALLOON, HINTS, NONE, Figures, show_figures
from tools.comparing.options import CompareOptions, refuse_options_of_one_run
from tools.machines.options import MOST_MEMORY, HostOptions
from tools.processes.side_by_side import run_side_by_side
from tools.reports.plot import PAGE, begin_plot, check_plot, write_page
from tools.reports.states_page.recording import recordings_of
from tools.reports.verdict import ExitStatus
from tools.scenarios.machine import (
    HostListener,
    carry_out,
    configure_machine,
    refuse_options,
    set_up_scenario,
    without_collector,
)
from tools.usage.errors import UsageError
from tools.usage.outputs import open_document

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from guest_kernel.scripted.scenarios.scenario import Scenario, Step
    from tools.machines.options import MachineOptions
    from tools.machines.setup import Setup
    from tools.processes.side_by_side import Reporter
    from tools.reports.states_page.recording import StatesRecording

_GIVEN: Final = ("--host-memory",)
"""What the hosts of all runs are made from, in place of what the scenario says of its host."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One run."""

    scenario: Scenario
    options: MachineOptions
    plot: Path | None = None
    """What its page states over time are drawn in."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How it ended."""

    figures: Figures
    status: ExitStatus
    recordings: list[StatesRecording]
    """What is drawn of it."""


class _Listener(HostListener):
    """Tells how far a run is, and stops it when that is wanted."""

    def __init__(self, setup: Setup, reporter: Reporter) -> None:
        super().__init__(setup)
        self._reporter = reporter

    def advanced(self, step: Step, pages: int) -> None:
        """See :meth:`Listener.advanced`."""
        self._reporter.advance(pages)
        if self._reporter.is_stopped:
            (machine,) = self.setup.machines
            machine.stop_requested = True


def compare_scenario(
    scenario: Scenario, options: MachineOptions, wanted: CompareOptions, given: Collection[str]
) -> int:
    """Carry out *scenario* three times for each size of the host, print the figures, and give the exit status.

    :param options: what the options say.
    :param given: the parameters of the command that were given.
    :raises UsageError: if an option does not fit, nothing says how large the host is, or the kernel cannot do a step.
    """
    refuse_options(given, type(wanted))
    refuse_options_of_one_run(options, wanted)
    if "--paging-file" in given:
        raise UsageError("--paging-file: expected only with one run; these would write to the same file")
    if options.profile is Profile.OFF:
        raise UsageError("compare: expected --profile zvm or kvm for the run with hints, not off")
    sizes = _sizes(scenario, options, given)
    options = configure_machine(scenario, options, given)
    with ExitStack() as files:
        output = open_document(files, "--json", wanted.json)
        sampled = None if options.host is None else options.host.sample_every
        plot = None if wanted.plot is None else check_plot(wanted.plot, sampled, (PAGE,))
        jobs: dict[str, _Job] = {}
        for frames in sizes:
            variants = scenario_variants(scenario, options, frames)
            jobs |= {_name(frames, name): replace(job, plot=plot) for name, job in variants.items()}
        ended = run_side_by_side(_run, jobs)
        hosts = [
            (
                frames,
                {name: ended[_name(frames, name)] for name in (HINTS, NONE, BALLOON) if _name(frames, name) in ended},
            )
            for frames in sizes
        ]
        if output is not None:
            summary = {
                "scenario": scenario.origin.name,
                "hosts": [
                    {"frames": frames, "runs": {name: run.figures.as_dict() for name, run in runs.items()}}
                    for frames, runs in hosts
                ],
            }
            json.dump(summary, output, indent=2)
            output.write("\n")
        if plot is not None:
            recordings = [replace(each, name=name) for name in jobs if name in ended for each in ended[name].recordings]
            write_page(plot, scenario.origin.name, recordings)
        for frames, runs in hosts:
            if runs:
                size = format_size(frames << PAGE_SHIFT)
                title = f"host of {frames:,} pages ({size}), guest of {scenario.machine.pages:,}:"
                show_figures({name: run.figures for name, run in runs.items()}, title)
    if len(ended) < len(jobs):
        return int(ExitStatus.UNASKED_STOP)
    return max(int(run.status) for run in ended.values())


def _name(frames: int, variant: str) -> str:
    return f"{frames:,} pages: {variant}"


def _sizes(scenario: Scenario, options: MachineOptions, given: Collection[str]) -> list[int]:
    """The sizes of the host, in pages: those of the options, or those of the scenario.

    :raises UsageError: if there is none, or one that cannot be.
    """
    if "--host-memory" in given and options.host is not None and options.host.memory is not None:
        return [options.host.memory >> PAGE_SHIFT]
    if scenario.compare is not None:
        table, sizes = "compare", list(dict.fromkeys(scenario.compare.frames))
    elif scenario.host is not None and scenario.host.frames is not None:
        table, sizes = "host", [scenario.host.frames]
    else:
        raise UsageError("compare: expected --host-memory, or a table [compare] with frames in the scenario")
    least, most = minimum_frames(scenario.machine.cpus), MOST_MEMORY >> PAGE_SHIFT
    for frames in sizes:
        if not least <= frames <= most:
            text = f"expected {least:,} to {most:,}, not {frames:,}"
            raise UsageError(str(scenario.origin.error(text, table, field="frames")))
    return sizes


def scenario_variants(scenario: Scenario, options: MachineOptions, frames: int) -> dict[str, _Job]:
    """The three runs on a host of that many *frames*: with hints, without, and without hints but with the balloon."""
    host = replace(options.host or HostOptions(), memory=frames << PAGE_SHIFT, monitor=False)
    deaf = replace(scenario, kernel=replace(scenario.kernel, balloon=False))
    hearing = replace(scenario, kernel=replace(scenario.kernel, balloon=True))
    return {
        HINTS: _Job(deaf, replace(options, host=host)),
        NONE: _Job(deaf, replace(options, host=host, profile=Profile.OFF)),
        BALLOON: _Job(hearing, replace(options, host=replace(host, monitor=True), profile=Profile.OFF)),
    }


def _run(job: _Job, reporter: Reporter) -> _Ended:
    """One run, in a process of its own.

    :raises UsageError: if the host cannot be as described, or the kernel cannot do a step.
    """
    setup = set_up_scenario(job.scenario, job.options, _GIVEN)
    try:
        (machine,) = setup.machines
        host = setup.host
        assert host is not None
        if job.plot is not None:
            begin_plot(host, job.plot)
        with without_collector():
            runner = ScenarioRunner(job.scenario, machine, _Listener(setup, reporter))
            reporter.begin(runner.total_pages())
            try:
                status, text = carry_out(runner)
            except HostFailure as reason:
                status, text = ExitStatus.UNASKED_STOP, str(reason)
        recordings = [] if job.plot is None else recordings_of(host, "", NO_SYMBOLS)
        return _Ended(_figures(runner, setup, text or "passed"), status, recordings)
    except ScenarioError as reason:
        raise UsageError(str(reason)) from None
    finally:
        setup.close()


def _figures(runner: ScenarioRunner, setup: Setup, verdict: str) -> Figures:
    assert setup.host is not None
    sums = total([guest.statistics for guest in setup.host.manager.guests])
    kernel = runner.kernel
    return Figures(
        verdict=verdict,
        host_writes=sums.page_outs,
        host_reads=sums.page_ins,
        dropped=sums.discards,
        balloon_pages=sums.released if kernel.cmm is not None else 0,
        guest_reads=kernel.disk.reads,
        guest_re_reads=kernel.disk.re_reads,
        guest_writes=kernel.disk.writes,
        discard_faults=sums.discard_faults,
        instructions=runner.machine.executed,
        guest_swap_reads=kernel.swap.reads,
        guest_swap_writes=kernel.swap.writes,
        found_discarded=kernel.discarded,
        balloon_size=0 if kernel.cmm is None else kernel.cmm.pages,
    )
