# SPDX-License-Identifier: GPL-2.0-or-later
"""The stack of calls over time as ``perf script`` writes samples, for whatever reads these (speedscope, Firefox's).

Each run of instructions of one function is a sample, whose period is how many they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.timing import UNITS_PER_MICROSECOND
from tools.traces.functions import Functions
from tools.traces.stacks import Stacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.traces.filters import Filter
    from tools.traces.opened import OpenedTrace


def samples(trace: OpenedTrace, wanted: Filter) -> Iterator[str]:
    """The lines of what is *wanted* of *trace*."""
    for run in Stacks(trace, Functions(trace)).runs(wanted):
        seconds, rest = divmod(run.time * 1000 // UNITS_PER_MICROSECOND, 1_000_000_000)
        yield f"cpu{run.cpu}     {run.cpu} [{run.cpu:03}] {seconds}.{rest:09}: {run.executed:>10} instructions: "
        names = list(reversed(run.stack))
        yield f"\t{run.address:16x} {names[0]} (trace)"
        for name in names[1:]:
            yield f"\t{0:16x} {name} (trace)"
        yield ""
