# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace as a timeline for Perfetto (ui.perfetto.dev), made by the builder of Perfetto's own package.

Each CPU has a track of the states that it is in, one of the interruptions that it handles, and one of the ESSAs that it
executes.  What the host discards and evicts are instants of the host's track; pages by state, and frames, are counters.
A unit of virtual time is 4/4096 of a microsecond.
"""

from __future__ import annotations

from collections import Counter
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from emu.page_states import CONTENT_MASK, Content
from emu.page_states import name as state_name
from emu.timing import UNITS_PER_MICROSECOND
from emu.traces.schema import FlowKind, Mode
from tools.reports.trace_lines import request_name
from tools.traces.functions import Functions, name_at
from tools.traces.stacks import Stacks, interruption_text
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from emu.traces.filters import Filter
    from tools.traces.opened import OpenedTrace

_MACHINE: Final = 1
_HOST: Final = 2
_FIRST_CPU: Final = 1 << 16
_COUNTERS: Final = 1 << 20
_BEGIN: Final = 1
_END: Final = 2
_INSTANT: Final = 3
_COUNTER: Final = 4
"""As Perfetto numbers the types of events."""


def write_timeline(trace: OpenedTrace, wanted: Filter, file: IO[bytes]) -> None:
    """Write what is *wanted* of *trace*.

    :raises UsageError: if Perfetto's package is not installed.
    """
    try:
        from perfetto.trace_builder.proto_builder import StreamingTraceProtoBuilder
    except ImportError:
        raise UsageError("expected perfetto to be there: pip install 'page-hinting-machine[perfetto]'") from None
    _Timeline(StreamingTraceProtoBuilder(file), trace).write(wanted)


class _Timeline:
    def __init__(self, builder: Any, trace: OpenedTrace) -> None:
        self._builder = builder
        self._trace = trace
        self._tracks: set[int] = set()
        self._pages: Counter[int] = Counter(
            {int(state): pages for state, pages in trace.file.metadata.get("page_states", {}).items()}
        )
        self._counters: dict[str, int] = {}
        """The tracks of counters, by their names."""
        self._shown: dict[str, int] = {}
        """What each of them has shown last."""

    def write(self, wanted: Filter) -> None:
        self._track(_MACHINE, str(self._trace.file.metadata.get("program", "machine")), process=1)
        self._track(_HOST, "host", parent=_MACHINE)
        self._spans_of_states(wanted)
        self._spans_of_interruptions(wanted)
        for chunk in self._trace.file.chunks:
            names = [name for name in ("flow", "page_states", "host", "interruptions") if chunk.count(name)]
            streams = wanted.apply({name: chunk.rows(name) for name in names}, self._trace.code)
            self._hints_and_host(streams)
            if "flow" not in streams and "interruptions" in streams:
                for row in streams["interruptions"]:
                    track = self._of_cpu(int(row["cpu"]), 1, "interruptions")
                    self._event(
                        _INSTANT, track, int(row["time"]), interruption_text(int(row["class"]), int(row["code"]))
                    )

    # Tracks and events

    def _track(self, uuid: int, name: str, *, parent: int = 0, process: int = 0, is_counter: bool = False) -> None:
        if uuid in self._tracks:
            return
        self._tracks.add(uuid)
        packet = self._builder.create_packet()
        described = packet.track_descriptor
        described.uuid, described.name = uuid, name
        if parent:
            described.parent_uuid = parent
        if process:
            described.process.pid, described.process.process_name = process, name
        if is_counter:
            described.counter.SetInParent()
        self._builder.write_packet(packet)

    def _of_cpu(self, cpu: int, kind: int, name: str) -> int:
        uuid = _FIRST_CPU + 4 * cpu + kind
        self._track(uuid, f"cpu {cpu} {name}", parent=_MACHINE)
        return uuid

    def _event(self, kind: int, track: int, time: int, name: str = "", counter: int | None = None) -> None:
        packet = self._builder.create_packet()
        packet.timestamp = time * 1000 // UNITS_PER_MICROSECOND
        packet.trusted_packet_sequence_id = 1
        event = packet.track_event
        event.type, event.track_uuid = kind, track
        if name:
            event.name = name
        if counter is not None:
            event.counter_value = counter
        self._builder.write_packet(packet)

    # What is on them

    def _spans_of_states(self, wanted: Filter) -> None:
        """From one change between problem and supervisor state to the next."""
        states: dict[int, bool] = {}
        ends: dict[int, int] = {}
        for chunk in self._trace.file.chunks:
            executed = self._trace.code.expand(chunk.rows("flow"))
            executed = executed[wanted.of_instructions(executed) & (executed["kind"] == FlowKind.EXECUTED)]
            for cpu in np.unique(executed["cpu"]).tolist():
                rows = executed[executed["cpu"] == cpu]
                problem = rows["mode"] & Mode.PROBLEM_STATE != 0
                track = self._of_cpu(cpu, 0, "state")
                for index in np.flatnonzero(np.concatenate(([True], problem[1:] != problem[:-1]))).tolist():
                    state, time = bool(problem[index]), int(rows["time"][index])
                    if cpu in states and states[cpu] != state:
                        self._event(_END, track, time)
                    if states.get(cpu) is not state:
                        self._event(_BEGIN, track, time, "problem state" if state else "supervisor state")
                    states[cpu] = state
                ends[cpu] = int(rows["time"][-1]) + 1
        for cpu, time in ends.items():
            self._event(_END, self._of_cpu(cpu, 0, "state"), time)

    def _spans_of_interruptions(self, wanted: Filter) -> None:
        if not any(chunk.count("flow") for chunk in self._trace.file.chunks):
            return
        stacks = Stacks(self._trace, Functions(self._trace))
        last = 0
        for run in stacks.runs(wanted):
            last = max(last, run.time + run.executed)
        spans = [(each.cpu, each.name, each.begin, each.end) for each in stacks.ended]
        spans += [(cpu, name, begin, max(last, begin + 1)) for cpu, name, begin in stacks.open_interruptions()]
        events = []
        for cpu, name, begin, end in spans:
            if wanted.times is None or (wanted.times[0] <= end and begin <= wanted.times[1]):
                track = self._of_cpu(cpu, 1, "interruptions")
                # What ends at a time comes before what begins, the inner before the outer.
                events += [(begin, 1, -end, _BEGIN, track, name), (end, 0, -begin, _END, track, "")]
        for time, _, _, kind, track, name in sorted(events):
            self._event(kind, track, time, name)

    def _hints_and_host(self, streams: dict[str, Any]) -> None:
        changes = [
            (int(row["number"]), int(row["time"]), stream, row)
            for stream in ("page_states", "host")
            for row in streams.get(stream, ())
        ]
        changes.sort(key=lambda change: change[:2])
        for _, time, stream, row in changes:
            before, after, page = int(row["before"]), int(row["after"]), int(row["page"])
            became = f"{state_name(before)}->{state_name(after)} page {page:x}"
            if stream == "page_states":
                request, track = int(row["request"]), self._of_cpu(int(row["cpu"]), 2, "ESSA")
                where = name_at(self._trace, int(row["address"]))
                self._event(_INSTANT, track, time, f"{request} {request_name(request)} {became} in {where}")
            elif after & CONTENT_MASK != Content.RESIDENT:
                what = "discarded" if after & CONTENT_MASK == Content.ZERO else "evicted"
                self._event(_INSTANT, _HOST, time, f"{what} {became}")
            self._count(time, before, after)

    def _count(self, time: int, before: int, after: int) -> None:
        """Count pages by state, and frames, and show what has changed."""
        if before == after and self._shown:
            return
        self._pages[before] -= 1
        self._pages[after] += 1
        counts: Counter[str] = Counter()
        for state, pages in self._pages.items():
            counts[f"pages {state_name(state)}"] += pages
            if state & CONTENT_MASK == Content.RESIDENT:
                counts["frames"] += pages
        for name, pages in counts.items():
            if self._shown.get(name) != pages:
                track = self._counters.setdefault(name, _COUNTERS + len(self._counters))
                self._track(track, name, parent=_MACHINE, is_counter=True)
                self._event(_COUNTER, track, time, counter=pages)
                self._shown[name] = pages
