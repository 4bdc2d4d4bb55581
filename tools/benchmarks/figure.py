# SPDX-License-Identifier: GPL-2.0-or-later
"""What a figure of the benchmarks is, and what measuring it gives."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_FULL_PIECES: Final = 9
_FULL_SECONDS: Final = 0.2
_QUICK_PIECES: Final = 3
_QUICK_SECONDS: Final = 0.05


class NotMeasured(Exception):  # noqa: N818 - it says why there is no figure
    """There is nothing to compare with, or what was to be done was not done; the message says which."""


class Unit(Enum):
    """What a figure is counted in; each is shown and summed up in one way."""

    RATIO = ""
    RATE = "a second"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MEGABYTES = "MB"
    BYTES = "bytes"
    PERCENT = "%"

    def summary(self, samples: tuple[float, ...]) -> float:
        """The one number for the *samples*.

        Of rates and times the best, since whatever disturbs one makes it slower; else the median, since both sides
        of a ratio may have been disturbed.
        """
        if self is Unit.RATE:
            return max(samples)
        if self in {Unit.SECONDS, Unit.MILLISECONDS}:
            return min(samples)
        return statistics.median(samples)

    def text(self, value: float) -> str:
        """The *value* as it is shown."""
        if self is Unit.RATIO:
            return f"{value:.2f}"
        number = f"{value:,.2f}" if value < 10 and self is not Unit.RATE else f"{value:,.0f}"
        return number if self is Unit.RATE else f"{number} {self.value}"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is spent on a figure."""

    pieces: int = _FULL_PIECES
    """How often a short piece of work is timed."""
    seconds: float = _FULL_SECONDS
    """About how long such a piece takes."""
    rounds: int = 3
    """How often work that takes long is timed."""
    suite: Path | None = None
    """The build directory of kvm-unit-tests."""

    @classmethod
    def quick(cls, suite: Path | None = None) -> Effort:
        """Enough to see that everything works, and roughly what it costs."""
        return cls(_QUICK_PIECES, _QUICK_SECONDS, 1, suite)


@dataclass(frozen=True, slots=True)
class Measured:
    """What measuring a figure gave."""

    samples: tuple[float, ...]
    detail: str = ""
    """What the figure is made of, such as both sides of a ratio."""
    curve: tuple[tuple[float, float], ...] = ()
    """The figure as it grows with something, if that is what was measured."""

    @property
    def quartiles(self) -> tuple[float, float]:
        """The spread: a quarter of the samples is below the first, a quarter above the second."""
        if len(self.samples) == 1:
            return self.samples[0], self.samples[0]
        low, _, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return low, high


@dataclass(frozen=True, slots=True)
class BenchmarkFigure:
    """Something that is measured, with what is to be reached."""

    name: str
    """As it is chosen and kept: lower-case words with hyphens."""
    title: str
    unit: Unit
    measure: Callable[[Effort], Measured]
    """Raises :class:`NotMeasured` if there is no figure."""
    goal: float | None = None
    more_is_better: bool = False
    compared_with: str = ""
    """What it is a ratio to."""
    takes_long: bool = False
    """Minutes: left out of a quick run."""
    axes: tuple[str, str] = ("", "")
    """What the two numbers of the curve's points are."""
