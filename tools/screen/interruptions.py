# SPDX-License-Identifier: GPL-2.0-or-later
"""The interruptions that were taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from emu.inspection.low_core import external_name, program_name

if TYPE_CHECKING:
    from emu.debugging.interruption_log import TakenInterruption
    from emu.debugging.session import Session

_MOST: Final = 200


def draw(session: Session) -> Text:
    """The last ones, the latest first."""
    taken = session.log.taken()[: -_MOST - 1 : -1]
    if not taken:
        return Text("no interruption yet", "dim")
    return Text("\n".join(_line(session, each) for each in taken))


def _line(session: Session, taken: TakenInterruption) -> str:
    names = {"program": program_name, "external": external_name}
    name = f" {names[taken.kind](taken.code)}" if taken.kind in names else ""
    place = session.symbols.label(taken.address)
    where = f"{taken.address:x} {place}".rstrip()
    return f"{taken.executed:,} cpu {taken.cpu}: {taken.kind} {taken.code:04x}{name} at {where}"
