# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa differ --against``: random streams here and on another machine."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.isa.opcodes import Opcode
from tools.differential.lines import keep_line, read_lines
from tools.differential.peers.choice import usual
from tools.differential.peers.generator import random_stream
from tools.differential.peers.here import Here
from tools.differential.peers.known import TABLE, read_known_differences
from tools.differential.peers.machines import start_peer
from tools.differential.peers.peer import PeerError
from tools.differential.peers.search import StreamSearch
from tools.differential.peers.stream import Stream
from tools.differential.peers.trial import Trial, batches
from tools.machines.setup import prepare_callbacks
from tools.processes.interrupt import Switch, ctrl_c
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.differential.options import DifferOptions
    from tools.differential.peers.known import KnownDifferences

_BATCH: Final = 500
"""Streams between two lines at a terminal."""
_EVERY: Final = 10_000
"""So many streams from line to line where the output is no terminal."""


def differ_against(machine: str, wanted: DifferOptions) -> int:
    """Try streams here and on *machine*, print what is new, and give the exit status: 1 if there is anything.

    :raises UsageError: if the machine cannot be had, or a file cannot be read or written.
    """
    known = read_known_differences(TABLE if wanted.known is None else Path(wanted.known), machine)
    if wanted.again is not None:
        streams: Iterator[Stream] = iter(read_streams(Path(wanted.again)))
    else:
        streams = _random_streams(wanted.seeds, known)
    prepare_callbacks()
    try:
        # From here on there is a process that must be ended.
        with ctrl_c(is_sigterm_too=True) as switch, closing(start_peer(machine)) as there:
            if wanted.again is None:
                print(wanted.which, flush=True)
            search = StreamSearch(Trial(Here(has_vectors=there.has_vectors), there), known)
            return _run(search, map(there.adapted, streams), machine, wanted, switch)
    except PeerError as reason:
        raise UsageError(f"--against: {reason}") from None


def read_streams(path: Path) -> list[Stream]:
    """The streams in the file *path*, one a line.

    :raises UsageError: naming the line that is none.
    """
    return read_lines(path, Stream.from_line)


def _random_streams(seeds: range, known: KnownDifferences) -> Iterator[Stream]:
    missing = known.missing_opcodes()
    templates = tuple(each for each in usual() if Opcode.of(each) not in missing)
    return (random_stream(number, templates, missing) for number in seeds)


def _run(search: StreamSearch, streams: Iterator[Stream], machine: str, wanted: DifferOptions, switch: Switch) -> int:
    begin = time.monotonic()
    result, is_terminal, told = search.result, sys.stderr.isatty(), 0
    for batch in batches(streams, _BATCH):
        for new in search.go_on(batch):
            print("\n".join(new.lines()), flush=True)
            if wanted.keep is not None:
                keep_line(Path(wanted.keep), new.found.stream.to_line())
        if is_terminal:
            print(f"\r{_summary(search)}", end="", file=sys.stderr, flush=True)
        elif result.streams // _EVERY > told:
            told = result.streams // _EVERY
            print(_summary(search), file=sys.stderr, flush=True)
        seconds = time.monotonic() - begin
        is_over = wanted.seconds is not None and seconds >= wanted.seconds
        if is_over or switch.is_pressed or len(result.new) >= wanted.most_failures:
            break
    if is_terminal:
        print(file=sys.stderr)
    seconds = max(time.monotonic() - begin, 1e-9)
    print(f"{machine}: {_summary(search)}")
    print(f"{result.instructions:,} instructions, {result.streams / seconds:,.0f} streams a second")
    return 1 if result.new else 0


def _summary(search: StreamSearch) -> str:
    result = search.result
    verdicts = [
        f"{count:,} {verdict.value}" for verdict, count in sorted(result.known.items(), key=lambda each: each[0].value)
    ]
    known = f" ({', '.join(verdicts)})" if verdicts else ""
    return (
        f"{result.streams:,} streams, {sum(result.known.values()):,} known differences{known}, {len(result.new):,} new"
    )
