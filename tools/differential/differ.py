# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa differ``: random programs, run freely, stepped, in slices and by the model, that must come to the same."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.differential.lines import check_keeping, keep_line, read_lines
from tools.machines.setup import prepare_callbacks
from tools.processes.side_by_side import cores
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.differential.options import DifferOptions
    from tools.differential.program import RandomProgram

_EVERY = 1000
"""So many programs from line to line where the output is no terminal."""


def differ(wanted: DifferOptions) -> int:
    """Try the programs, print those that fail, and give the exit status: 1 if there are any.

    :raises UsageError: if a file cannot be read or written, or the engine is not as it is known.
    """
    if wanted.keep is not None:
        check_keeping(Path(wanted.keep))
    if wanted.against is not None:
        from tools.differential.peers.against import differ_against

        return differ_against(wanted.against, wanted)
    if wanted.known is not None:
        raise UsageError("--known: it is for --against")
    from emu.engine.library import EngineError
    from emu.machine import MEGABYTE, Machine
    from tools.differential.workers import Failure, try_programs

    prepare_callbacks()
    # Here, and not in each process: the first machine of a changed model has its engine compiled.
    try:
        Machine(MEGABYTE)
    except EngineError as reason:
        raise UsageError(f"the engine: {reason}") from None
    programs: Sequence[int | str]
    if wanted.again is None:
        programs = wanted.seeds
        print(wanted.which)
    else:
        programs = [each.to_line() for each in read_programs(Path(wanted.again))]
    end = None if wanted.seconds is None else time.monotonic() + wanted.seconds
    done, told, failures = 0, 0, list[Failure]()
    is_terminal = sys.stderr.isatty()
    for ended in try_programs(programs, wanted.jobs or cores()):
        done += ended.count
        for failure in ended.failures:
            failures.append(failure)
            print("\n".join(failure.lines()), flush=True)
            if wanted.keep is not None:
                keep_line(Path(wanted.keep), failure.program.to_line())
        if is_terminal:
            print(f"\r{done:,} programs, {len(failures)} differ", end="", file=sys.stderr, flush=True)
        elif done // _EVERY > told:
            told = done // _EVERY
            print(f"{done:,} programs, {len(failures)} differ", file=sys.stderr, flush=True)
        if len(failures) >= wanted.most_failures or (end is not None and time.monotonic() >= end):
            break
    if is_terminal:
        print(file=sys.stderr)
    print(f"{done:,} programs, {len(failures)} differ")
    return 1 if failures else 0


def read_programs(path: Path) -> list[RandomProgram]:
    """The programs in the file *path*, one a line.

    :raises UsageError: naming the line that is none.
    """
    from tools.differential.program import RandomProgram

    return read_lines(path, RandomProgram.from_line)
