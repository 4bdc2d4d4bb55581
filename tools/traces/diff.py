# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace diff``: where two runs part."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.traces.layout import MAGIC
from tools.processes.progress import progress
from tools.traces.comparing import Side, come_together, compare, synchronise
from tools.traces.opened import OpenedTrace, opened
from tools.traces.places import place
from tools.traces.qemu_log import QemuSteps
from tools.traces.steps import KeyNumbers, Steps, TraceSteps
from tools.traces.texts import short_name
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.traces.options import DiffOptions

_WITHIN: Final = 1 << 14
"""Instructions of each side among which they may come together again."""
_EQUAL: Final = 24
"""Instructions that must be the same then."""
_SEARCHED: Final = 1 << 20
"""Instructions of one side among which the first of the other is looked for."""


def diff(options: DiffOptions) -> int:
    """Compare two, CPU by CPU; the exit status is 0 if they are the same as far as both go, 1 if they part."""
    with ExitStack() as files:
        numbers = KeyNumbers()
        first, second = (_open(files, name, numbers) for name in (options.first, options.second))
        traces = [each for each in (first, second) if isinstance(each, OpenedTrace)]
        if not traces:
            raise UsageError(f"{options.first}: expected a trace; only one of the two may be a log of QEMU")
        cpus = range(min(int(trace.file.metadata.get("cpus", 1)) for trace in traces))
        if options.cpu is not None and options.cpu not in cpus:
            raise UsageError(f"--cpu: both have {len(cpus)}, counted from 0; not {options.cpu}")
        if len(traces) < 2 or options.cpu is not None:
            cpus = range(options.cpu or 0, (options.cpu or 0) + 1)
        status = 0
        for cpu in cpus:
            if len(cpus) > 1:
                print(f"cpu {cpu}")
            sides = (
                _side("--from", _steps(first, second, numbers, options, cpu), options.begin),
                _side(
                    "--other-from", _steps(second, first, numbers, options, cpu), options.other_begin or options.begin
                ),
            )
            with progress(traces[0].how_far, sys.stderr):
                _begin_together(options, sides)
            status |= _compare(options, sides, traces[0].how_far)
        return status


def _open(files: ExitStack, name: str, numbers: KeyNumbers) -> OpenedTrace | QemuSteps:
    path = Path(name)
    try:
        with path.open("rb") as file:
            is_trace = file.read(len(MAGIC)) == MAGIC
    except OSError as reason:
        raise UsageError(f"{name}: cannot be read: {reason.strerror}") from None
    if not is_trace:
        return QemuSteps(path, numbers)
    trace = files.enter_context(opened(name))
    if not any(chunk.count("flow") for chunk in trace.file.chunks):
        raise UsageError(f"{name}: expected a trace of instructions, recorded with --trace-level flow or more")
    if any(chunk.head.has_gap for chunk in trace.file.chunks):
        print(f"essa: {name}: parts of the run were left out when it was recorded", file=sys.stderr)
    return trace


def _steps(
    own: OpenedTrace | QemuSteps, other: OpenedTrace | QemuSteps, numbers: KeyNumbers, options: DiffOptions, cpu: int
) -> TraceSteps | QemuSteps:
    """The instructions of *own*, as they can be compared with those of *other*."""
    if isinstance(own, QemuSteps):
        return own
    steps = TraceSteps(own, numbers, by_symbol=options.by == "symbol", cpu=cpu)
    if isinstance(other, QemuSteps) and not other.has_flow:
        steps.count_only_first()
    return steps


def _side(flag: str, steps: TraceSteps | QemuSteps, begin: str | None) -> Side:
    side = Side(steps, _begin(flag, steps, begin))
    if begin is not None and not steps.keys(side.index, 1).size:
        raise UsageError(f"{flag}: nothing was executed there or later: that is {steps.describe(side.index)}")
    return side


def _begin_together(options: DiffOptions, sides: tuple[Side, Side]) -> None:
    """Let both begin with the same instruction, unless it was said where.

    :raises UsageError: if there is none.
    """
    is_given = options.begin is not None or options.other_begin is not None
    has_any = all(side.steps.keys(side.index, 1).size for side in sides)
    if has_any and not is_given and not synchronise(*sides, _SEARCHED):
        raise UsageError(
            f"{options.second}: expected an instruction with which {options.first} begins, or --other-from"
        )


def _compare(options: DiffOptions, sides: tuple[Side, Side], how_far: Callable[[], str]) -> int:
    """Compare both from where they are; 1 if they part, or do something else."""
    steps = [side.steps for side in sides]
    results = _Results(*steps) if options.by == "address" else None
    same = _ignore if results is None else results.same
    equal = parted = 0
    while True:
        with progress(how_far, sys.stderr):
            equal += compare(*sides, strict=options.strict, same=same)
        if not _part(options, sides):
            break
        parted += 1
        if parted == options.count or not come_together(*sides, _WITHIN, _EQUAL):
            break
        texts = " and ".join(side.steps.describe(side.index) for side in sides)
        print(f"they come together again: {texts}")
    _summarise(options, sides, equal, results)
    return int(parted > 0 or (results is not None and results.different is not None))


