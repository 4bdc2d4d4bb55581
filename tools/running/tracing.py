# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa run --trace FILE``: a run that is recorded, from somewhere on and up to somewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.errors import TraceError
from emu.machine import StopKind
from emu.running.stopping.kinds import AtInstructionCount, AtTime, ConsoleText
from emu.traces.filters import Filter
from emu.traces.schema import EVENTS, LEVELS
from emu.traces.writer import TraceWriter
from emu.tracing.recorder import TraceRecorder
from tools.machines.address_ranges import range_of
from tools.reports.trace_metadata import describe
from tools.running.options import TRACED_KINDS, TRACED_STATES
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emu.machine import Machine, Stop
    from emu.running.stopping.kinds import StopOn
    from emu.symbols.table import SymbolTable
    from tools.running.options import TraceOptions

    Run = Callable[[int | None], Stop]

_LEVEL: Final = "registers"
_WITH_INSTRUCTIONS: Final = frozenset({"registers", "accesses", "keys", "translations"})
"""Streams that are told with their instructions."""


def _wrong(reason: TraceError) -> UsageError:
    """What *reason* is to who has typed the option."""
    return UsageError(f"--trace: {str(reason).replace(': cannot', ' cannot')}")


class TracedRun:
    """Records the run of one machine."""

    def __init__(self, machine: Machine, program: str, wanted: TraceOptions, symbols: SymbolTable) -> None:
        """Prepare it, before the machine runs.

        :param program: what runs, as it was typed.
        :raises UsageError: naming the option that means nothing here, or the file that cannot be written.
        """
        assert wanted.trace is not None
        self._machine = machine
        self._symbols = symbols
        self._wanted = wanted
        self._level = wanted.trace_level or _LEVEL
        self._begin = None if wanted.trace_from is None else self._place("--trace-from", wanted.trace_from)
        self._end = None if wanted.trace_to is None else self._place("--trace-to", wanted.trace_to)
        begin, end = self._begin, self._end
        if isinstance(begin, AtInstructionCount) and isinstance(end, AtInstructionCount) and end.number <= begin.number:
            raise UsageError(f"--trace-to: expected more than {begin.number:,} instructions; not {end.number:,}")
        self._filter = self._filter_of(wanted)
        self._has_begun = False
        metadata = describe(machine, program, self._level, symbols)
        try:
            self._writer = TraceWriter(Path(wanted.trace), metadata, last=wanted.trace_last)
        except TraceError as reason:
            raise _wrong(reason) from None
        self._recorder: TraceRecorder | None = None

    def _place(self, flag: str, text: str) -> StopOn:
        """What *text* waits for."""
        kind, _, what = text.partition(":")
        digits = text.replace(",", "")
        if digits.isdecimal():
            return AtInstructionCount(int(digits))
        if kind == "time" and what.replace(",", "").isdecimal():
            return AtTime(int(what.replace(",", "")))
        if kind == "console" and what:
            return ConsoleText(what.encode())
        from emu.debugging.session import Session
        from tools.stepping.commands import CommandError
        from tools.stepping.stop_words import parse_stop

        observers = [*self._machine.observers]
        try:
            return parse_stop(Session(self._machine, symbols=self._symbols, history=0), text)
        except CommandError as reason:
            raise UsageError(f"{flag}: {str(reason).removeprefix('b: ')}") from None
        finally:
            self._machine.observers[:] = observers

    def _filter_of(self, wanted: TraceOptions) -> Filter:
        addresses = []
        for each in wanted.trace_at:
            try:
                addresses.append(range_of(self._symbols, each))
            except ValueError as reason:
                raise UsageError(f"--trace-at: {reason}") from None
        beyond = [cpu for cpu in sorted(wanted.trace_cpus or ()) if cpu >= len(self._machine.cpus)]
        if beyond:
            raise UsageError(f"--trace-cpu: the machine has {len(self._machine.cpus)}, counted from 0; not {beyond[0]}")
        streams = None
        if wanted.trace_kinds is not None:
            streams = frozenset(TRACED_KINDS[kind] for kind in wanted.trace_kinds)
            for kind in sorted(wanted.trace_kinds):
                if TRACED_KINDS[kind] not in LEVELS[self._level]:
                    raise UsageError(f"--trace-kinds: {kind} are not recorded at --trace-level {self._level}")
            if streams & _WITH_INSTRUCTIONS:
                streams |= {"flow"}
        found = Filter(
            cpus=wanted.trace_cpus,
            addresses=tuple(addresses) or None,
            problem_state=None if wanted.trace_state is None else TRACED_STATES[wanted.trace_state],
            streams=streams,
        )
        if found.is_of_instructions and LEVELS[self._level] == EVENTS:
            raise UsageError("--trace-level: expected flow or more, to tell instructions by what they are")
        return found

    def run(self, run: Run, max_instructions: int | None) -> Stop:
        """Have the machine go through all of it by *run*, and give why it stopped.

        :raises UsageError: if the file cannot be written to its end.
        """
        limit = None if max_instructions is None else self._machine.executed + max_instructions
        try:
            if self._begin is not None:
                stop = self._run_until(self._begin, run, limit)
                if stop is not None:
                    return stop
            self._has_begun = True
            with self._recorded():
                stop = self._run_until(self._end, run, limit)
            return stop or run(self._left(limit))
        except TraceError as reason:
            raise _wrong(reason) from None

    def _left(self, limit: int | None) -> int | None:
        return None if limit is None else limit - self._machine.executed

    def _run_until(self, end: StopOn | None, run: Run, limit: int | None) -> Stop | None:
        """Run until *end* is reached, and give nothing, or the stop that comes first."""
        if end is None:
            return run(self._left(limit))
        if isinstance(end, AtInstructionCount) and end.number <= self._machine.executed:
            return None
        try:
            with self._machine.stops.instead(end):
                self._machine.stops.pass_over()
                stop = run(self._left(limit))
        except ValueError as reason:
            raise UsageError(f"{end}: {reason}") from None
        return None if stop.kind is StopKind.STOP_POINT else stop

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        recorder = TraceRecorder(self._machine, self._writer, self._level, self._filter, chunk=self._wanted.trace_last)
        try:
            yield
        finally:
            recorder.end()

    def finish(self, stop: Stop | None = None) -> None:
        """The run is over: the file is complete.

        :raises UsageError: if it cannot be written.
        """
        try:
            self._writer.close(None if stop is None else {"stop": stop.text or stop.kind.value})
        except TraceError as reason:
            raise _wrong(reason) from None
        if not self._has_begun:
            print("essa: --trace-from: the run has ended before, and nothing was recorded", file=sys.stderr)
