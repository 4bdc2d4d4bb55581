# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run costs in transfers of pages, and several runs side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HINTS: Final = "hints"
NONE: Final = "none"
BALLOON: Final = "balloon"

_ROWS: Final = (
    ("host writes", "host_writes"),
    ("host reads", "host_reads"),
    ("dropped without I/O", "dropped"),
    ("given up by the guest", "balloon_pages"),
    ("in the balloon at the end", "balloon_size"),
    ("guest reads", "guest_reads"),
    ("  of these again", "guest_re_reads"),
    ("guest writes", "guest_writes"),
    ("guest's swap writes", "guest_swap_writes"),
    ("guest's swap reads", "guest_swap_reads"),
    ("read or written in all", "transfers"),
    ("found discarded", "found_discarded"),
    ("discard faults", "discard_faults"),
    ("instructions", "instructions"),
)
_ONLY_IF_ANY: Final = frozenset({"guest_swap_writes", "guest_swap_reads", "found_discarded", "balloon_size"})
"""Rows that not every guest has."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run cost.  Numbers of pages, unless they say otherwise."""

    verdict: str
    host_writes: int
    host_reads: int
    dropped: int
    """Taken away without I/O."""
    balloon_pages: int
    """Given up by the guests themselves while the host had something of them."""
    guest_reads: int
    guest_re_reads: int
    """Those of the guest's reads that it had made before."""
    guest_writes: int
    discard_faults: int
    instructions: int
    """Executed by the guests."""
    guest_swap_reads: int = 0
    guest_swap_writes: int = 0
    found_discarded: int = 0
    """Pages that a scripted kernel found gone when it wanted to make them stable, or by a discard fault."""
    balloon_size: int = 0
    """Pages that a scripted kernel has given up, whether the host had something of them or not."""

    @property
    def transfers(self) -> int:
        """All pages read or written, by the host and by the guests."""
        host = self.host_writes + self.host_reads
        return host + self.guest_reads + self.guest_writes + self.guest_swap_reads + self.guest_swap_writes

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return asdict(self) | {"transfers": self.transfers}


def show_figures(runs: Mapping[str, Figures], title: str | None = None) -> None:
    """Print the figures of *runs*, a column each."""
    from rich.console import Console
    from rich.table import Table

    if title is not None:
        print(title)
    table = Table("pages")
    for name in runs:
        table.add_column(name, justify="right")
    for label, name in _ROWS:
        values = [getattr(run, name) for run in runs.values()]
        if any(values) or name not in _ONLY_IF_ANY:
            table.add_row(label, *(f"{value:,}" for value in values))
    table.add_row("ended", *(run.verdict for run in runs.values()))
    Console(width=100).print(table)
