# SPDX-License-Identifier: GPL-2.0-or-later
"""The stepper behind the screen: what the console's commands write becomes messages, and a key ends a run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tools.processes.interrupt import Switch
from tools.stepping.lines import CommandError, execute
from tools.stepping.stepper import Stepper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.debugging.session import Session
    from host.page_manager import PageManager

_KEPT: Final = 2000


class ScreenStepper(Stepper):
    """A stepper that is driven by keys and by a command line, and that may run beside the screen."""

    def __init__(
        self, session: Session, *, max_instructions: int | None = None, manager: PageManager | None = None
    ) -> None:
        """Drive *session*; see :class:`~tools.stepping.stepper.Stepper`."""
        super().__init__(session, self._say, max_instructions=max_instructions, manager=manager)
        self.messages: list[str] = []
        """What the commands have written, the latest last."""
        self._switch: Switch | None = None

    def _say(self, line: str) -> None:
        self.messages.append(line)
        del self.messages[:-_KEPT]

    @contextmanager
    def interruptible(self) -> Iterator[Switch]:
        """While it lasts, :meth:`interrupt` ends what the machine does."""
        self._switch = switch = Switch()
        try:
            yield switch
        finally:
            self._switch = None
            self.session.machine.stop_requested = False

    def interrupt(self) -> None:
        """End what the machine does between two instructions; nothing if it does nothing."""
        if self._switch is not None:
            self._switch.is_pressed = True
            self.session.machine.stop_requested = True

    def command(self, line: str) -> bool:
        """Execute a *line*, with what is wrong with it as a message; give whether there may be another."""
        try:
            return execute(self, line)
        except CommandError as reason:
            self._say(str(reason))
            return True
