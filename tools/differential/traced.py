# SPDX-License-Identifier: GPL-2.0-or-later
"""Random programs that are traced while they run freely: ``python -m tools.differential.traced FIRST COUNT``.

Each program is made step by step, with an observer that looks at everything after each instruction, and freely, with a
trace.  The trace must say the same, and the machine must be the same as without it.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Final

from emu.debugging.stepped_trace import SteppedTrace
from emu.machine import StopKind
from emu.traces import schema
from emu.traces.instructions import CodeTable, have_ended
from emu.traces.schema import LEVELS, LOW_CORE_LENGTH, NOTHING, AccessKind, empty
from emu.tracing.recorder import TraceRecorder
from tools.differential.generator import random_program
from tools.differential.machines import Machines
from tools.differential.ways import resume

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emu.machine import Machine
    from emu.traces.prediction import Rows
    from tools.differential.program import RandomProgram

_PARTS: Final = frozenset({"low core", "fetches"})
"""What is said of rows of streams by itself."""
Said = dict[str, list[Any]]
"""What is said of a run, by streams."""
_MOST_PARTS: Final = 100
"""A program is gone on with so many times at most."""


class Traced:
    """Takes the chunks of a trace, and says what is in them."""

    def __init__(self) -> None:
        """Have none yet."""
        self._code = CodeTable()
        self.said: Said = {}

    def chunk(
        self,
        first: int,
        end: int,
        streams: Mapping[str, Rows],
        blob: bytes | bytearray | memoryview = b"",
        *,
        time: int,
        end_time: int,
        has_gap: bool = False,
    ) -> None:
        """See :meth:`emu.traces.writer.TraceWriter.chunk`."""
        self._code.add(streams.get("blocks", empty("blocks")), blob)
        said = self.said
        executed = self._code.expand(streams.get("flow", empty("flow")))
        said.setdefault("flow", []).extend(
            (
                *row[["number", "turn", "time", "cpu", "kind", "mode", "address"]].item(),
                self._code.bytes_at(row["place"]).hex(),
            )
            for row in executed[have_ended(executed)]
        )
        stores: list[tuple[Any, ...]] = []
        fetches: list[tuple[int, ...]] = []
        ended = set(schema.moments(executed[have_ended(executed)]).tolist())
        for row in _rows(streams, "accesses"):
            new = _piece(blob, row["new"], row["length"])
            if row["kind"] == AccessKind.STORE:
                old = _piece(blob, row["old"], row["length"])
                places = (row[column] for column in ("number", "turn", "cpu", "logical", "absolute", "length"))
                stores.append((*places, old.hex(), new.hex()))
            elif row["number"] << 16 | row["turn"] in ended:
                when = row["number"], row["turn"], row["cpu"]
                for offset, byte in enumerate(new):
                    fetches.append((*when, row["logical"] + offset, row["absolute"] + offset, byte))
        said.setdefault("accesses", []).extend(stores)
        # Of what an instruction stores into as well, the observer does not know what it has fetched.
        stored = {(*row[:3], row[4] + offset) for row in stores for offset in range(row[5])}
        said.setdefault("fetches", []).extend(row for row in fetches if (*row[:3], row[4]) not in stored)
        self._take(streams, "registers", "number", "turn", "cpu", "register", "old", "new")
        psws = "old_mask", "old_address", "new_mask", "new_address"
        self._take(streams, "interruptions", "number", "turn", "time", "cpu", "class", "length", "code", *psws)
        said.setdefault("low core", []).extend(
            (row["number"], _piece(blob, row["low_core"], LOW_CORE_LENGTH).hex())
            for row in _rows(streams, "interruptions")
        )
        self._take(streams, "page_states", "number", "turn", "time", "cpu", "page", "request", "before", "after")
        self._take(streams, "keys", "number", "turn", "cpu", "page", "before", "after")
        self._take(streams, "host", "number", "turn", "time", "page", "before", "after")

    def _take(self, streams: Mapping[str, Rows], name: str, *columns: str) -> None:
        rows = [tuple(row[column] for column in columns) for row in _rows(streams, name)]
        self.said.setdefault(name, []).extend(rows)


def _piece(blob: bytes | bytearray | memoryview, place: int, length: int) -> bytes:
    return b"" if place == NOTHING else bytes(blob[place : place + length])


def _rows(streams: Mapping[str, Rows], name: str) -> list[dict[str, int]]:
    rows = streams.get(name)
    if rows is None or rows.dtype.names is None:
        return []
    return [dict(zip(rows.dtype.names, row, strict=True)) for row in rows.tolist()]


class Tracing:
    """Traces programs, on machines that are used again and again."""

    def __init__(self) -> None:
        self._machines = Machines()
        self.rows = 0
        """How many rows were compared."""

    def find(self, program: RandomProgram, level: str = "registers") -> list[str]:
        """What a trace of *program* says otherwise; nothing if all is right."""
        prepared = self._machines.ready("stepped", program)
        said = Traced()
        stepped = SteppedTrace(prepared.machine, said, level)
        prepared.machine.observers.append(stepped)
        try:
            _carry_out(prepared.machine, program, stepped.refresh)
        finally:
            prepared.machine.observers.remove(stepped)
            stepped.finish()
        expected = prepared.look()
        prepared = self._machines.ready("traced", program)
        traced = Traced()
        recorder = TraceRecorder(prepared.machine, traced, level)
        try:
            _carry_out(prepared.machine, program, recorder.refresh)
        finally:
            recorder.end()
        found = prepared.look()
        wrong = [f"the machine: {each}" for each in expected | found if expected.get(each) != found.get(each)]
        for name, rows in said.said.items():
            if name in LEVELS[level] or name in _PARTS:
                self.rows += len(rows)
                wrong += (missing if name == "fetches" else compared)(name, rows, traced.said.get(name, []))
        return wrong


def compared(name: str, expected: list[Any], found: list[Any]) -> list[str]:
    if expected == found:
        return []
    place = next((at for at, pair in enumerate(zip(expected, found, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        place = min(len(expected), len(found))
    return [f"{name}, row {place}: {_shown(expected, place)} stepped, {_shown(found, place)} traced"]


def missing(name: str, expected: list[Any], found: list[Any]) -> list[str]:
    """What is expected and was not found: a trace has all of an operand, also where a part is enough for the result."""
    there = set(found)
    place = next((place for place, row in enumerate(expected) if row not in there), None)
    return [] if place is None else [f"{name}: {_shown(expected, place)} stepped, and not traced"]


def _shown(rows: list[Any], place: int) -> str:
    if place >= len(rows):
        return "nothing"
    return "(" + ", ".join(f"{each:x}" if isinstance(each, int) else str(each) for each in rows[place]) + ")"


def _carry_out(machine: Machine, program: RandomProgram, refresh: Callable[[], object]) -> None:
    limit = machine.executed + program.budget
    for _ in range(_MOST_PARTS):
        stop = machine.run(limit - machine.executed)
        if stop.kind is not StopKind.DISABLED_WAIT or machine.executed >= limit:
            break
        # All, and not only until the first that goes on.
        if not any([resume(machine, cpu, program) for cpu in machine.cpus]):  # noqa: C419
            break
        refresh()


def main() -> int:
    """Trace the programs that the command line names, and give the exit status: 1 if a trace was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.differential.traced", description=__doc__)
    parser.add_argument("first", type=int, help="the seed of the first program")
    parser.add_argument("count", type=int, help="how many programs")
    parser.add_argument("--level", choices=LEVELS, default="registers", help="what is traced")
    arguments = parser.parse_args()
    tracing, wrong = Tracing(), 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        found = tracing.find(random_program(seed), arguments.level)
        if found:
            wrong += 1
            print(f"program {seed}: " + "; ".join(found), flush=True)
    print(f"{arguments.count:,} programs, {tracing.rows:,} rows compared, {wrong} programs wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
