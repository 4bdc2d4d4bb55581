# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa differ``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tools.usage.options import MOST_COUNTED, option

_MOST_PROGRAMS: Final = 10_000_000
_PROGRAMS: Final = 1000
_MOST_A_SECOND: Final = 10_000
"""More programs than any computer tries in a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferOptions:
    """Which programs are tried, and what becomes of those that fail."""

    seed: int = option(
        1, least=0, most=MOST_COUNTED, metavar="N", help="The seed of the first program; those behind it follow."
    )
    programs: int | None = option(
        kind=int,
        least=1,
        most=_MOST_PROGRAMS,
        metavar="N",
        help="How many programs; by default 1,000, or with --seconds as many as there is time for.",
    )
    seconds: int | None = option(kind=int, least=1, most=MOST_COUNTED, metavar="N", help="End after so many seconds.")
    jobs: int | None = option(kind=int, least=1, metavar="N", help="So many processes; by default all cores.")
    most_failures: int = option(20, least=1, metavar="N", help="End after so many failures.")
    keep: str | None = option(metavar="FILE", help="Append each failure, shrunk, to this file as a line of JSON.")
    again: str | None = option(metavar="FILE", help="Try the programs of such a file instead of random ones.")
    against: str | None = option(
        metavar="PROGRAM",
        help="Streams of instructions here and on this machine: qemu-system-s390x, qemu-s390x or hercules.",
    )
    known: str | None = option(metavar="FILE", help="A table of differences that are known, for --against.")

    @property
    def seeds(self) -> range:
        """Those of the programs."""
        count = self.programs
        if count is None:
            count = _PROGRAMS if self.seconds is None else min(self.seconds * _MOST_A_SECOND, _MOST_PROGRAMS)
        return range(self.seed, self.seed + count)

    @property
    def which(self) -> str:
        """Which seeds these are, in words."""
        is_open = self.programs is None and self.seconds is not None
        return f"seeds from {self.seed} on" if is_open else f"seeds {self.seed} to {self.seeds[-1]}"
