# SPDX-License-Identifier: GPL-2.0-or-later
"""An entry of the list of stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.running.stopping.kinds import StopOn


class StopPoint:
    """A stop in the list."""

    __slots__ = ("hits", "is_enabled", "number", "on")

    def __init__(self, number: int, on: StopOn) -> None:
        self.number = number
        """By which it is named; never used again."""
        self.on = on
        """What it waits for."""
        self.is_enabled = True
        self.hits = 0
        """How often that has happened while it was enabled, with its condition true."""

    def __str__(self) -> str:
        return f"stop {self.number}: {self.on}"
