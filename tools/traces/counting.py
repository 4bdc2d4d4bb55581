# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trace comes to: how often what happened, and where."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from emu.addresses import PAGE_SHIFT
from emu.page_states import name as state_name
from emu.traces.schema import AccessKind, FlowKind, Mode
from tools.reports.trace_lines import request_name
from tools.traces.functions import Functions, mnemonic_of
from tools.traces.stacks import Stacks, interruption_text

if TYPE_CHECKING:
    from emu.traces.filters import Filter
    from tools.traces.opened import OpenedTrace


@dataclass(slots=True)
class HandlerTime:
    """The time between an interruption and the return from it, of all of one kind."""

    returns: int = 0
    time: int = 0
    longest: int = 0


@dataclass(slots=True)
class TraceCounts:
    """All that is counted."""

    instructions: int = 0
    problem_state: int = 0
    """How many of them in the problem state."""
    not_executed: int = 0
    """How many were begun besides, and nullified or suppressed."""
    first: int = 0
    end: int = 0
    time: int = 0
    """How much virtual time has passed, in units of work."""
    by_cpu: Counter[int] = field(default_factory=Counter)
    by_mnemonic: Counter[str] = field(default_factory=Counter)
    by_function: Counter[str] = field(default_factory=Counter)
    stores_by_page: Counter[int] = field(default_factory=Counter)
    """By absolute page."""
    fetches_by_page: Counter[int] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    """ESSA by request."""
    transitions: Counter[str] = field(default_factory=Counter)
    """ESSA by what it made of which state."""
    call_sites: Counter[str] = field(default_factory=Counter)
    """ESSA by request and where it stands."""
    interruptions: Counter[str] = field(default_factory=Counter)
    host: Counter[str] = field(default_factory=Counter)
    """What the host did, by what it made of which state."""
    keys: int = 0
    handlers: dict[str, HandlerTime] = field(default_factory=dict)
    stacks: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """Instructions by the stack of calls."""


def count(trace: OpenedTrace, wanted: Filter) -> TraceCounts:
    """Count what is *wanted* of *trace*."""
    counts = TraceCounts(first=trace.file.first, end=trace.file.end)
    places = np.zeros(len(trace.code), dtype=np.int64)
    for chunk in trace.file.chunks:
        streams = wanted.apply({name: chunk.rows(name) for name in _COUNTED if chunk.count(name)}, trace.code)
        counts.time += chunk.head.end_time - chunk.head.time
        if "flow" in streams:
            _count_flow(counts, trace.code.expand(streams["flow"]), places)
        if "accesses" in streams:
            _count_accesses(counts, streams["accesses"])
        if "page_states" in streams:
            _count_hints(counts, trace, streams["page_states"])
        for kind, code in _pairs(streams.get("interruptions"), "class", "code"):
            counts.interruptions[interruption_text(kind, code)] += 1
        for before, after in _pairs(streams.get("host"), "before", "after"):
            counts.host[f"{state_name(before)}->{state_name(after)}"] += 1
        counts.keys += len(streams.get("keys", ()))
    functions = Functions(trace)
    for place in np.flatnonzero(places).tolist():
        executed = int(places[place])
        counts.by_mnemonic[mnemonic_of(trace.code.bytes_at(place))] += executed
        counts.by_function[functions.names[int(functions.of_place[place])]] += executed
    _count_stacks(counts, Stacks(trace, functions), wanted)
    return counts


_COUNTED = ("flow", "accesses", "page_states", "interruptions", "host", "keys")


def _count_flow(counts: TraceCounts, executed: Any, places: Any) -> None:
    ended = executed[executed["kind"] == FlowKind.EXECUTED]
    counts.instructions += ended.size
    counts.not_executed += int((executed["kind"] == FlowKind.NOT_EXECUTED).sum())
    counts.problem_state += int((ended["mode"] & Mode.PROBLEM_STATE != 0).sum())
    for cpu, executed_there in enumerate(np.bincount(ended["cpu"]).tolist()):
        if executed_there:
            counts.by_cpu[cpu] += executed_there
    places += np.bincount(ended["place"], minlength=places.size)


def _count_accesses(counts: TraceCounts, rows: Any) -> None:
    for kind, by_page in ((AccessKind.STORE, counts.stores_by_page), (AccessKind.FETCH, counts.fetches_by_page)):
        pages, times = np.unique(rows["absolute"][rows["kind"] == kind] >> np.uint64(PAGE_SHIFT), return_counts=True)
        by_page.update(dict(zip(pages.tolist(), times.tolist(), strict=True)))


def _count_hints(counts: TraceCounts, trace: OpenedTrace, rows: Any) -> None:
    for row in rows:
        request, before, after = int(row["request"]), int(row["before"]), int(row["after"])
        named = f"{request} {request_name(request)}"
        counts.requests[named] += 1
        counts.transitions[f"{named}: {state_name(before)}->{state_name(after)}"] += 1
        address = int(row["address"])
        counts.call_sites[f"{named}: {trace.symbols.label(address) or f'{address:x}'}"] += 1


def _pairs(rows: Any, first: str, second: str) -> list[tuple[int, int]]:
    return [] if rows is None else list(zip(rows[first].tolist(), rows[second].tolist(), strict=True))


def _count_stacks(counts: TraceCounts, stacks: Stacks, wanted: Filter) -> None:
    by_stack: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for run in stacks.runs(wanted):
        by_stack[run.stack] += run.executed
    counts.stacks.update(by_stack)
    for ended in stacks.ended:
        handler = counts.handlers.setdefault(ended.name, HandlerTime())
        handler.returns += 1
        handler.time += ended.end - ended.begin
        handler.longest = max(handler.longest, ended.end - ended.begin)
