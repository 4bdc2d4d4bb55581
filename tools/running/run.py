# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa run``: a program from its entry to its end, in one guest or several."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from emu.symbols.table import NO_SYMBOLS
from tools.consoles.console import GuestConsole
from tools.machines.options import MachineOptions
from tools.machines.setup import set_up
from tools.machines.symbols import load_symbols
from tools.processes.progress import progress
from tools.usage.errors import UsageError
from tools.usage.outputs import Output, check_apart, open_document, open_output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from emu.machine import Machine, Stop
    from emu.symbols.table import SymbolTable
    from tools.consoles.input_script import Exchange
    from tools.coverage.collector import Counts
    from tools.gdb.serve import Debugger
    from tools.machines.setup import Setup
    from tools.reports.report import Report
    from tools.running.options import RunOptions, TraceOptions
    from tools.running.saved_run import SavedRun

    Run = Callable[[int | None], Stop]


def run_program(options: MachineOptions, wanted: RunOptions) -> int:
    """Run the program of *options* and give the exit status of the command, the highest of its guests.

    :raises UsageError: if an output cannot be written, or the host cannot be made as described.
    :raises emu.program.ProgramError: if the image is not a program, or does not fit.
    """
    symbols = load_symbols(options, wanted) if wanted.trace is not None or wanted.symbols else NO_SYMBOLS
    with ExitStack() as files:
        _check_trace(options, wanted)
        lines = open_output(files, "--trace", "-", sys.stderr) if wanted.trace == "-" else None
        summary_file = open_document(files, "--json", wanted.json)
        coverage = _coverage(files, options, wanted)
        plot = _plot(options, wanted)
        steps = _steps(options, wanted)
        debugger = None
        if wanted.gdb is not None:
            from tools.gdb.serve import Debugger

            if options.guests > 1:
                raise UsageError("--gdb: expected one guest, which is debugged")
            debugger = files.enter_context(
                Debugger("--gdb", wanted.gdb, options, load_symbols(options, wanted), wanted.history)
            )
        saved_run = None
        if wanted.save_at is not None or wanted.saved is not None:
            from tools.running.saved_run import SavedRun

            if wanted.gdb is not None and wanted.save_at is not None:
                raise UsageError("--save-at: expected no --gdb, which has the run elsewhere")
            saved_run = SavedRun(options, wanted.save_at, wanted.saved)
        setup = set_up(options)
        files.callback(setup.close)
        if wanted.trace is None and options.guests == 1:
            from tools.running.reproducing import prepare

            prepare(setup.machines[0])
        if plot is not None and setup.host is not None:
            from tools.reports.plot import begin_plot

            begin_plot(setup.host, plot)
        counts: Counts = Counter()
        report = run_guests(
            options,
            setup,
            lines,
            wanted.max_instructions,
            recording=wanted if wanted.trace not in (None, "-") else None,
            counts=None if wanted.coverage is None else counts,
            steps=steps,
            symbols=lambda: symbols or load_symbols(options, wanted),
            debugger=debugger,
            saved_run=saved_run,
            history=wanted.history,
        )

        from tools.reports.report import show_report

        if coverage is not None:
            from tools.coverage.saved import write_coverage

            write_coverage(coverage, [options.image.path.name], counts)
        if wanted.table:
            for line in report.table_lines():
                print(line)
        if summary_file is not None:
            json.dump(report.as_dict(), summary_file, indent=2)
            summary_file.write("\n")
        if plot is not None and setup.host is not None:
            from tools.reports.plot import draw_plot

            draw_plot(setup.host, plot, options.image.path.name, symbols or load_symbols(options, wanted))
        show_report(report)
        if lines is None:
            _show_how_it_came_there(
                options, report, steps, lambda: symbols or load_symbols(options, wanted), wanted.saved
            )
        return report.exit_status


def _check_trace(options: MachineOptions, wanted: RunOptions) -> None:
    """See to it that what is asked of a trace can be had.

    :raises UsageError: if it cannot.
    """
    if wanted.trace in (None, "-"):
        if wanted.trace_options:
            raise UsageError(f"{wanted.trace_options[0]}: expected --trace FILE, which is recorded")
        return
    if options.guests > 1:
        raise UsageError("--trace: expected one guest, which is recorded")
    check_apart("--trace", wanted.trace, _other_files(options, wanted))


