# SPDX-License-Identifier: GPL-2.0-or-later
"""From the options that name a part of a trace to a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.errors import TraceError
from emu.traces.filters import Filter
from tools.machines.address_ranges import range_of
from tools.running.options import TRACED_STATES
from tools.traces.places import place
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.traces.opened import OpenedTrace
    from tools.traces.options import WindowOptions

_LAST: Final = (1 << 64) - 1

STREAMS: Final = {
    "instructions": "flow",
    "registers": "registers",
    "stores": "accesses",
    "fetches": "accesses",
    "interruptions": "interruptions",
    "essa": "page_states",
    "keys": "keys",
    "host": "host",
    "devices": "devices",
    "translations": "translations",
}
"""The stream that each kind is in."""


def filter_of(trace: OpenedTrace, options: WindowOptions) -> Filter:
    """What is wanted of *trace*.

    :raises UsageError: naming the option that means nothing there.
    """
    numbers = None
    if options.begin is not None or options.end is not None:
        begin = 0 if options.begin is None else place("--from", trace, options.begin)
        if begin > trace.file.end:
            raise UsageError(f"--from: {trace.name} ends with instruction {trace.file.end - 1:,}; not {begin:,}")
        numbers = begin, _LAST if options.end is None else place("--to", trace, options.end, begin)
        if numbers[1] < begin:
            raise UsageError(f"--to: expected instruction {begin:,} or a later one; not {numbers[1]:,}")
    cpus = trace.file.metadata.get("cpus")
    beyond = [] if cpus is None else [cpu for cpu in sorted(options.cpus or ()) if cpu >= cpus]
    if beyond:
        raise UsageError(f"--cpu: the machine has {cpus}, counted from 0; not {beyond[0]}")
    if options.functions:
        trace.require("--at", "flow")
    return Filter(
        numbers=numbers,
        cpus=options.cpus,
        addresses=tuple(_range(trace, each) for each in options.functions) or None,
        problem_state=None if options.state is None else TRACED_STATES[options.state],
    )


def _range(trace: OpenedTrace, text: str) -> tuple[int, int]:
    try:
        return range_of(trace.symbols, text)
    except TraceError:
        raise
    except ValueError as reason:
        raise UsageError(f"--at: {reason}") from None
