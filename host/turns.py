# SPDX-License-Identifier: GPL-2.0-or-later
"""Several guests of one host, run in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.machine import StopKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emu.machine import Machine, Stop

TURN: Final = 1_000_000
"""Instructions that a guest executes before it is the next one's turn."""


def run_in_turn(
    machines: Sequence[Machine],
    max_instructions: int | None = None,
    *,
    turn: int = TURN,
    ended: Callable[[int, Stop], None] | None = None,
) -> list[Stop]:
    """Run the *machines* in turn until each has stopped; give how, in their order.

    Each has virtual time of its own, so a guest that waits for its clock waits for nobody.

    :param max_instructions: the most that each executes; None is no bound.
    :param turn: how many instructions a turn has.
    :param ended: called with the number of a machine and its stop, as soon as it has stopped.
    """
    stops: dict[int, Stop] = {}
    executed = [machine.executed for machine in machines]
    while len(stops) < len(machines):
        for number, machine in enumerate(machines):
            if number in stops:
                continue
            left = turn
            if max_instructions is not None:
                left = min(turn, max_instructions - (machine.executed - executed[number]))
            stop = machine.run(left)
            is_turn_over = stop.kind is StopKind.BUDGET and (
                max_instructions is None or machine.executed - executed[number] < max_instructions
            )
            if not is_turn_over:
                stops[number] = stop
                if ended is not None:
                    ended(number, stop)
    return [stops[number] for number in range(len(machines))]
