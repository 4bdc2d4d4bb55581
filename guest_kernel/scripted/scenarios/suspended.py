# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts that a CPU has stopped in, and the names of the operations before which it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Essa
from guest_kernel.scripted.cpu.script import Place, Relax
from guest_kernel.scripted.scenarios.settings import ScenarioError

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.schedule import Running
    from guest_kernel.scripted.cpu.script import Operation

_ROUNDS: Final = 10_000
"""Rounds of busy waiting after which nobody will ever end it."""


def operation_name(operation: Operation) -> str:
    """How a scenario calls *operation*: by its class, a point by its name, and an ESSA also by its request."""
    if isinstance(operation, Place):
        return operation.name
    if isinstance(operation, Essa):
        return f"ESSA {operation.request.value}"
    return type(operation).__name__


class Suspended:
    """A script that a CPU stopped in at step *number*."""

    def __init__(self, running: Running[Any], number: int) -> None:
        self._running = running
        self.number = number
        self._passed: list[str] = []

    def go_on(self, until: str | None) -> None:
        """Go on to before the next operation that is called *until*, or (None) to the end.

        :raises ScenarioError: if it does not get there.
        :raises KernelBug: if it waits for ever for another CPU.
        """
        running, waited, is_first = self._running, 0, bool(self._passed)
        while running.next is not None and (is_first or until is None or operation_name(running.next) != until):
            is_first = False
            waited = waited + 1 if isinstance(running.next, Relax) else 0
            if waited > _ROUNDS:
                raise KernelBug(f"CPU {running.cpu} waits for ever: {running.next}")
            self._passed.append(operation_name(running.next))
            running.step()
        if running.next is None and until is not None:
            names = ", ".join(dict.fromkeys(self._passed))
            raise ScenarioError(f"it has ended without getting to {until!r}; it passed {names}", "until")
