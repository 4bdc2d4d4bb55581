# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa run``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.gdb.options import endpoint
from tools.machines.options import SymbolOptions
from tools.usage.options import option

if TYPE_CHECKING:
    from tools.gdb.endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(SymbolOptions):
    """What is wanted of a run besides the guest's console."""

    trace: str | None = option(
        metavar="FILE", help="Write a line for each instruction; - is standard error.", is_for_programs=True
    )
    table: bool = option(False, help="Print the table of page states at the end.")
    json: str | None = option(metavar="FILE", help="Write the summary as JSON; - is standard output.")
    input: str | None = option(
        metavar="FILE",
        help="Type what this TOML file says on the console ([[step]] expect, send).",
        is_for_programs=True,
    )
    gdb: Endpoint | None = option(
        metavar="[HOST:]PORT", help="Let gdb come there while it runs.", is_for_programs=True, parse=endpoint
    )
    plot: str | None = option(
        metavar="FILE", help="Draw the page states over time, as .svg, .png or .pdf (--sample-every)."
    )
