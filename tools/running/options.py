# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa run``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.gdb.options import endpoint
from tools.machines.options import HistoryOptions
from tools.usage.options import MOST_COUNTED, option

if TYPE_CHECKING:
    from tools.gdb.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class SavePoint:
    """When the machine is saved, and where."""

    instruction: int
    """How many instructions have ended then, since the program was begun."""
    path: Path


def _save_point(typed: tuple[int, str]) -> SavePoint:
    instruction, name = typed
    if not 0 <= instruction <= MOST_COUNTED:
        raise ValueError(f"expected a number of instructions, 0 to {MOST_COUNTED}, not {instruction}")
    return SavePoint(instruction, Path(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(HistoryOptions):
    """What is wanted of a run besides the guest's console."""

    trace: str | None = option(
        metavar="FILE", help="Write a line for each instruction; - is standard error.", is_for_programs=True
    )
    table: bool = option(False, help="Print the table of page states at the end.")
    json: str | None = option(
        metavar="FILE",
        help="Write the summary as JSON; - is standard output, and all else that is shown goes to standard error then.",
    )
    input: str | None = option(
        metavar="FILE",
        help="Type what this TOML file says on the console ([[step]] expect, send).",
        is_for_programs=True,
    )
    gdb: Endpoint | None = option(
        metavar="[HOST:]PORT", help="Let gdb come there while it runs.", is_for_programs=True, parse=endpoint
    )
    plot: str | None = option(
        metavar="FILE",
        help="Draw the page states over time: .html to look at every page, or .svg, .png, .pdf (--sample-every).",
    )
    save_at: SavePoint | None = option(
        kind=tuple[int, str],
        metavar="N FILE",
        help="Save the whole machine in FILE when N instructions have ended, and go on.",
        is_for_programs=True,
        parse=_save_point,
    )
    saved: Path | None = option(
        flag="--from",
        metavar="FILE",
        help="Go on from what is saved in FILE, of the same program and the same machine.",
        is_for_programs=True,
        parse=Path,
    )
