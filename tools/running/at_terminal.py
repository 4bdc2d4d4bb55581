# SPDX-License-Identifier: GPL-2.0-or-later
"""A run with a user at the terminal, who may leave it for the stepper and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.machine import StopKind
from host.accounting import count_pages, format_table
from tools.consoles.terminal import Terminal
from tools.processes import interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.machine import Machine, Stop
    from emu.symbols.table import SymbolTable
    from tools.machines.setup import Setup
    from tools.stepping.stepper import Stepper


def run_at_terminal(
    machine: Machine,
    setup: Setup,
    max_instructions: int | None,
    symbols: Callable[[], SymbolTable],
    run: Callable[[int | None], Stop],
    history: int,
) -> Stop:
    """Run *machine* by *run*, with the terminal as its console, until it stops.

    :param symbols: gives the names of addresses when the user leaves for the stepper.
    :param history: bytes that going back may take there.
    """
    with Terminal(machine, lambda: [format_table(count_pages(machine.states.array))]) as terminal:
        machine.operator = terminal
        with interrupt.ctrl_c(machine) as switch:
            stop = run(max_instructions)
            stepper = None
            while (terminal.wants_stepper or stop.kind is StopKind.STOP_POINT) and not switch.is_pressed:
                terminal.wants_stepper = False
                terminal.release()
                stepper = stepper or _stepper(machine, setup, max_instructions, symbols(), history)
                stop = _step(stepper, terminal, stop)
        if stop.kind is not StopKind.REQUESTED:
            return stop
        return interrupt.requested_stop(machine, terminal.ended_by or "Ctrl-C")


def _stepper(
    machine: Machine, setup: Setup, max_instructions: int | None, symbols: SymbolTable, history: int
) -> Stepper:
    """The stepper of this run: its stops, and what it records, stay when the run goes on."""
    from emu.debugging.session import Session
    from tools.stepping.stepper import Stepper

    manager = None if setup.host is None else setup.host.manager
    session = Session(machine, symbols=symbols, host=manager, history=history)
    return Stepper(session, print, max_instructions=max_instructions, manager=manager)


def _step(stepper: Stepper, terminal: Terminal, stop: Stop) -> Stop:
    """Take commands of the stepper until the machine stops, or the user lets it go on; then run it."""
    from tools.stepping.conversation import converse

    machine = stepper.session.machine
    machine.operator = None
    print('\nStepping: "g" goes on with the console, "q" ends, "help" lists the commands.')
    if stop.kind is StopKind.STOP_POINT:
        stepper.stopped(stop)
    goes_on = converse(stepper, until="g")
    machine.operator = terminal
    if stepper.stop is not None:
        return stepper.stop
    if not goes_on:
        terminal.ended_by = "q"
        return interrupt.requested_stop(machine)
    return stepper.session.go(stepper.budget)
