# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that let the machine go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.cpu import CpuState
from emu.pending import can_run
from tools.stepping import addresses, showing
from tools.stepping.commands import CommandError, command, count, expect_nothing

if TYPE_CHECKING:
    from emu.machine import Stop
    from tools.stepping.stepper import Stepper

_TOPIC = "going on"


@command(
    "s",
    "stepi",
    "si",
    "step",
    arguments="[N]",
    does="execute N instructions (one), each shown as a line; an empty line does one as well",
    topic=_TOPIC,
)
def step(stepper: Stepper, argument: str) -> None:
    """Execute instructions, each shown with what it changed."""
    if argument and not (argument.isascii() and argument.isdigit()):
        raise CommandError(f"s: expected a number of instructions, not {argument!r}")
    with stepper.interruptible() as switch, stepper.traced():
        for _ in range(int(argument or 1)):
            if stepper.is_out_of_budget() or switch.is_pressed:
                break
            stop = _step(stepper)
            if stop is not None:
                stepper.stopped(stop)
                break


def _step(stepper: Stepper) -> Stop | None:
    """Make a step, and say of it what the trace does not."""
    session = stepper.session
    cpus, timing = session.machine.cpus, session.machine.timing
    is_wait, before = not any(can_run(cpu) for cpu in cpus), timing.work
    running = [cpu for cpu in cpus if cpu.state is not CpuState.CHECK_STOP]
    stop = session.step()
    if is_wait and timing.work > before:
        stepper.write(f"every CPU waits: {timing.work - before:,} units of time pass")
    for cpu in running:
        if cpu.state is CpuState.CHECK_STOP:
            stepper.write(showing.check_stop(cpu))
    return stop


@command("g", "c", "continue", "cont", does="go on until a stop, the end, or Ctrl-C", topic=_TOPIC)
def go(stepper: Stepper, argument: str) -> None:
    """Go on."""
    expect_nothing("g", argument)
    stepper.run(lambda: stepper.session.go(stepper.budget))


@command(
    "until",
    "u",
    arguments="[ADDR]",
    does="go on until ADDR; without it, until behind the next instruction (the end of a loop)",
    topic=_TOPIC,
)
def until(stepper: Stepper, argument: str) -> None:
    """Go on until an address."""
    where = addresses.address(stepper.session, "until", argument) if argument else None
    stepper.run(lambda: stepper.session.until(where, stepper.budget))


@command("over", "n", "nexti", "ni", arguments="[N]", does="execute N instructions, calls as a whole", topic=_TOPIC)
def over(stepper: Stepper, argument: str) -> None:
    """Step over calls."""
    for _ in range(count("over", argument)):
        if stepper.is_out_of_budget():
            return
        stop = stepper.run(lambda: stepper.session.over(stepper.budget), is_shown=False)
        if stop is not None and not stepper.is_own(stop):
            stepper.stopped(stop)
            return
    stepper.show_next()


@command("finish", "fin", does="go on until this function has returned", topic=_TOPIC)
def finish(stepper: Stepper, argument: str) -> None:
    """Go on until the function returns."""
    expect_nothing("finish", argument)
    try:
        stepper.run(lambda: stepper.session.finish(stepper.budget))
    except ValueError as reason:
        raise CommandError(f"finish: {reason}") from None


@command(
    "t", arguments="[on|off]", does="show each instruction while going on, too; without a word, turn over", topic=_TOPIC
)
def trace(stepper: Stepper, argument: str) -> None:
    """Trace every instruction, or stop that."""
    if argument not in ("", "on", "off"):
        raise CommandError(f"t: expected on or off, not {argument!r}")
    stepper.is_tracing = not stepper.is_tracing if not argument else argument == "on"
    stepper.write(f"every instruction is {'shown' if stepper.is_tracing else 'not shown'}")


@command("t+", does="the same as t on", topic=_TOPIC)
def trace_on(stepper: Stepper, argument: str) -> None:
    """Trace every instruction."""
    expect_nothing("t+", argument)
    trace(stepper, "on")


@command("t-", does="the same as t off", topic=_TOPIC)
def trace_off(stepper: Stepper, argument: str) -> None:
    """Stop that."""
    expect_nothing("t-", argument)
    trace(stepper, "off")


@command(
    "cpu",
    arguments="[N]",
    does="mean CPU N by registers and addresses from now on; without N, whose turn it is",
    topic="registers",
)
def cpu(stepper: Stepper, argument: str) -> None:
    """Choose the CPU that is meant."""
    if argument and not (argument.isascii() and argument.isdigit()):
        raise CommandError(f"cpu: expected the address of a CPU, not {argument!r}")
    try:
        stepper.session.choose_cpu(int(argument) if argument else None)
    except ValueError as reason:
        raise CommandError(f"cpu: {reason}") from None
    stepper.show_next()
