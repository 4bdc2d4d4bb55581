# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa conform coverage``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.usage.options import argument, option


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageOptions:
    """What is added up, and what it is held against."""

    files: list[str] = argument(metavar="FILE...", help="What --coverage has written.", is_repeated=True)
    gaps: bool = option(False, help="Name every cell that was not reached.")
    write: str | None = option(metavar="FILE", help="Write the sum, as --coverage does.")
    floor: str | None = option(
        metavar="FILE",
        help="How many cells of each matrix must be reached: JSON, a number for each; fewer is a failure.",
    )
    raise_floor: bool = option(False, help="Write to the file of --floor what has become more; nothing becomes less.")
