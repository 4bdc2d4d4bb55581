# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType


class Pane(Widget):
    """A part of the screen that is drawn anew whenever the machine, or the size, has changed."""

    DEFAULT_CSS = "Pane { height: 1fr; }"

    def __init__(self, name: str, draw: Callable[[int, int], Text], is_still: Callable[[], bool]) -> None:
        """Be drawn by *draw*, which is told how many columns and lines there are.

        :param is_still: whether the machine may be looked at; while not, what was drawn last stays.
        """
        super().__init__(id=name)
        self._draw = draw
        self._is_still = is_still
        self._drawn = Text()

    def render(self) -> Text:
        """What is seen."""
        if self._is_still():
            self._drawn = self._draw(self.size.width, self.size.height)
        return self._drawn


class CommandLine(Input):
    """Where commands are typed; the arrows bring back earlier ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "earlier(-1)", show=False),
        Binding("down", "earlier(1)", show=False),
    ]
    PROMPT: Final = "':' types a command, as in 'essa step' (help)"

    def __init__(self) -> None:
        super().__init__(placeholder=self.PROMPT, compact=True, id="command")
        self._typed: list[str] = []
        self._at = 0

    def take(self) -> str:
        """What was typed; the line is empty then."""
        line = self.value
        if line:
            self._typed.append(line)
        self._at = len(self._typed)
        self.value = ""
        return line

    def action_earlier(self, by: int) -> None:
        """Bring back what was typed earlier, or later."""
        self._at = min(max(self._at + by, 0), len(self._typed))
        self.value = (self._typed + [""])[self._at]
        self.cursor_position = len(self.value)
