# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that go back, or to any moment of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.debugging.history import HistoryError
from tools.stepping.commands import CommandError, command, count, expect_nothing

if TYPE_CHECKING:
    from tools.stepping.stepper import Stepper

_TOPIC: Final = "going back"


@command("back", "rs", "reverse-stepi", "rsi", arguments="[N]", does="undo N steps (one)", topic=_TOPIC)
def back(stepper: Stepper, argument: str) -> None:
    """Undo steps."""
    wanted = count("back", argument)
    with stepper.interruptible():
        try:
            undone = stepper.session.back(wanted)
        except HistoryError as reason:
            raise CommandError(f"back: {reason}") from None
    stepper.came_back()
    if undone < wanted:
        stepper.write(f"the history begins here: {undone} of {wanted} steps undone")


@command("goto", arguments="N", does="go to where N instructions have ended, back or forward", topic=_TOPIC)
def go_to(stepper: Stepper, argument: str) -> None:
    """Go to an instruction number."""
    number = argument.replace(",", "")
    if not (number.isascii() and number.isdigit()):
        raise CommandError(f"goto: expected a number of instructions, not {argument!r}")
    with stepper.interruptible():
        try:
            stop = stepper.session.go_to(int(number))
        except HistoryError as reason:
            raise CommandError(f"goto: {reason}") from None
    stepper.came_back()
    if stop is not None:
        stepper.stopped(stop)


@command("history", does="what is recorded, and where in it the machine is", topic=_TOPIC)
def history(stepper: Stepper, argument: str) -> None:
    """Describe the history."""
    expect_nothing("history", argument)
    session = stepper.session
    known = session.history
    if known is None:
        stepper.write(session.why_no_history)
        return
    stepper.write(f"instruction {session.machine.executed:,} of {known.first:,} to {known.end:,}")
    megabytes = (each >> 20 for each in (known.used, known.limit))
    stepper.write("{} moments, {} of at most {} MB".format(known.moments, *megabytes))
