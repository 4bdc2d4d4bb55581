# SPDX-License-Identifier: GPL-2.0-or-later
"""The accounting table of page states, in the form of the cover letter of version 7 (reference 5.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from emu.page_states import CONTENT_MASK, USAGE_MASK, Content, Usage
from emu.state import Section, computed, restore_state, state_of, typed
from host.pages_over_time import PagesOverTime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from host.guest import Guest

_ROWS: Final = {
    "S": Usage.STABLE,
    "U": Usage.UNUSED,
    "P": Usage.POTENTIALLY_VOLATILE,
    "V": Usage.VOLATILE,
}
_COLUMNS: Final = {"r": Content.RESIDENT, "p": Content.PRESERVED, "z": Content.ZERO}
_CHUNK: Final = 1 << 16
"""Pages counted at once; what is computed on the way stays in the processor's cache."""

AccountingTable = dict[str, dict[str, int]]
"""Pages by row (S, U, P, V, sum) and column (total, r, p, z)."""


def count_pages(states: NDArray[np.uint8]) -> AccountingTable:
    """The accounting table of the page-state bytes *states*."""
    counts = _count_states(states)
    return _with_sums(
        {row: {column: counts[usage | content] for column, content in _COLUMNS.items()} for row, usage in _ROWS.items()}
    )


def _count_states(states: NDArray[np.uint8]) -> Counter[int]:
    """How many pages are in each state.

    Guests may be of terabytes, so nothing as large as *states* is made.  Most pages of a guest are in few states, which
    are tried first, and a chunk is done with when all its pages are counted.
    """
    counts: Counter[int] = Counter({usage | content: 0 for usage in Usage for content in Content})
    order = list(counts)
    masked = np.empty(_CHUNK, dtype=np.uint8)
    is_equal = np.empty(_CHUNK, dtype=np.bool_)
    for start in range(0, len(states), _CHUNK):
        chunk = states[start : start + _CHUNK]
        left = len(chunk)
        chunk = np.bitwise_and(chunk, USAGE_MASK | CONTENT_MASK, out=masked[:left])
        for state in order:
            count = int(np.count_nonzero(np.equal(chunk, state, out=is_equal[: len(chunk)])))
            counts[state] += count
            left -= count
            if not left:
                break
        if state != order[0]:
            order = [common for common, _ in counts.most_common()]
    return counts


def _with_sums(cells: AccountingTable) -> AccountingTable:
    """The table of *cells*, which has no totals yet."""
    table = {row: {"total": sum(columns.values())} | columns for row, columns in cells.items()}
    table["sum"] = {column: sum(row[column] for row in table.values()) for column in ("total", *_COLUMNS)}
    return table


def total(tables: Iterable[AccountingTable]) -> AccountingTable:
    """The table of several guests together."""
    tables = list(tables)
    return _with_sums(
        {row: {column: sum(table[row][column] for table in tables) for column in _COLUMNS} for row in _ROWS}
    )


def format_table(table: AccountingTable) -> str:
    """*table* as text, exactly as in the cover letter; wider if numbers have more than seven digits.

    Source: Message-Id 20090327150905.819861420@de.ibm.com, 27 March 2009.
    """
    width = max(7, len(str(table["sum"]["total"])))
    titles = "".join(f"{title:-^{width}}|" for title in ("tot", *_COLUMNS))
    lines = [f"<state>|{titles}"]
    for name, row in table.items():
        label = "tot->" if name == "sum" else f"    {name}"
        lines.append(f"{label:7}|" + "".join(f"{pages:{width}}|" for pages in row.values()))
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Sample:
    """The table of a guest at one moment."""

    work: int
    """The guest's virtual time, in units of work."""
    guest: int
    """Its number."""
    label: str
    """Why the sample was taken; empty if it was time for it."""
    table: AccountingTable


class Series:
    """A time series of the tables of all guests: an attendant (:mod:`host.attendance`).

    :param interval: units of work of a guest from one sample of it to the next, the first at its start; None if samples
        are taken on demand only.
    :raises ValueError: if the interval is not positive.
    """

    STATE: ClassVar = Section(
        "time series",
        typed("samples", list[Sample]),
        computed("pages", "_get_pages", "_set_pages", of=("followed",)),
        excluded={"interval": "a parameter"},
    )

    def __init__(self, interval: int | None) -> None:
        if interval is not None and interval <= 0:
            raise ValueError(f"the interval of samples must be 1 unit of work or more, not {interval}")
        self.interval = interval
        self.samples: list[Sample] = []
        self.followed: dict[int, PagesOverTime] = {}
        """The pages of the guests that are followed, by the numbers of these."""

    def follow_pages(self, guest: Guest) -> None:
        """Have each sample of *guest* come with a picture of all its pages."""
        self.followed[guest.number] = PagesOverTime(guest)

    def attend(self, guest: Guest, work: int) -> int | None:
        """See :meth:`host.attendance.Attendant.attend`."""
        if self.interval is None:
            return None
        self._add(guest, work, "")
        return work - work % self.interval + self.interval

    def sample(self, guest: Guest, label: str) -> None:
        """Take a sample of *guest* now."""
        self._add(guest, guest.configuration.timing.work, label)

    def _add(self, guest: Guest, work: int, label: str) -> None:
        table = count_pages(guest.states.array)
        self.samples.append(Sample(work=work, guest=guest.number, label=label, table=table))
        if guest.number in self.followed:
            self.followed[guest.number].take(len(self.samples) - 1)

    def as_dict(self) -> dict[str, Any]:
        """The series as JSON has it."""
        return {"interval": self.interval, "rows": [asdict(sample) for sample in self.samples]}

    def lines(self) -> Iterator[str]:
        """The series as text: a heading, and a line a sample with its pages by state."""
        states = [(row, column) for row in _ROWS for column in _COLUMNS]
        rows = [["work", "guest", *(row + column for row, column in states), ""]]
        for sample in self.samples:
            cells = (sample.table[row][column] for row, column in states)
            rows.append([str(sample.work), str(sample.guest), *map(str, cells), sample.label])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for *numbers, label in rows:
            aligned = " ".join(f"{number:>{width}}" for number, width in zip(numbers, widths, strict=False))
            yield f"{aligned} {label}".rstrip()

    # State

    def _get_pages(self) -> list[list[Any]]:
        return [[number, state_of(history)] for number, history in self.followed.items()]

    def _set_pages(self, saved: list[list[Any]]) -> None:
        """Go on from what is *saved* of the pages; of those that are followed only here there is nothing so far."""
        states = dict(saved)
        for number, history in self.followed.items():
            if number in states:
                restore_state(history, states[number])
            else:
                history.restart()
