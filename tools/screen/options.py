# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa screen``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.machines.options import HistoryOptions
from tools.usage.options import option


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenOptions(HistoryOptions):
    """What is done before somebody sees the screen, and a picture of it."""

    script: str | None = option(
        metavar="FILE", help="Execute the commands of this file first, which are those of 'step'."
    )
    picture: str | None = option(
        metavar="FILE.svg", help="Draw the screen into this file, and show none; no terminal is needed then."
    )
