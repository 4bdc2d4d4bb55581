# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of an instruction while it is executed alone, of a machine that is traced."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emu.isa.storage_operands import Use

if TYPE_CHECKING:
    from emu.tracing.accesses import AccessedPart


@dataclass(slots=True)
class LoneInstruction:
    """What is being executed alone."""

    rows: slice
    """Where its rows are."""
    number: int
    time: int
    """Before it."""
    described: list[AccessedPart] | None = field(default_factory=list)
    """What it will access if the engine executes it; None if that is not described."""
    contents: list[tuple[int, bytes]] = field(default_factory=list)
    """What lay at logical addresses, as far as that may have changed since."""
    timer_origin: int = 0
    timers: list[int] = field(default_factory=list)
    """CPU timer, clock comparator, TOD programmable register."""
    interruptions: list[int] = field(default_factory=list)
    """Where the rows of those are that it gives."""
    by_model: list[AccessedPart] = field(default_factory=list)
    """What it was told that it has accessed."""

    @property
    def stores(self) -> list[AccessedPart]:
        """Those of it that are stores."""
        return [part for part in self.by_model if part.use is Use.STORE]
