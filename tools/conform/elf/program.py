# SPDX-License-Identifier: GPL-2.0-or-later
"""A program for a bare machine, run to its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from emu.machine import StopKind
from emu.symbols.reading import image_symbols
from emu.symbols.table import SymbolTable
from tools.conform.architecture.layout import SKIPPED_ADDRESS
from tools.conform.console_lines import decide, first_check, read_checks, skipped
from tools.conform.failure_steps import steps_before_end
from tools.conform.results import FAILING, Outcome, Result
from tools.consoles.console import GuestConsole
from tools.coverage.covered import followed
from tools.machines.setup import set_up

if TYPE_CHECKING:
    from emu.machine import Machine, Stop
    from tools.conform.results import Entry
    from tools.machines.options import MachineOptions
    from tools.processes.side_by_side import Reporter

_PIECE: Final = 1_000_000
"""Instructions between two looks at the time."""


def run_bare(
    entry: Entry, options: MachineOptions, *, max_instructions: int, timeout: int, reporter: Reporter
) -> Result | None:
    """Run the image of *options* to its end; None if *reporter* says before that it should stop."""
    began = time.monotonic()
    machine, console = _new_machine(options)
    reporter.begin(max_instructions)
    with followed(machine):
        while True:
            before = machine.executed
            stop = machine.run(min(_PIECE, max_instructions - before))
            reporter.advance(machine.executed - before)
            is_over = machine.executed >= max_instructions or time.monotonic() - began > timeout
            if stop.kind is not StopKind.BUDGET or is_over:
                break
            if reporter.is_stopped:
                return None
    console.end_line()
    outcome, reason = _decide(stop, console.text)
    steps: tuple[str, ...] = ()
    if outcome in (Outcome.FAILED, Outcome.STOPPED):
        again, _ = _new_machine(options)
        steps = steps_before_end(
            again, machine.executed, SymbolTable(filter(None, [image_symbols(options.image.path)]))
        )
    return Result(
        entry,
        outcome,
        reason,
        checks=read_checks(console.text),
        instructions=machine.executed,
        console=console.text,
        last_steps=steps,
    )


def _decide(stop: Stop, console: str) -> tuple[Outcome, str]:
    """As :func:`decide` does; a disabled wait at 0x77 is that of an image of a case that needs what is not there."""
    if stop.kind is not StopKind.DISABLED_WAIT or stop.psw.address != SKIPPED_ADDRESS:
        return decide(stop, console, panics=False)
    checks = read_checks(console)
    failed = first_check(checks, *FAILING)
    return (Outcome.FAILED, failed) if failed else skipped(checks)


def _new_machine(options: MachineOptions) -> tuple[Machine, GuestConsole]:
    (machine,) = set_up(options).machines
    console = machine.sclp.console = GuestConsole(is_shown=False)
    return machine, console
