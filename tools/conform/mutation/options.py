# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa conform mutation``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.usage.options import MOST_COUNTED, option


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationOptions:
    """Which rules are broken, and where is kept what came of it."""

    compiled: bool = option(False, help="Break compiled code, function by function, instead of the rules.")
    only: list[str] = option(
        metavar="FILE",
        help="Only rules of this file, or this compiled function, such as compiled/execute_ESSA; may be repeated.",
        is_repeated=True,
    )
    sample: int | None = option(
        kind=int, least=1, most=MOST_COUNTED, metavar="N", help="Only so many of them, chosen by --seed."
    )
    seed: int = option(0, least=0, most=MOST_COUNTED, metavar="N", help="Of the sample.")
    jobs: int | None = option(kind=int, least=1, metavar="N", help="So many at a time; by default all cores.")
    results: str | None = option(
        metavar="FILE",
        help="Keep there what came of each, as JSON; what is known of the same rules and cases is not run again.",
    )
    nearest: int = option(
        100,
        least=0,
        most=MOST_COUNTED,
        metavar="N",
        help="Hold one that is explained against so many of the nearest runs of cases only; 0: against all.",
    )
    explained: str | None = option(
        metavar="FILE", help="Why some survive (TOML); by default survivors.toml beside the cases."
    )
