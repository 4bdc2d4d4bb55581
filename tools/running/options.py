# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa run``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.machines.options import BudgetOptions
from tools.usage.options import option


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(BudgetOptions):
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
    plot: str | None = option(
        metavar="FILE", help="Draw the page states over time, as .svg, .png or .pdf (--sample-every)."
    )
