# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast the machine is: a table of all figures, each with what is to be reached and what it is a ratio to.

Both sides of a ratio are measured alternately in one run.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs
from rich.console import Console

from tools.benchmarks.catalogue import FIGURES, chosen
from tools.benchmarks.figure import Effort, NotMeasured
from tools.benchmarks.page import page_of, read_runs
from tools.benchmarks.results import BenchmarkFileError, encode, new_run, read_run, result, worse
from tools.benchmarks.table import table_of, value_cells
from tools.usage.errors import UsageError
from tools.usage.extras import require_matplotlib

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tools.benchmarks.figure import BenchmarkFigure
    from tools.benchmarks.results import FigureResult

_WIDTH: Final = 160
_SUITE: Final = "kvm-unit-tests"


def make_parser() -> argparse.ArgumentParser:
    """The options of ``tools/bench``."""
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("--list", action="store_true", help="list the figures, and measure nothing")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="measure only these")
    parser.add_argument("-k", metavar="TEXT", dest="part", help="measure only those with TEXT in their names")
    parser.add_argument(
        "--quick", action="store_true", help="a few minutes: fewer and shorter pieces, and no boots but those in --only"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found to FILE")
    parser.add_argument("--html", type=Path, metavar="FILE", help="add it to the page FILE, which may be new")
    parser.add_argument("--compare", type=Path, metavar="OLD", help="show each figure beside that in OLD, by --json")
    parser.add_argument(
        "--suite",
        type=Path,
        metavar="DIR",
        default=Path(platformdirs.user_cache_dir("essa")) / _SUITE,
        help="the build directory of kvm-unit-tests (default: %(default)s)",
    )
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for, show it, and give the exit status: 2 for wrong use."""
    arguments = make_parser().parse_args(words)
    try:
        return _run(arguments)
    except (BenchmarkFileError, UsageError) as reason:
        print(f"tools/bench: {reason}", file=sys.stderr)
    except KeyError as unknown:
        print(f"tools/bench: --only: expected a name that --list shows, not {unknown.args[0]}", file=sys.stderr)
    except OSError as reason:
        print(f"tools/bench: {reason.filename} cannot be written: {reason.strerror}", file=sys.stderr)
    return 2


def _run(arguments: argparse.Namespace) -> int:
    figures = chosen(arguments.only, arguments.part)
    if arguments.list:
        for figure in FIGURES:
            print(f"{figure.name:22} {figure.title}{' / ' if figure.compared_with else ''}{figure.compared_with}")
        return 0
    old = read_run(arguments.compare) if arguments.compare is not None else None
    if arguments.html is not None:
        require_matplotlib("--html: its charts")
    runs = read_runs(arguments.html) if arguments.html is not None else []
    for path in (arguments.json, arguments.html):
        if path is not None:
            # Before minutes have been spent.
            path.open("ab").close()
    effort = Effort.quick(arguments.suite) if arguments.quick else Effort(suite=arguments.suite)
    left_out = {each.name for each in figures if arguments.quick and each.takes_long} - {*arguments.only}
    run = new_run(measure_all(figures, effort, left_out))
    Console(width=_WIDTH).print(table_of(run, old))
    if old is not None:
        for name in worse(old, run):
            print(f"worse by more than 3 per cent: {name}")
    if arguments.json is not None:
        arguments.json.write_bytes(encode(run))
    if arguments.html is not None:
        arguments.html.write_text(page_of([*runs, run]), encoding="utf-8")
    return 0


def measure_all(
    figures: Sequence[BenchmarkFigure], effort: Effort, left_out: Collection[str] = ()
) -> dict[str, FigureResult]:
    """Measure the *figures* but those *left_out*, with a line of progress on standard error for each."""
    found = {}
    for number, figure in enumerate(figures, 1):
        print(f"{number:2}/{len(figures)} {figure.name}: ", end="", file=sys.stderr, flush=True)
        started = time.perf_counter()
        measured, reason = None, ""
        if figure.name in left_out:
            reason = "left out of a quick run"
        else:
            try:
                measured = figure.measure(effort)
            except (NotMeasured, OSError, MemoryError) as why:
                reason = str(why) or type(why).__name__
            except KeyboardInterrupt:
                print("ended by Ctrl-C", file=sys.stderr)
                break
        each = found[figure.name] = result(figure, measured, reason)
        shown = value_cells(each)[0] if measured is not None else reason
        print(f"{shown} ({time.perf_counter() - started:.1f} s)", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
