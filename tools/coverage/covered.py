# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine whose run is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from emu.debugging.stepped_trace import SteppedTrace
from emu.tracing.recorder import TraceRecorder
from tools.coverage.collector import Counts, CoverageCollector

if TYPE_CHECKING:
    from emu.machine import Machine

_LEVEL: Final = "registers"


@contextmanager
def counted(machine: Machine, counts: Counts, *, stepped: bool = False) -> Iterator[None]:
    """Add to *counts* what *machine* exercises meanwhile; the machine is the same to the bit as without.

    :param stepped: an observer follows each step, and not the engines what they execute.
    """
    collector = CoverageCollector(machine.configuration.profile.value, "stepped" if stepped else "free")
    recorder = SteppedTrace(machine, collector, _LEVEL) if stepped else TraceRecorder(machine, collector, _LEVEL)
    if stepped:
        machine.observers.append(recorder)
    try:
        yield
    finally:
        if isinstance(recorder, SteppedTrace):
            machine.observers.remove(recorder)
            recorder.finish()
        else:
            recorder.end()
        counts.update(collector.counts)


_counting: Final[ContextVar[Counts | None]] = ContextVar("counting", default=None)
"""Where what this piece of work exercises is added, if somebody wants to know."""


@contextmanager
def counting(counts: Counts) -> Iterator[None]:
    """Add to *counts* what machines exercise meanwhile that are :func:`followed`."""
    token = _counting.set(counts)
    try:
        yield
    finally:
        _counting.reset(token)


def followed(machine: Machine, *, stepped: bool = False) -> AbstractContextManager[None]:
    """Add what *machine* exercises meanwhile to the counts of :func:`counting`, if there are any."""
    counts = _counting.get()
    return nullcontext() if counts is None else counted(machine, counts, stepped=stepped)