def _other_files(options: MachineOptions, wanted: RunOptions) -> dict[str, str | Path | None]:
    """The files besides what is recorded or counted."""
    return {
        "the program": options.image.path,
        "--json": wanted.json,
        "--plot": wanted.plot,
        "--from": wanted.saved,
        "--save-at": None if wanted.save_at is None else wanted.save_at.path,
    }


def _coverage(files: ExitStack, options: MachineOptions, wanted: RunOptions) -> Output | None:
    """The file for what is exercised, if that is to be counted.

    :raises UsageError: if it cannot be counted, or written.
    """
    if wanted.coverage is None:
        return None
    if options.guests > 1:
        raise UsageError("--coverage: expected one guest, which is counted")
    if wanted.trace is not None or wanted.gdb is not None:
        raise UsageError("--coverage: expected no --trace and no --gdb, which follow the run themselves")
    check_apart("--coverage", wanted.coverage, _other_files(options, wanted))
    return Output(files, "--coverage", wanted.coverage)


def _plot(options: MachineOptions, wanted: RunOptions) -> Path | None:
    """The file for the picture of the page states, if one is to be drawn."""
    if wanted.plot is None:
        return None
    from tools.reports.plot import check_plot

    return check_plot(wanted.plot, None if options.host is None else options.host.sample_every)


def _steps(options: MachineOptions, wanted: RunOptions) -> Sequence[Exchange] | None:
    """What is typed on the console, if a file says so."""
    if wanted.input is None:
        return None
    from tools.consoles.input_script import read_script

    if options.guests > 1:
        raise UsageError("--input: expected one guest, whose console it is typed on")
    return read_script(wanted.input)


def _show_how_it_came_there(
    options: MachineOptions,
    report: Report,
    steps: Sequence[Exchange] | None,
    symbols: Callable[[], SymbolTable],
    saved: Path | None,
) -> None:
    """Tell of the only guest, if it stopped in a way nobody asked for, what it did last."""
    from tools.reports.verdict import ExitStatus

    if len(report.guests) > 1 or report.guests[0].verdict.status is not ExitStatus.UNASKED_STOP:
        return
    from tools.running.reproducing import how_it_came_there

    for line in how_it_came_there(options, report.guests[0], steps, symbols, saved):
        print(f"essa: {line}", file=sys.stderr)


