# SPDX-License-Identifier: GPL-2.0-or-later
"""One HTML page that stands alone: the figures of the last run, and how each came to be what it is.

The runs themselves are in the page, as JSON, so that a later run can be added to it.
"""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING, Final

import msgspec

from emu.input_files.reading import read_whole
from tools.benchmarks.figure import Unit
from tools.benchmarks.results import BenchmarkFileError, BenchmarkRun
from tools.benchmarks.table import compared, reached, value_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from tools.benchmarks.results import FigureResult

    Draw = Callable[[Axes, str], None]

_BEGIN: Final = '<script type="application/json" id="runs">'
_END: Final = "</script>"
_COLUMNS: Final = 3
_STYLE: Final = """\
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em; color: #222 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .2em .6em; border-bottom: 1px solid #ddd; vertical-align: top }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
tr.reached td.goal { color: #2e7d32 }
tr.not td.goal, td.worse { color: #b3261e }
svg { max-width: 100%; height: auto }
"""


def read_runs(path: Path) -> list[BenchmarkRun]:
    """The runs in the page *path*, the oldest first; none if there is no such file.

    :raises BenchmarkFileError: if it is no such page.
    """
    try:
        text = read_whole(path).decode()
    except FileNotFoundError:
        return []
    except OSError as reason:
        raise BenchmarkFileError(f"{path}: cannot be read: {reason.strerror}") from None
    except UnicodeDecodeError:
        raise BenchmarkFileError(f"{path}: expected a page that 'tools/bench --html' has written") from None
    if not text:
        return []
    _, found, rest = text.partition(_BEGIN)
    data, ended, _ = rest.partition(_END)
    if not found or not ended:
        raise BenchmarkFileError(f"{path}: expected a page that 'tools/bench --html' has written")
    try:
        return msgspec.json.decode(data, type=list[BenchmarkRun])
    except msgspec.DecodeError as reason:
        raise BenchmarkFileError(f"{path}: the runs in it cannot be read: {reason}") from None


def page_of(runs: Sequence[BenchmarkRun]) -> str:
    """The page of these *runs*, of which there is at least one; the last is shown in full."""
    last, before = runs[-1], runs[-2] if len(runs) > 1 else None
    computer = "; ".join(f"{escape(name)} {escape(value)}" for name, value in last.computer.items())
    # A "</script>" in a text would end the JSON.
    data = msgspec.json.encode(list(runs)).decode().replace("</", "<\\/")
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><meta charset="utf-8"><title>Benchmarks</title><style>{_STYLE}</style>',
        f"<h1>Benchmarks</h1><p>{escape(last.date)} UTC, {escape(last.revision)}<br>{computer}</p>",
        _table(last, before),
    ]
    curves = {name: each for name, each in last.figures.items() if each.curve}
    if curves:
        parts += ["<h2>How cost grows</h2>", _curves(curves)]
    if before is not None:
        parts += [f"<h2>The last {len(runs)} runs</h2>", _history(runs)]
    return "\n".join([*parts, f"{_BEGIN}{data}{_END}</html>\n"])


def _table(run: BenchmarkRun, before: BenchmarkRun | None) -> str:
    headings = ["figure", "found", "half of them lie in", "goal", "a ratio to; made of"]
    if before is not None:
        headings.insert(4, f"old/new ({before.date})")
    rows = ["<tr>" + "".join(f"<th>{escape(each)}</th>" for each in headings) + "</tr>"]
    for name, each in run.figures.items():
        found, spread = value_cells(each)
        state = {"reached": "reached", "not yet": "not", "": ""}[reached(each)]
        cells = [f"<td>{escape(each.title)}</td>", _number(found), _number(spread)]
        cells.append(f'<td class="number goal">{escape(each.goal_text)}</td>')
        if before is not None:
            text = compared(before.figures.get(name), each)
            cells.append(f'<td class="number{" worse" if "WORSE" in text else ""}">{escape(text)}</td>')
        explained = "; ".join(part for part in (each.compared_with, each.detail) if part)
        rows.append(f'<tr class="{state}">{"".join(cells)}<td>{escape(explained)}</td></tr>')
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _number(text: str) -> str:
    return f'<td class="number">{escape(text)}</td>'


def _history(runs: Sequence[BenchmarkRun]) -> str:
    """A small chart of each figure: its values and spread, run by run, with the goal."""
    names = [name for name in runs[-1].figures if sum(_has_value(run, name) for run in runs) > 1]
    if not names:
        return "<p>No figure has been measured twice.</p>"

    def draw(axes: Axes, name: str) -> None:
        found = [(place, run.figures[name]) for place, run in enumerate(runs) if _has_value(run, name)]
        places = [place for place, _ in found]
        axes.plot(places, [each.value or 0 for _, each in found], marker="o", markersize=3, color="#1f4e79")
        low, high = [each.low or 0 for _, each in found], [each.high or 0 for _, each in found]
        axes.fill_between(places, low, high, color="#1f4e79", alpha=0.15, linewidth=0)
        goal = found[-1][1].goal
        if goal is not None:
            axes.axhline(goal, color="#2e7d32", linewidth=0.8, linestyle="--")
        axes.set_xticks(range(len(runs)), [run.revision or run.date for run in runs], rotation=30, fontsize=6)

    return _charts(names, {name: runs[-1].figures[name] for name in names}, draw)


def _has_value(run: BenchmarkRun, name: str) -> bool:
    return name in run.figures and run.figures[name].value is not None


def _curves(figures: dict[str, FigureResult]) -> str:
    """A chart of each figure that has a curve."""
    from matplotlib.ticker import EngFormatter

    def draw(axes: Axes, name: str) -> None:
        axes.plot(*zip(*figures[name].curve, strict=True), marker="o", markersize=3, color="#1f4e79")
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_xlabel(figures[name].axes[0], fontsize=7)
        axes.set_ylabel(figures[name].axes[1], fontsize=7)

    return _charts(list(figures), figures, draw)


def _charts(names: list[str], figures: dict[str, FigureResult], draw: Draw) -> str:
    """An SVG with a chart of each of these figures."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter, NullFormatter

    mpl.rcParams["svg.hashsalt"] = "benchmarks"
    rows = -(-len(names) // _COLUMNS)
    figure = Figure(figsize=(12, 2.2 * rows), layout="constrained")
    for place, name in enumerate(names, 1):
        axes = figure.add_subplot(rows, _COLUMNS, place)
        draw(axes, name)
        unit = f", {figures[name].unit.value}" if figures[name].unit.value else ""
        axes.set_title(f"{figures[name].title}{unit}", loc="left", fontsize=8)
        axes.tick_params(labelsize=7)
        if figures[name].unit is Unit.RATE:
            # A rate may be a hundred times what it was.
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(EngFormatter(sep=""))
            axes.yaxis.set_minor_formatter(NullFormatter())
        else:
            axes.set_ylim(bottom=0)
    picture = io.StringIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()[picture.getvalue().index("<svg") :]
