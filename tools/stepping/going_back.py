# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that go back, or to any moment of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.debugging.history import HistoryError
from emu.debugging.registers import find_register
from emu.debugging.watched import OfKey, OfPage, OfRegister, OfStorage, Watched
from tools.stepping import addresses, showing
from tools.stepping.commands import CommandError, command, count, expect_nothing
from tools.stepping.stop_words import parse_stop

if TYPE_CHECKING:
    from tools.stepping.stepper import Stepper

_TOPIC: Final = "going back"


@command("back", "rs", "reverse-stepi", "rsi", arguments="[N]", does="undo N steps (one)", topic=_TOPIC)
def back(stepper: Stepper, argument: str) -> None:
    """Undo steps."""
    wanted = count("back", argument)
    with stepper.searching():
        try:
            undone = stepper.session.back(wanted)
        except HistoryError as reason:
            raise CommandError(f"back: {reason}") from None
    stepper.came_back()
    if undone < wanted:
        stepper.write(f"the history begins here: {undone} of {wanted} steps undone")


@command(
    "rg",
    "rc",
    "reverse-continue",
    arguments="[WHAT]",
    does="go back to where a stop came last; with WHAT, as for b, to where that was last",
    topic=_TOPIC,
)
def reverse_go(stepper: Stepper, argument: str) -> None:
    """Go back to the last stop."""
    try:
        on = parse_stop(stepper.session, argument) if argument else None
    except CommandError as reason:
        raise CommandError(f"rg{str(reason).removeprefix('b')}") from None
    with stepper.searching():
        try:
            stop = stepper.session.reverse_go(on)
        except HistoryError as reason:
            raise CommandError(f"rg: {reason}") from None
    stepper.stop = None
    if stop is None:
        what = "no stop" if on is None else "nothing like that"
        stepper.write(f"{what} has come since the history begins, which is here")
        stepper.show_next()
    elif on is not None:
        for line in showing.stop_lines(stepper.session, stop):
            stepper.write(line.removeprefix(f"stop {stop.hits[0].number}: "))
    else:
        stepper.stopped(stop)


@command(
    "who",
    arguments="REGISTER|ADDR[.LEN]|key ADDR|page ADDR [N]",
    does=(
        "which instructions have changed that last, N of them (one); ADDR is absolute; of a key, reference and change "
        "do not count"
    ),
    topic="asking",
)
def who(stepper: Stepper, argument: str) -> None:
    """Find the last change of something."""
    *words, last = argument.split() or [""]
    if words and last.isdecimal() and words[-1] not in _PAGES:
        most = int(last)
    else:
        words, most = [*words, last], 1
    watched = _watched(stepper, words)
    with stepper.searching():
        try:
            changes = stepper.session.who(watched, most)
        except HistoryError as reason:
            raise CommandError(f"who: {reason}") from None
    for change in changes:
        stepper.write(showing.change_line(stepper.session, watched, change))
    if len(changes) < most:
        stepper.write("nothing before that" if changes else "nothing, since the history begins")


_PAGES: Final[dict[str, type[OfKey | OfPage]]] = {"key": OfKey, "page": OfPage}


def _watched(stepper: Stepper, words: list[str]) -> Watched:
    session = stepper.session
    if len(words) == 2 and words[0] in _PAGES:
        return _PAGES[words[0]](addresses.page(session, "who", words[1]))
    if len(words) != 1 or not words[0]:
        raise CommandError(f"who: expected a register, an address, or key or page and one; not {' '.join(words)!r}")
    try:
        return OfRegister(find_register(words[0]).name, session.cpu.address)
    except ValueError:
        pass
    address, length = addresses.area(session, "who", words[0], default=1)
    if address + length > session.machine.memory:
        raise CommandError(f"who: {address:x} lies outside the memory of {session.machine.memory:x} bytes")
    if address % PAGE_SIZE + length > PAGE_SIZE:
        raise CommandError(f"who: expected bytes of one page, not {length:x} at {address:x}")
    return OfStorage(address, length)


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
