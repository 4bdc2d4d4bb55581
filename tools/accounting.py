# SPDX-License-Identifier: GPL-2.0-or-later
"""The accounting table of page states, in the form of the cover letter of version 7 (reference 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.page_states import CONTENT_MASK, USAGE_MASK, Content, Usage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS: Final = {
    "S": Usage.STABLE,
    "U": Usage.UNUSED,
    "P": Usage.POTENTIALLY_VOLATILE,
    "V": Usage.VOLATILE,
}
_COLUMNS: Final = {"r": Content.RESIDENT, "p": Content.PRESERVED, "z": Content.ZERO}

AccountingTable = dict[str, dict[str, int]]
"""Pages by row (S, U, P, V, sum) and column (total, r, p, z)."""


def count_pages(states: NDArray[np.uint8]) -> AccountingTable:
    """The accounting table of the page-state bytes *states*."""
    counts = np.bincount(states & (USAGE_MASK | CONTENT_MASK), minlength=16)
    table = {}
    for row, usage in _ROWS.items():
        cells = {column: int(counts[usage | content]) for column, content in _COLUMNS.items()}
        table[row] = {"total": sum(cells.values())} | cells
    table["sum"] = {column: sum(row[column] for row in table.values()) for column in ("total", *_COLUMNS)}
    return table


def format_table(table: AccountingTable) -> str:
    """*table* as text, with its heading."""
    columns = list(table["sum"])
    width = max(len("total"), len(str(table["sum"]["total"]))) + 3
    lines = ["pages" + "".join(column.rjust(width) for column in columns)]
    for name, row in table.items():
        lines.append(name.ljust(5) + "".join(str(row[column]).rjust(width) for column in columns))
    return "\n".join(lines)