def run_guests(
    options: MachineOptions,
    setup: Setup,
    trace: TextIO | None = None,
    max_instructions: int | None = None,
    *,
    recording: TraceOptions | None = None,
    counts: Counts | None = None,
    steps: Sequence[Exchange] | None = None,
    is_shown: bool = True,
    what: str = "",
    symbols: Callable[[], SymbolTable] = lambda: NO_SYMBOLS,
    debugger: Debugger | None = None,
    saved_run: SavedRun | None = None,
    history: int = 0,
) -> Report:
    """Run the machines of *setup* until all have stopped.

    :param trace: where a line for each instruction goes.
    :param recording: what is recorded of the only guest.
    :param counts: where what the only guest exercises is added.
    :param steps: what is typed on the console of the only guest; None if a user at the terminal types.
    :param is_shown: whether their consoles go to standard output.
    :param what: which run it is, if there are several.
    :param symbols: gives the names of addresses, which a trace and a stepper show.
    :param debugger: it has the only guest run.
    :param saved_run: where the only guest begins, and when it is saved.
    :param history: bytes that going back may take in the stepper.
    """
    from tools.reports.report import GuestReport, Report
    from tools.reports.statistics import Statistics
    from tools.reports.verdict import after_script, judge

    machines = setup.machines
    names = [f"guest {number}" if len(machines) > 1 else None for number in range(len(machines))]
    consoles = [GuestConsole(name, is_shown=is_shown) for name in names]
    statistics = [Statistics(machine) for machine in machines]
    for number, machine in enumerate(machines):
        machine.sclp.console = consoles[number]
        machine.observers.append(statistics[number])
        if trace is not None:
            from tools.reports.trace import Tracer

            name = f"guest {number}: " if len(machines) > 1 else ""
            machine.observers.append(Tracer(machine, _writer(trace, name), symbols()))
    script = None
    if steps is not None:
        from tools.consoles.input_script import ScriptedOperator

        script = machines[0].operator = ScriptedOperator(steps, machines[0], consoles[0])
    if saved_run is not None:
        saved_run.begin(machines[0], setup, consoles[0])
    run: Run | None = None if saved_run is None else partial(saved_run.run, machines[0], setup, consoles[0])
    traced_run = None
    if recording is not None:
        from tools.running.tracing import TracedRun

        traced_run = TracedRun(machines[0], options.image.path.name, recording, symbols())
        run = partial(traced_run.run, run or machines[0].run)
    if counts is not None:
        run = partial(_run_counted, machines[0], counts, run or machines[0].run)
    if debugger is not None:
        stops = [debugger.run(setup, consoles[0], max_instructions)]
    elif script is None and is_shown and len(machines) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
        from tools.running.at_terminal import run_at_terminal

        stops = [run_at_terminal(machines[0], setup, max_instructions, symbols, run or machines[0].run, history)]
    else:
        with progress(lambda: how_far(machines, what), _where_to_tell(trace, is_shown=is_shown)):
            stops = _run(machines, max_instructions, run)
    if saved_run is not None:
        saved_run.finish()
    if traced_run is not None:
        traced_run.finish(stops[0])
    guests = []
    for number, machine in enumerate(machines):
        consoles[number].end_line()
        text = consoles[number].text
        verdict = judge(stops[number], text)
        if script is not None:
            verdict = after_script(verdict, script.unmet)
        guests.append(
            GuestReport(
                machine=machine, statistics=statistics[number], stop=stops[number], verdict=verdict, console=text
            )
        )
    return Report(options, guests, setup.host, setup.plan)


def _run_counted(machine: Machine, counts: Counts, run: Run, max_instructions: int | None) -> Stop:
    from tools.coverage.covered import counted

    with counted(machine, counts):
        return run(max_instructions)


def how_far(machines: Sequence[Machine], what: str = "") -> str:
    """How far *machines* are in their run, which may be one of several."""
    far = f"{sum(machine.executed for machine in machines):,} instructions so far"
    if any(machine.operator is None and _waits_for_input(machine) for machine in machines):
        far += "; a guest waits for what nobody types (--input does)"
    return f"{what}: {far}" if what else far


def _waits_for_input(machine: Machine) -> bool:
    from emu.cpu import CpuState

    return machine.sclp.reads_input and all(cpu.is_waiting for cpu in machine.cpus if cpu.state is CpuState.OPERATING)


def _where_to_tell(trace: TextIO | None, *, is_shown: bool) -> TextIO | None:
    """Where it can be told how far a run is: not between the lines of a console at a terminal, or of a trace."""
    if trace is sys.stderr or (is_shown and sys.stdout.isatty()):
        return None
    return sys.stderr


def _writer(trace: TextIO, name: str) -> Callable[[str], object]:
    return lambda line: trace.write(f"{name}{line}\n")


def _run(machines: list[Machine], max_instructions: int | None, run: Run | None) -> list[Stop]:
    """Run *machines*; *run*, if it is given, runs the only one."""
    from emu.machine import StopKind
    from host.turns import run_in_turn
    from tools.processes import interrupt

    try:
        with interrupt.ctrl_c(*machines, is_sigterm_too=True) as switch:
            if run is None and len(machines) == 1:
                return [interrupt.run_interruptibly(machines[0], max_instructions, switch)]
            stops = run_in_turn(machines, max_instructions) if run is None else [run(max_instructions)]
            return [
                interrupt.requested_stop(machine, switch.name) if stop.kind is StopKind.REQUESTED else stop
                for machine, stop in zip(machines, stops, strict=True)
            ]
    except KeyboardInterrupt:
        return [interrupt.requested_stop(machine) for machine in machines]
