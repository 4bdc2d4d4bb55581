# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace diff``: where two runs part."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.traces.layout import MAGIC
from tools.traces.comparing import Side, come_together, compare, synchronise
from tools.traces.opened import opened
from tools.traces.places import place
from tools.traces.qemu_log import QemuSteps
from tools.traces.steps import KeyNumbers, Steps, TraceSteps
from tools.traces.texts import short_name
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.traces.options import DiffOptions

_WITHIN: Final = 1 << 14
"""Instructions of each side among which they may come together again."""
_EQUAL: Final = 24
"""Instructions that must be the same then."""
_SEARCHED: Final = 1 << 20
"""Instructions of one side among which the first of the other is looked for."""


def diff(options: DiffOptions) -> int:
    """Compare two; the exit status is 0 if they are the same as far as both go, 1 if they part."""
    with ExitStack() as files:
        numbers = KeyNumbers()
        by_symbol = options.by == "symbol"
        first = _open(files, options.first, numbers, by_symbol=by_symbol)
        second = _open(files, options.second, numbers, by_symbol=by_symbol)
        for one, other in ((first, second), (second, first)):
            if isinstance(one, QemuSteps) and not one.has_flow and isinstance(other, TraceSteps):
                other.count_only_first()
        sides = (
            Side(first, _begin("--from", first, options.begin)),
            Side(second, _begin("--other-from", second, options.other_begin or options.begin)),
        )
        is_given = options.begin is not None or options.other_begin is not None
        if not is_given and not synchronise(*sides, _SEARCHED):
            raise UsageError(
                f"{options.second}: expected an instruction with which {options.first} begins, or --other-from"
            )
        results = _Results(first, second) if not by_symbol else None
        same = _ignore if results is None else results.same
        equal = compare(*sides, strict=options.strict, same=same)
        parted = 0
        while _part(options, sides):
            parted += 1
            if parted == options.count or not come_together(*sides, _WITHIN, _EQUAL):
                break
            texts = " and ".join(side.steps.describe(side.index) for side in sides)
            print(f"they come together again: {texts}")
            equal += compare(*sides, strict=options.strict, same=same)
        _summarise(options, sides, equal, results)
        return int(parted > 0 or (results is not None and results.different is not None))


def _open(files: ExitStack, name: str, numbers: KeyNumbers, *, by_symbol: bool) -> Steps:
    path = Path(name)
    try:
        with path.open("rb") as file:
            is_trace = file.read(len(MAGIC)) == MAGIC
    except OSError as reason:
        raise UsageError(f"{name}: cannot be read: {reason.strerror}") from None
    if not is_trace:
        return QemuSteps(path, numbers)
    return TraceSteps(files.enter_context(opened(name)), numbers, by_symbol=by_symbol)


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
        different = np.flatnonzero(one[:length] != other[:length])
        if not different.size and one.size == other.size:
            return
        at = int(different[0]) if different.size else length
        offset = min(int(each["offset"][at]) for each in (one, other) if at < each.size)
        texts = [_text(each[each["offset"] == offset]) for each in (one, other)]
        self.different = first + offset, second + offset, f"{texts[0]}, and {texts[1]}"


_CHANGE: Final = np.dtype([("offset", "<i8"), ("register", "u1"), ("new", "<u8")])


def _changes(side: TraceSteps, rows: Any) -> Any:
    """The registers that these instructions change, each by how many instructions it comes behind the first."""
    first, last = int(rows["number"][0]), int(rows["number"][-1])
    found = []
    for chunk in side.trace.file.chunks_between(first, last):
        registers = chunk.rows("registers")
        index = np.searchsorted(rows["number"], registers["number"])
        is_there = (index < rows.size) & (registers["cpu"] == side.cpu)
        is_there &= rows["number"][np.minimum(index, rows.size - 1)] == registers["number"]
        made = np.empty(int(is_there.sum()), dtype=_CHANGE)
        made["offset"] = index[is_there]
        made["register"], made["new"] = registers["register"][is_there], registers["new"][is_there]
        found.append(made)
    return np.sort(np.concatenate(found), order=["offset", "register"])


def _text(changes: Any) -> str:
    return " ".join(f"{short_name(int(each['register']))}={int(each['new']):x}" for each in changes) or "nothing"


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
