# SPDX-License-Identifier: GPL-2.0-or-later
"""The stepper: a session that is driven by typed commands (:mod:`tools.stepping.lines`), and what they all need."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from emu.machine import Stop, StopKind
from tools.reports.trace import Tracer
from tools.stepping import showing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from emu.debugging.session import Session
    from host.page_manager import PageManager
    from tools.processes.interrupt import Switch

DEFAULT_WIDTH: Final = 120
"""Columns where nobody says how many there are, as in a pipe."""


class Stepper:
    """A session that is driven by typed commands; what they show goes to *write*, line by line."""

    def __init__(
        self,
        session: Session,
        write: Callable[[str], object],
        *,
        max_instructions: int | None = None,
        manager: PageManager | None = None,
    ) -> None:
        """Drive *session*.

        :param max_instructions: how many instructions the machine may end in all.
        :param manager: the host below, if there is one.
        """
        self.session = session
        self.write = write
        self.manager = manager
        self.width = DEFAULT_WIDTH
        """How many columns there are."""
        self.terminal: TextIO | None = None
        """Where it is shown how far a search is; None if nowhere."""
        self.stop: Stop | None = None
        """How the machine stopped, once it has in a way that ends a run."""
        self.word = ""
        """By which name the present command was called."""
        self.typed_stops: dict[int, str] = {}
        """What was typed for each stop, by its number."""
        self.is_tracing = False
        """Whether each instruction is shown while the machine goes on."""
        self._limit = max_instructions
        self._tracer = Tracer(session.machine, write, session.symbols)

    @property
    def budget(self) -> int | None:
        """How many instructions may still end; None if nobody has said."""
        return None if self._limit is None else max(self._limit - self.session.machine.executed, 0)

    def is_out_of_budget(self) -> bool:
        """Whether no instruction may end any more, which is told then."""
        if self.budget != 0:
            return False
        cpu = self.session.machine.cpus[0]
        self.stopped(Stop(StopKind.BUDGET, cpu.address, cpu.psw, StopKind.BUDGET.value))
        return True

    @contextmanager
    def interruptible(self) -> Iterator[Switch]:
        """While it lasts, Ctrl-C ends what the machine does, and not the stepper."""
        from tools.processes.interrupt import ctrl_c

        with ctrl_c(self.session.machine) as switch:
            yield switch

    @contextmanager
    def searching(self) -> Iterator[None]:
        """The same while what the machine has done is gone through again; it is shown how far that is."""
        from tools.processes.progress import progress

        def describe() -> str:
            return f"{self.word}: instruction {self.session.machine.executed:,} (Ctrl-C ends it)"

        with self.interruptible(), progress(describe, self.terminal):
            yield

    @contextmanager
    def traced(self) -> Iterator[None]:
        """While it lasts, each instruction is shown."""
        observers = self.session.machine.configuration.observers
        self._tracer.refresh()
        observers.append(self._tracer)
        try:
            yield
        finally:
            if self._tracer in self.session.machine.observers:
                self.session.machine.observers.remove(self._tracer)

    def run(self, act: Callable[[], Stop | None], *, is_shown: bool = True) -> Stop | None:
        """Let the machine go on by *act*, with its stop shown; give the stop."""
        with self.interruptible() as switch:
            if self.is_tracing:
                with self.traced():
                    stop = act()
            else:
                stop = act()
        if stop is None:
            return None
        if switch.is_pressed and stop.kind is StopKind.REQUESTED:
            self.write("stopped by Ctrl-C")
            self.show_next()
        elif is_shown:
            self.stopped(stop)
        return stop

    def stopped(self, stop: Stop) -> None:
        """Show how the machine stopped, and remember it if that ends a run."""
        if self.is_own(stop):
            self.show_next()
            return
        if stop.kind is not StopKind.STOP_POINT:
            self.stop = stop
        for line in showing.stop_lines(self.session, stop):
            self.write(line)

    def is_own(self, stop: Stop) -> bool:
        """Whether *stop* is that of a stop which a command has set only for itself."""
        known = {point.number for point in self.session.stops}
        return stop.kind is StopKind.STOP_POINT and not any(hit.number in known for hit in stop.hits)

    def came_back(self) -> None:
        """The machine is somewhere else in its history: it has not stopped there; show what comes next."""
        self.stop = None
        self.show_next()

    def show_next(self) -> None:
        """Show what comes next on the CPU that is meant."""
        self.write(showing.next_instruction(self.session, self.session.cpu))
