# SPDX-License-Identifier: GPL-2.0-or-later
"""The table that ``tools/bench`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tools.benchmarks.results import is_worse, ratio

if TYPE_CHECKING:
    from tools.benchmarks.results import BenchmarkRun, FigureResult

_NOTHING = "-"


def table_of(run: BenchmarkRun, old: BenchmarkRun | None = None) -> Table:
    """All figures of *run*, with the ratio of those of an *old* one to them if there is one."""
    table = Table("figure", title=f"{run.date} {run.revision}".strip(), title_justify="left")
    for heading in ("found", "half of them lie in", "goal"):
        table.add_column(heading, justify="right")
    table.add_column("")
    if old is not None:
        table.add_column("old/new", justify="right")
        table.caption = f"old: {old.date} {old.revision}"
    table.add_column("a ratio to; made of", overflow="fold")
    for name, each in run.figures.items():
        cells = [each.title, *value_cells(each), each.goal_text, reached(each)]
        if old is not None:
            cells.append(compared(old.figures.get(name), each))
        explained = "; ".join(part for part in (each.compared_with, each.detail) if part)
        table.add_row(*map(Text, [*cells, explained]))
    return table


def value_cells(each: FigureResult) -> tuple[str, str]:
    """The value of a figure and its spread, as they are shown."""
    if each.value is None or each.low is None or each.high is None:
        return _NOTHING, ""
    spread = f"{each.unit.text(each.low)} to {each.unit.text(each.high)}" if len(each.samples) > 1 else ""
    return each.unit.text(each.value), spread


def reached(each: FigureResult) -> str:
    """Whether the goal of a figure is reached, as it is shown."""
    return {None: "", True: "reached", False: "not yet"}[each.reaches_goal]


def compared(old: FigureResult | None, new: FigureResult) -> str:
    """A figure beside an older one, as it is shown."""
    found = ratio(old, new)
    if found is None:
        return _NOTHING
    return f"{found:.3f}{' WORSE' if is_worse(old, new) else ''}"
