# SPDX-License-Identifier: GPL-2.0-or-later
"""Random programs whose every step is undone: ``python -m tools.differential.undoing FIRST COUNT``.

Each program is made step by step, with a history, and going on behind each interruption.  Then step after step is
undone, and the state must be the one that was, with nothing different in machine and host.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Final

from emu.debugging.history import History
from emu.machine import StopKind
from tools.differential.generator import random_program
from tools.differential.machines import Machines
from tools.differential.ways import resume

if TYPE_CHECKING:
    from tools.differential.program import RandomProgram

_MOST_STEPS: Final = 60
"""Of a program: each has to be made again many times."""
_INTERVAL: Final = 7
"""Instructions from one moment of the history to the next: few, so that most moments are put back somewhere."""
_LIMIT: Final = 64 << 20
"""Bytes of a history."""


class Undoing:
    """Undoes programs, on machines that are used again and again."""

    def __init__(self) -> None:
        self._machines = Machines()
        self.steps = 0
        """How many steps have been undone."""

    def find(self, program: RandomProgram) -> list[str]:
        """What is different after a step of *program* was undone; nothing if all is right."""
        prepared = self._machines.ready("undone", program)
        machine = prepared.machine
        history = History(machine, host=prepared.host, interval=_INTERVAL, limit=_LIMIT)
        looks: list[dict[Any, Any]] = []
        for _ in range(_MOST_STEPS):
            before, position = prepared.look(), history.position
            stop = history.step()
            if history.position != position:
                looks.append(before)
            if stop is None:
                continue
            if stop.kind is not StopKind.DISABLED_WAIT or machine.executed >= program.budget:
                break
            with history.changing():
                # All, and not only until the first that goes on.
                goes_on = any([resume(machine, cpu, program) for cpu in machine.cpus])  # noqa: C419
            if not goes_on:
                break
        for number, before in reversed(list(enumerate(looks))):
            history.step_back()
            self.steps += 1
            after = prepared.look()
            if after != before:
                return [f"step {number}: {where}" for where in before | after if before.get(where) != after.get(where)]
        return []


def main() -> int:
    """Undo the programs that the command line names, and give the exit status: 1 if a step was not undone."""
    parser = argparse.ArgumentParser(prog="python -m tools.differential.undoing", description=__doc__)
    parser.add_argument("first", type=int, help="the seed of the first program")
    parser.add_argument("count", type=int, help="how many programs")
    arguments = parser.parse_args()
    undoing, wrong = Undoing(), 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        found = undoing.find(random_program(seed))
        if found:
            wrong += 1
            print(f"program {seed}: " + "; ".join(found), flush=True)
    print(f"{arguments.count:,} programs, {undoing.steps:,} steps undone, {wrong} programs wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
