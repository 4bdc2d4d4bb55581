# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers, with those that have changed highlighted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from tools.screen import looked_at

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from tools.screen.looked_at import LookedAt

KINDS: Final = ("gr", "cr", "ar", "fr")
"""What there is to be shown, in turn."""
CHANGED: Final = "bold black on yellow"
"""How everything that has changed is shown."""
WIDTH: Final = 43
"""Columns of two registers beside each other."""
_DIGITS: Final = {"ar": 8}


def draw(cpu: Cpu, kind: str, before: LookedAt) -> Text:
    """The sixteen registers of a *kind*, two in a line: 0 to 7 at the left."""
    values, changed = looked_at.registers(cpu)[kind], before.changed_registers(cpu, kind)
    text = Text(no_wrap=True)
    for row in range(8):
        for number in (row, row + 8):
            text.append(f"{kind}{number:<2} ", "dim")
            text.append(f"{values[number]:0{_DIGITS.get(kind, 16)}x}", CHANGED if changed[number] else "")
            text.append(" " if number < 8 else "\n")
    text.right_crop()
    return text
