# SPDX-License-Identifier: GPL-2.0-or-later
"""The assigned storage locations of a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from emu.inspection.low_core import read_low_core
from tools.screen.registers import CHANGED

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from tools.screen.looked_at import LookedAt


def draw(cpu: Cpu, before: LookedAt) -> Text:
    """The locations in which something is or was, those that have changed first."""
    changed = before.changed_low_core(cpu)
    shown = [each for each in read_low_core(cpu) if any(each.value) or each.location.address in changed]
    shown.sort(key=lambda each: each.location.address not in changed)
    lines = [Text(str(each), CHANGED if each.location.address in changed else "") for each in shown]
    return Text("\n").join(lines) if lines else Text("nothing but zeros", "dim")
