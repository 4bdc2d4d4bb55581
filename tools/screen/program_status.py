# SPDX-License-Identifier: GPL-2.0-or-later
"""The PSW, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from emu.inspection import psw as psw_words
from tools.screen.registers import CHANGED

if TYPE_CHECKING:
    from emu.debugging.session import Session
    from tools.screen.looked_at import LookedAt


def draw(session: Session, before: LookedAt) -> Text:
    """The PSW of the CPU that is meant, with the symbol of its address, and its fields in words."""
    cpu = session.cpu
    text = Text("PSW ", "dim")
    text.append(f"{session.symbols.psw_text(cpu.psw)}\n", "bold")
    text.append(psw_words.in_words(cpu.psw), CHANGED if before.has_new_psw(cpu) else "")
    if cpu.is_waiting:
        text.append(", waiting")
    return text
