# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands for stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.inspection.storage import NoStorageError
from emu.isa.execute import EXECUTE_RELATIVE_LONG
from emu.running.stopping.kinds import AtAddress, StopSpace
from tools.stepping import addresses
from tools.stepping.commands import CommandError, command
from tools.stepping.stop_words import parse_stop

if TYPE_CHECKING:
    from emu.debugging.session import Session
    from tools.stepping.stepper import Stepper

_TOPIC = "stops"


@command(
    "b",
    "break",
    "tb",
    arguments="[WHAT] [if CONDITION] [count N]",
    does="set a stop: an address, a symbol, essa, page ADDR unused ... ('help b' lists all); without WHAT, list them",
    topic=_TOPIC,
)
def set_stop(stepper: Stepper, argument: str) -> None:
    """Set a stop, or list them."""
    if not argument:
        _show_stops(stepper)
        return
    on = parse_stop(stepper.session, argument)
    try:
        number = stepper.session.stops.add(on)
    except ValueError as reason:
        raise CommandError(f"b: {reason}") from None
    stepper.typed_stops[number] = argument
    stepper.write(f"stop {number}: {on}")
    if isinstance(on, AtAddress) and on.space is StopSpace.LOGICAL:
        for place in _executes_of(stepper.session, on.address):
            at = f"{place:x} {stepper.session.symbols.label(place)}".strip()
            stepper.write(f"the EXECUTE at {at} has it as its target: 'b target {on.address:x}' stops there")


_REACH: Final = 0x10000
"""Bytes before and behind a target in which an EXECUTE RELATIVE LONG of it is looked for."""


def _executes_of(session: Session, target: int) -> list[int]:
    """Where the EXECUTE RELATIVE LONG instructions are, not far away, that execute what is at *target*."""
    found = []
    for page in range(max(target - _REACH, 0) & -PAGE_SIZE, target + _REACH, PAGE_SIZE):
        try:
            code = session.look(page, PAGE_SIZE)
        except NoStorageError:
            continue
        for offset in range(0, PAGE_SIZE - 5, 2):
            if code[offset] << 4 | code[offset + 1] & 0x0F == EXECUTE_RELATIVE_LONG:
                distance = 2 * int.from_bytes(code[offset + 2 : offset + 6], "big", signed=True)
                if page + offset + distance == target:
                    found.append(page + offset)
    return found


@command(
    "b-", "d", "delete", arguments="[N|ADDR]", does="remove stop N, or that at ADDR; without it, all", topic=_TOPIC
)
def remove_stop(stepper: Stepper, argument: str) -> None:
    """Remove stops."""
    stops = stepper.session.stops
    if not argument:
        stops.clear()
        return
    try:
        numbers = [_number(stepper, "b-", argument)]
    except CommandError:
        where = addresses.address(stepper.session, "b-", argument)
        numbers = [each.number for each in stops if isinstance(each.on, AtAddress) and each.on.address == where]
        if not numbers:
            raise CommandError(f"b-: there is no stop {argument}, and none at {where:x}") from None
    for number in numbers:
        stops.remove(number)


@command("disable", arguments="N", does="keep stop N, but do not stop there", topic=_TOPIC)
def disable(stepper: Stepper, argument: str) -> None:
    """Disable a stop."""
    stepper.session.stops.enable(_number(stepper, "disable", argument), is_enabled=False)


@command("enable", arguments="N", does="stop there again", topic=_TOPIC)
def enable(stepper: Stepper, argument: str) -> None:
    """Enable a stop."""
    stepper.session.stops.enable(_number(stepper, "enable", argument))


def _show_stops(stepper: Stepper) -> None:
    """List the stops, with what was typed for them and how often each has happened."""
    for point in stepper.session.stops:
        off = "" if point.is_enabled else ", disabled"
        typed = stepper.typed_stops.get(point.number)
        label = f" ({typed})" if typed else ""
        stepper.write(f"{point}{label}: happened {point.hits:,} times{off}")


def _number(stepper: Stepper, name: str, argument: str) -> int:
    """The number of a stop.

    :raises CommandError: if there is no such stop.
    """
    known = [point.number for point in stepper.session.stops]
    if not (argument.isascii() and argument.isdigit()) or int(argument) not in known:
        listed = f"one of {', '.join(map(str, known))}" if known else "the number of a stop, and there is none"
        raise CommandError(f"{name}: expected {listed}; not {argument!r}")
    return int(argument)
