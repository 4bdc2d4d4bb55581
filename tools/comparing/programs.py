# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa compare``: the same program with hints, without, and with the balloon, on hosts of the same size.

It measures what guest page hinting is for (page-hinting reference 5.1): without hints an evicted page that the guest
could read again costs a write and a read of the host, with them one read of the guest at most; and a guest that writes
a page to its own swap which the host has paged out already pays three times.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from emu.page_states import Profile
from tools.comparing.figures import BALLOON, HINTS, NONE, Figures, show_figures
from tools.comparing.options import refuse_options_of_one_run
from tools.machines.options import MachineOptions, SymbolOptions
from tools.machines.setup import set_up
from tools.machines.symbols import load_symbols
from tools.reports.plot import PAGE, begin_plot, check_plot, write_page
from tools.reports.states_page.recording import recordings_of
from tools.running.run import run_guests
from tools.usage.errors import UsageError
from tools.usage.outputs import open_document

if TYPE_CHECKING:
    from pathlib import Path

    from tools.comparing.options import CompareOptions
    from tools.reports.report import Report
    from tools.reports.states_page.recording import StatesRecording

BALLOON_WORD: Final = "balloon=on"
"""On the command line it tells a guest to take part in the balloon's protocol."""
_COUNTER: Final = re.compile(r"^(guest-reads|guest-re-reads|guest-writes) (\d+)\s*$", re.MULTILINE)


def compare_paging(options: MachineOptions, wanted: CompareOptions) -> int:
    """Run the program of *options* three times, print the figures side by side, and give the exit status.

    Ctrl-C ends it with the run that it stops; the figures so far are shown.

    :raises UsageError: if there is no limit on the host's memory, or ESSA is switched off for all of them.
    :raises emu.program.ProgramError: if the image is not a program, or does not fit.
    """
    refuse_options_of_one_run(options, wanted)
    if options.host is None or options.host.memory is None:
        raise UsageError("compare: expected --host-memory, without which nothing is ever paged")
    if options.profile is Profile.OFF:
        raise UsageError("compare: expected --profile zvm or kvm for the run with hints, not off")
    from emu.machine import StopKind

    with ExitStack() as files:
        output = open_document(files, "--json", wanted.json)
        plot = None if wanted.plot is None else check_plot(wanted.plot, options.host.sample_every, (PAGE,))
        runs = {}
        recordings: list[StatesRecording] = []
        status = 0
        for name, variant in program_variants(options).items():
            report, recorded = _run(name, variant, wanted.max_instructions, plot)
            recordings += recorded
            runs[name] = figures(report)
            status = max(status, report.exit_status)
            if any(guest.stop.kind is StopKind.REQUESTED for guest in report.guests):
                # Ctrl-C ends all of them.
                break
        if output is not None:
            json.dump({name: run.as_dict() for name, run in runs.items()}, output, indent=2)
            output.write("\n")
        if plot is not None:
            write_page(plot, options.image.path.name, recordings)
        show_figures(runs)
    return status


def program_variants(options: MachineOptions) -> dict[str, MachineOptions]:
    """The three runs: with hints as *options* says, without, and without but with the monitor."""
    host = options.host
    assert host is not None
    line = f"{options.command_line or ''} {BALLOON_WORD}".strip()
    return {
        HINTS: replace(options, host=replace(host, monitor=False)),
        NONE: replace(options, profile=Profile.OFF, host=replace(host, monitor=False)),
        BALLOON: replace(options, profile=Profile.OFF, command_line=line, host=replace(host, monitor=True)),
    }


def _run(
    name: str, options: MachineOptions, max_instructions: int | None, plot: Path | None
) -> tuple[Report, list[StatesRecording]]:
    """One run, and what is drawn of it in *plot*, if that is wanted."""
    with ExitStack() as running:
        setup = set_up(options)
        running.callback(setup.close)
        if plot is None or setup.host is None:
            return run_guests(options, setup, None, max_instructions, is_shown=False, what=name), []
        begin_plot(setup.host, plot)
        report = run_guests(options, setup, None, max_instructions, is_shown=False, what=name)
        return report, recordings_of(setup.host, name, load_symbols(options, SymbolOptions()))


def figures(report: Report) -> Figures:
    """The figures of a run that has ended."""
    from host.statistics import total

    assert report.host is not None
    sums = total([guest.statistics for guest in report.host.manager.guests])
    counted = {"guest-reads": 0, "guest-re-reads": 0, "guest-writes": 0}
    for guest in report.guests:
        for name, number in _COUNTER.findall(guest.console):
            counted[name] += int(number)
    return Figures(
        verdict="; ".join(dict.fromkeys(guest.verdict.text for guest in report.guests)),
        host_writes=sums.page_outs,
        host_reads=sums.page_ins,
        dropped=sums.discards,
        balloon_pages=sums.released,
        guest_reads=counted["guest-reads"],
        guest_re_reads=counted["guest-re-reads"],
        guest_writes=counted["guest-writes"],
        discard_faults=sums.discard_faults,
        instructions=sum(guest.machine.executed for guest in report.guests),
    )
