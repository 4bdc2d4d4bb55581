# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa run``: a program from its entry to its end."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.configuration import Configuration, make_machine
from tools.console import Console
from tools.errors import UsageError

if TYPE_CHECKING:
    from typing import TextIO

    from emu.machine import Machine, Stop


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is wanted besides the guest's console."""

    trace: str | None = None
    """A file, or ``-`` for standard error."""
    json: str | None = None
    """A file, or ``-`` for standard output."""
    table: bool = False


def run_program(configuration: Configuration, outputs: Outputs, max_instructions: int | None = None) -> int:
    """Run the program of *configuration* and give the exit status of the command.

    :raises UsageError: if an output cannot be written.
    :raises emu.program.ProgramError: if the image is not a program, or does not fit.
    """
    with ExitStack() as files:
        trace = _open(files, "--trace", outputs.trace, sys.stderr)
        summary_file = _open(files, "--json", outputs.json, sys.stdout)
        machine = make_machine(configuration)
        console = Console()
        machine.sclp.console = console

        from tools.report import show, summarize
        from tools.statistics import Statistics
        from tools.verdict import judge

        statistics = Statistics()
        machine.observers.append(statistics)
        stop = _run(machine, trace, max_instructions)
        console.end_line()
        verdict = judge(stop, console.text)
        summary = summarize(configuration, machine, statistics, stop, verdict, console.text)
        if outputs.table:
            from tools.accounting import format_table

            print(format_table(summary["page_states"]))
        if summary_file is not None:
            json.dump(summary, summary_file, indent=2)
            summary_file.write("\n")
        show(summary, verdict)
        return verdict.status


def _run(machine: Machine, trace: TextIO | None, max_instructions: int | None) -> Stop:
    from tools import interrupt

    if trace is not None:
        from tools.trace import Tracer

        machine.observers.append(Tracer(machine, lambda line: trace.write(line + "\n")))
    try:
        with interrupt.ctrl_c(machine):
            return interrupt.run(machine, max_instructions)
    except KeyboardInterrupt:
        return interrupt.requested(machine)


def _open(files: ExitStack, option: str, name: str | None, standard: TextIO) -> TextIO | None:
    """The file *name* open for writing, before anything runs; ``-`` is the *standard* one."""
    if name is None or name == "-":
        return standard if name else None
    try:
        return files.enter_context(Path(name).open("w", encoding="utf-8"))
    except OSError as reason:
        raise UsageError(f"{option}: {name} cannot be written: {reason.strerror}") from None