def _begin(flag: str, steps: Steps, text: str | None) -> int:
    if text is None:
        return 0
    if isinstance(steps, TraceSteps):
        return steps.index_of(place(flag, steps.trace, text))
    if not text.replace(",", "").isdecimal():
        raise UsageError(f"{flag}: expected the number of an instruction of a log of QEMU, not {text!r}")
    return int(text.replace(",", ""))


def _ignore(first: int, second: int, count: int) -> None:
    """What instructions do is not compared."""


class _Results:
    """What instructions do, compared: the registers that they change."""

    def __init__(self, first: Steps, second: Steps) -> None:
        self._sides = [each for each in (first, second) if isinstance(each, TraceSteps)]
        self.different: tuple[int, int, str] | None = None
        """The first that do something else, and what."""

    def same(self, first: int, second: int, count: int) -> None:
        """Compare the next *count* instructions, which are the same."""
        if len(self._sides) < 2 or self.different is not None:
            return
        starts = first, second
        done = 0
        while done < count and self.different is None:
            rows = [side.rows(start + done, count - done) for side, start in zip(self._sides, starts, strict=True)]
            length = min(each.size for each in rows)
            self._compare([each[:length] for each in rows], first + done, second + done)
            done += length

    def _compare(self, rows: list[Any], first: int, second: int) -> None:
        one, other = (_changes(side, each) for side, each in zip(self._sides, rows, strict=True))
        length = min(one.size, other.size)
        one_part, other_part = one[:length], other[:length]
        is_different = (one_part["key"] != other_part["key"]) | (one_part["new"] != other_part["new"])
        different = np.flatnonzero(is_different)
        if not different.size and one.size == other.size:
            return
        at = int(different[0]) if different.size else length
        offset = min(int(each["key"][at]) >> _REGISTER_BITS for each in (one, other) if at < each.size)
        texts = [_text(each[each["key"] >> _REGISTER_BITS == offset]) for each in (one, other)]
        self.different = first + offset, second + offset, f"{texts[0]}, and {texts[1]}"


_REGISTER_BITS: Final = 8
_CHANGE: Final = np.dtype([("key", "<i8"), ("new", "<u8")])
"""The key: by how many instructions it comes behind the first, and the register."""


def _changes(side: TraceSteps, rows: Any) -> Any:
    """The registers that these instructions change, in the order of their keys."""
    first, last = int(rows["number"][0]), int(rows["number"][-1])
    found = []
    for chunk in side.trace.file.chunks_between(first, last):
        registers = chunk.rows("registers")
        begin, end = np.searchsorted(registers["number"], np.array([first, last + 1], dtype=np.uint64))
        registers = registers[begin:end]
        registers = registers[registers["cpu"] == side.cpu]
        index = np.searchsorted(rows["number"], registers["number"])
        is_there = rows["number"][np.minimum(index, rows.size - 1)] == registers["number"]
        made = np.empty(int(is_there.sum()), dtype=_CHANGE)
        made["key"] = index[is_there] << _REGISTER_BITS | registers["register"][is_there]
        made["new"] = registers["new"][is_there]
        found.append(made)
    changes = np.concatenate(found)
    return changes[np.argsort(changes["key"], kind="stable")]


def _text(changes: Any) -> str:
    registers = (changes["key"] & (1 << _REGISTER_BITS) - 1).tolist()
    pairs = zip(registers, changes["new"].tolist(), strict=True)
    return " ".join(f"{short_name(register)}={new:x}" for register, new in pairs) or "nothing"


def _part(options: DiffOptions, sides: tuple[Side, Side]) -> bool:
    """Show where they part; give whether they do, and none has come to its end."""
    first, second = sides
    for side in sides:
        if not side.steps.keys(side.index, 1).size:
            print(f"then comes {side.steps.describe(side.index)}")
            return False
    print(f"they part: {first.steps.describe(first.index)}, {second.steps.describe(second.index)}")
    for name, side in zip((options.first, options.second), sides, strict=True):
        if side.stays_away:
            print(f"in {name} after {side.stays_away}, from which it does not come back")
    context = options.context
    for line in first.steps.lines(first.index - context, first.index - 1):
        print(f"  {line}")
    for mark, side in zip("-+", sides, strict=True):
        for line in side.steps.lines(side.index, side.index + context):
            print(f"{mark} {line}")
    return True


def _summarise(options: DiffOptions, sides: tuple[Side, Side], equal: int, results: _Results | None) -> None:
    print(f"the same: {equal:,} instructions")
    for name, side in zip((options.first, options.second), sides, strict=True):
        for what, count in sorted(side.passed.items()):
            print(f"passed over in {name}: {count:,} x {what}")
        if side.passed:
            print(f"passed over in {name}: {side.passed_instructions:,} instructions in all")
    if results is not None and results.different is not None:
        first, second = sides
        one, other, what = results.different
        print(f"first different result: {first.steps.describe(one)}, {second.steps.describe(other)}: {what}")
        for line in first.steps.lines(one, one):
            print(f"  {line}")
