# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa trace``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tools.running.options import TRACED_STATES
from tools.usage.options import MOST_COUNTED, argument, numbers, one_of, option, some_of

_KINDS: Final = (
    "instructions",
    "registers",
    "stores",
    "fetches",
    "interruptions",
    "essa",
    "keys",
    "host",
    "devices",
    "translations",
)
SHAPES: Final = ("text", "spike", "qemu")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions:
    """Which part of a trace is meant."""

    begin: str | None = option(
        flag="--from",
        metavar="PLACE",
        help="From there: an instruction's number, time:N, a symbol or 0x... that is executed, console:TEXT.",
    )
    end: str | None = option(flag="--to", metavar="PLACE", help="Up to there, that included.")
    cpus: frozenset[int] | None = option(
        flag="--cpu",
        kind=int,
        least=0,
        metavar="N",
        help="Only this CPU; may be repeated.",
        is_repeated=True,
        parse=numbers,
    )
    functions: list[str] = option(
        flag="--at",
        metavar="WHERE",
        help="Only instructions there: a function, or 0xA-0xB; may be repeated.",
        is_repeated=True,
    )
    state: str | None = option(
        metavar="STATE", help="Only in the problem or the supervisor state.", parse=one_of(*TRACED_STATES)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOptions(WindowOptions):
    """What of a trace is shown, and how."""

    file: str = argument(metavar="FILE", help="The trace.")
    kinds: frozenset[str] | None = option(
        metavar="KIND,...", help=f"Only these: {', '.join(_KINDS)}.", parse=some_of(*_KINDS)
    )
    find: str | None = option(
        metavar="WHAT",
        help="Only what is found: executed:ADDRESS, store:ADDRESS, fetch:ADDRESS, essa[:REQUEST], program[:CODE], "
        "svc[:NUMBER], external, io, host, key, page:ADDRESS, register:NAME.",
    )
    last: bool = option(False, help="Only the last of it; with --count, the last ones.")
    count: int | None = option(kind=int, least=1, most=MOST_COUNTED, metavar="N", help="Show so many at most.")
    context: int = option(
        0, least=0, most=MOST_COUNTED, metavar="N", help="With what is found, so many instructions before and after it."
    )
    shape: str = option("text", metavar="SHAPE", help=f"How it is written: {', '.join(SHAPES)}.", parse=one_of(*SHAPES))
    numbers: bool = option(False, help="Begin each line with the number of the instruction.")
    where: bool = option(False, help="Begin each line with the function, and the place in it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """Which traces are compared, and how."""

    first: str = argument(metavar="FILE", help="A trace.")
    second: str = argument(metavar="OTHER", help="Another one, or a log of QEMU (-d in_asm,exec,nochain).")
    begin: str | None = option(flag="--from", metavar="PLACE", help="Where the first one is begun with.")
    other_begin: str | None = option(
        flag="--other-from", metavar="PLACE", help="Where the other one is; by default the same place."
    )
    by: str = option(
        "address",
        metavar="WHAT",
        help="What makes two instructions the same: address, or symbol (the place in the function, for two kernels).",
        parse=one_of("address", "symbol"),
    )
    cpu: int | None = option(kind=int, least=0, metavar="N", help="Only this CPU; by default all that both have.")
    strict: bool = option(False, help="Interruptions count, too: nothing is passed over.")
    context: int = option(8, least=0, metavar="N", help="How many instructions before and after are shown.")
    count: int = option(
        1, least=1, metavar="N", help="Go on where they come together again, up to the N-th place where they part."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsOptions(WindowOptions):
    """What is counted."""

    file: str = argument(metavar="FILE", help="The trace.")
    top: int = option(20, least=1, metavar="N", help="How many lines a table has.")
    json: str | None = option(metavar="FILE", help="Write all of it as JSON; - is standard output.")
    flame: str | None = option(
        metavar="FILE", help="Write a flame graph: FILE.svg, or folded stacks under any other name."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions(WindowOptions):
    """What is written, and as what."""

    file: str = argument(metavar="FILE", help="The trace.")
    output: str = argument(
        metavar="OUTPUT",
        help="FILE.jsonl (- is standard output), FILE.parquet (a directory of a table for each stream), "
        "FILE.perfetto-trace, or FILE.stacks (as of perf script).",
    )
