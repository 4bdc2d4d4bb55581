# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa run``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.gdb.options import endpoint
from tools.machines.options import HistoryOptions
from tools.usage.options import MOST_COUNTED, numbers, one_of, option, some_of

if TYPE_CHECKING:
    from tools.gdb.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class SavePoint:
    """When the machine is saved, and where."""

    instruction: int
    """How many instructions have ended then, since the program was begun."""
    path: Path


def _save_point(typed: tuple[int, str]) -> SavePoint:
    instruction, name = typed
    if not 0 <= instruction <= MOST_COUNTED:
        raise ValueError(f"expected a number of instructions, 0 to {MOST_COUNTED}, not {instruction}")
    return SavePoint(instruction, Path(name))


TRACED_KINDS: Final = {
    "instructions": "flow",
    "registers": "registers",
    "accesses": "accesses",
    "interruptions": "interruptions",
    "essa": "page_states",
    "keys": "keys",
    "host": "host",
    "translations": "translations",
    "devices": "devices",
}
"""What can be recorded of, and the stream that it is in."""
TRACED_STATES: Final = {"problem": True, "supervisor": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOptions(HistoryOptions):
    """What is recorded of a run."""

    trace: str | None = option(
        metavar="FILE",
        help="Record the run for 'essa trace'; - writes a line for each instruction on standard error, step by step.",
        is_for_programs=True,
    )
    trace_level: str | None = option(
        metavar="LEVEL",
        help="How much: events, flow (and instructions), registers (and stores; the default), all (and fetches, "
        "translations).",
        is_for_programs=True,
        parse=one_of("events", "flow", "registers", "all"),
    )
    trace_from: str | None = option(
        metavar="WHAT",
        help="From there on: a number of instructions, time:N, console:TEXT, or what 'b' of essa step waits for.",
        is_for_programs=True,
    )
    trace_to: str | None = option(metavar="WHAT", help="Up to there, that excluded.", is_for_programs=True)
    trace_last: int | None = option(
        kind=int,
        least=1,
        metavar="N",
        help="Keep about the last N instructions in memory, and write them at the end.",
        is_for_programs=True,
    )
    trace_kinds: frozenset[str] | None = option(
        metavar="KIND,...",
        help=f"Only these: {', '.join(TRACED_KINDS)}; what instructions change or access comes with all instructions.",
        is_for_programs=True,
        parse=some_of(*TRACED_KINDS),
    )
    trace_cpus: frozenset[int] | None = option(
        flag="--trace-cpu",
        kind=int,
        least=0,
        metavar="N",
        help="Only this CPU; may be repeated.",
        is_repeated=True,
        is_for_programs=True,
        parse=numbers,
    )
    trace_at: list[str] = option(
        flag="--trace-at",
        metavar="WHERE",
        help="Only instructions there: a function, or 0xA-0xB; may be repeated.",
        is_repeated=True,
        is_for_programs=True,
    )
    trace_state: str | None = option(
        metavar="STATE",
        help="Only in the problem or the supervisor state.",
        is_for_programs=True,
        parse=one_of(*TRACED_STATES),
    )

    @property
    def trace_options(self) -> list[str]:
        """Which of those are given that say what is recorded, and how."""
        names = ("level", "from", "to", "last", "kinds", "cpus", "at", "state")
        given = [name for name in names if getattr(self, f"trace_{name}") not in (None, [])]
        return [f"--trace-{'cpu' if name == 'cpus' else name}" for name in given]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(TraceOptions):
    """What is wanted of a run besides the guest's console."""

    coverage: str | None = option(
        metavar="FILE",
        help="Count what the run exercises of the architecture, for 'essa conform coverage'.",
        is_for_programs=True,
    )
    table: bool = option(False, help="Print the table of page states at the end.")
    json: str | None = option(
        metavar="FILE",
        help="Write the summary as JSON; - is standard output, and all else that is shown goes to standard error then.",
    )
    input: str | None = option(
        metavar="FILE",
        help="Type what this TOML file says on the console ([[step]] expect, send).",
        is_for_programs=True,
    )
    gdb: Endpoint | None = option(
        metavar="[HOST:]PORT", help="Let gdb come there while it runs.", is_for_programs=True, parse=endpoint
    )
    plot: str | None = option(
        metavar="FILE",
        help="Draw the page states over time: .html to look at every page, or .svg, .png, .pdf (--sample-every).",
    )
    save_at: SavePoint | None = option(
        kind=tuple[int, str],
        metavar="N FILE",
        help="Save the whole machine in FILE when N instructions have ended, and go on.",
        is_for_programs=True,
        parse=_save_point,
    )
    saved: Path | None = option(
        flag="--from",
        metavar="FILE",
        help="Go on from what is saved in FILE, of the same program and the same machine.",
        is_for_programs=True,
        parse=Path,
    )
