# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace show``: a part of a trace, or what is found in it, in lines."""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from emu.psw import PROBLEM_STATE
from emu.traces.filters import EVERYTHING
from emu.traces.search import INSTRUCTIONS, Found
from tools.traces.opened import OpenedTrace, opened
from tools.traces.places import wanted
from tools.traces.story import (
    PageStateChanged,
    Told,
    ToldDeviceEvent,
    ToldHostAction,
    ToldInstruction,
    ToldInterruption,
    tell,
)
from tools.traces.texts import SHAPES
from tools.traces.windows import STREAMS, filter_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from emu.traces.filters import Filter
    from tools.traces.options import ShowOptions

_WHERE: Final = 32
"""Columns of a function and the place in it."""


def show(options: ShowOptions) -> int:
    """Show it; the exit status is 1 if there is nothing of what is wanted."""
    with opened(options.file) as trace:
        window = filter_of(trace, options)
        if options.find is not None:
            return _show_found(trace, window, options)
        if _print(trace, _shown(trace, window, options), options):
            return 0
        print(f"essa: {options.file}: nothing of it is left", file=sys.stderr)
        return 1


def _shown(trace: OpenedTrace, window: Filter, options: ShowOptions) -> Iterable[Told]:
    wanted = _of_kinds(trace, window, options)
    if options.last:
        return _last_of(trace, wanted, options)
    told = (told for told in tell(trace, wanted) if _is_of_kind(told, options))
    return told if options.count is None else islice(told, options.count)


def _last_of(trace: OpenedTrace, wanted: Filter, options: ShowOptions) -> list[Told]:
    count = options.count or 1
    found: list[Told] = []
    for chunk in reversed(trace.file.chunks):
        told = [told for told in tell(trace, wanted, (chunk,)) if _is_of_kind(told, options)]
        found = told[-(count - len(found)) :] + found
        if len(found) == count:
            break
    return found


def _of_kinds(trace: OpenedTrace, window: Filter, options: ShowOptions) -> Filter:
    if options.kinds is None:
        return window
    streams = {STREAMS[kind] for kind in options.kinds}
    for kind in sorted(options.kinds):
        trace.require(f"--kinds {kind}", STREAMS[kind])
    if streams & {"registers", "accesses", "page_states", "keys", "translations"}:
        # They are told with their instructions.
        streams.add("flow")
    return replace(window, streams=frozenset(streams))


def _is_of_kind(told: Told, options: ShowOptions) -> bool:
    """Whether something *told* is to be shown, of which only the wanted part is left."""
    kinds = options.kinds
    if kinds is None or not isinstance(told, ToldInstruction):
        return True
    told.accesses = [each for each in told.accesses if ("stores" if each.is_store else "fetches") in kinds]
    has_own = told.registers or told.accesses or told.states or told.keys or told.translations
    return "instructions" in kinds or bool(has_own)


def _show_found(trace: OpenedTrace, window: Filter, options: ShowOptions) -> int:
    meant = wanted(trace, options.find or "")
    first, last = window.numbers or (0, None)
    found: Iterable[Found] = trace.search.all(meant, first, last)
    if options.last and options.count is None and not window.is_of_instructions:
        latest = trace.search.last(meant, None if last is None else last + 1)
        found = [] if latest is None or latest.number < first else [latest]
    shown: Iterable[list[Told]] = filter(None, (list(_around(trace, each, window, options.context)) for each in found))
    if options.last:
        shown = deque(shown, options.count or 1)
    elif options.count is not None:
        shown = islice(shown, options.count)
    is_any = False
    for told in shown:
        if is_any and options.context:
            print("--")
        is_any = True
        _print(trace, told, options)
    if not is_any:
        print(f"{options.find}: nothing found")
    return 0 if is_any else 1


def _around(trace: OpenedTrace, found: Found, window: Filter, context: int) -> Iterator[Told]:
    """What is told of what was *found*, if it is in the *window*, and of so many instructions before and after it."""
    number = found.number
    own = [told for told in tell(trace, replace(window, numbers=(number, number))) if _is_found(told, found)]
    if context and own:
        yield from tell(trace, replace(EVERYTHING, numbers=(max(number - context, 0), number + context)))
    else:
        yield from own


def _is_found(told: Told, found: Found) -> bool:
    if told.number != found.number:
        return False
    match told:
        case ToldInterruption():
            return found.stream == "interruptions" and told.time == int(found.row["time"])
        case ToldHostAction():
            return found.stream == "host" and told.page == int(found.row["page"])
        case ToldDeviceEvent():
            return found.stream == "devices"
        case ToldInstruction():
            if found.stream == INSTRUCTIONS:
                return (told.address, told.kind) == (int(found.row["address"]), int(found.row["kind"]))
            return found.stream in ("accesses", "page_states", "registers", "keys")
    return found.stream == "page_states"


def _print(trace: OpenedTrace, shown: Iterable[Told], options: ShowOptions) -> bool:
    """Write what is *shown*; give whether it is anything."""
    shape, told = SHAPES[options.shape](trace), None
    for told in shown:
        before = f"{told.number:>12,} " if options.numbers else ""
        if options.where:
            before += f"{_where(trace, told):{_WHERE}} "
        for line in shape.lines(told):
            print(before + line)
    return told is not None


def _where(trace: OpenedTrace, told: Told) -> str:
    match told:
        case ToldInstruction():
            return trace.symbols.label(told.address, is_problem_state=told.is_problem_state)
        case ToldInterruption():
            return trace.symbols.label(told.old.address, is_problem_state=bool(told.old.mask & PROBLEM_STATE))
        case PageStateChanged():
            return trace.symbols.label(told.address)
    return ""
