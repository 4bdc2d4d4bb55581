# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace stats``: what a trace comes to, as tables, as JSON and as a flame graph."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from tools.processes.progress import progress
from tools.traces.counting import TraceCounts, count
from tools.traces.flame import folded, svg
from tools.traces.opened import opened
from tools.traces.windows import filter_of
from tools.usage.outputs import check_apart, open_document, open_output

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from tools.traces.options import StatsOptions


def stats(options: StatsOptions) -> int:
    """Count, and show it."""
    with ExitStack() as files:
        check_apart("--json", options.json, {"the trace": options.file, "--flame": options.flame})
        check_apart("--flame", options.flame, {"the trace": options.file})
        document = open_document(files, "--json", options.json)
        flame = open_output(files, "--flame", options.flame, sys.stdout)
        trace = files.enter_context(opened(options.file))
        with progress(trace.how_far, sys.stderr):
            counts = count(trace, filter_of(trace, options))
        for line in tables(counts, options.top):
            print(line)
        if document is not None:
            json.dump(as_dict(counts), document, indent=2)
            document.write("\n")
        if flame is not None:
            is_picture = (options.flame or "").endswith(".svg")
            title = f"{options.file}: {counts.instructions:,} instructions"
            for line in svg(counts.stacks, title) if is_picture else folded(counts.stacks):
                print(line, file=flame)
    return 0


def as_dict(counts: TraceCounts) -> dict[str, Any]:
    """All of it, for JSON."""
    found: dict[str, Any] = {each.name: getattr(counts, each.name) for each in fields(counts)}
    for name in ("stores_by_page", "fetches_by_page"):
        found[name] = {f"{page:#x}": times for page, times in found[name].items()}
    found["stacks"] = {";".join(stack): executed for stack, executed in counts.stacks.items()}
    found["handlers"] = {name: asdict(handler) for name, handler in counts.handlers.items()}
    return found


def tables(counts: TraceCounts, top: int) -> Iterator[str]:
    """The lines of all tables, each of *top* lines at most."""
    yield f"instructions {counts.first:,} to {counts.end:,}, {counts.time:,} units of time"
    yield (
        f"{counts.instructions:,} executed, {counts.problem_state:,} of them in the problem state; "
        f"{counts.not_executed:,} nullified or suppressed"
    )
    if len(counts.by_cpu) > 1:
        yield from _table("instructions by CPU", counts.by_cpu, top)
    yield from _table("instructions by mnemonic", counts.by_mnemonic, top)
    yield from _table("instructions by function", counts.by_function, top)
    yield from _table("stores by absolute page", _hexadecimal(counts.stores_by_page), top)
    yield from _table("fetches by absolute page", _hexadecimal(counts.fetches_by_page), top)
    yield from _table("ESSA by request", counts.requests, top)
    yield from _table("ESSA by what it did", counts.transitions, top)
    yield from _table("ESSA by call site", counts.call_sites, top)
    yield from _table("interruptions", counts.interruptions, top)
    yield from _table("what the host did", counts.host, top)
    if counts.handlers:
        yield ""
        yield "time from an interruption to the return from it, in units of work"
        for name, handler in sorted(counts.handlers.items(), key=lambda pair: -pair[1].time)[:top]:
            mean = handler.time // handler.returns
            each = f"{handler.returns:,} returns, {mean:,} each, {handler.longest:,} at most"
            yield f"{handler.time:>15,}  {name}: {each}"


def _table(title: str, counts: Counter[Any], top: int) -> Iterator[str]:
    if not counts:
        return
    total = counts.total()
    yield ""
    yield f"{title}: {total:,}"
    for name, times in sorted(counts.items(), key=_most_first)[:top]:
        yield f"{times:>15,} {100 * times / total:6.2f} %  {name}"
    rest = len(counts) - top
    if rest > 0:
        yield f"{'':>15}           and {rest:,} more"


def _most_first(pair: tuple[Hashable, int]) -> tuple[int, str]:
    return -pair[1], str(pair[0])


def _hexadecimal(counts: Counter[int]) -> Counter[str]:
    return Counter({f"{page:x}": times for page, times in counts.items()})
