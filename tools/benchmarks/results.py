# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run of the benchmarks gave: kept as JSON, read again, and compared."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from emu.input_files.reading import read_whole
from tools.benchmarks.figure import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.benchmarks.figure import BenchmarkFigure, Measured

WORSE: Final = 0.03
"""How much worse than before a figure must be to be marked: 3 per cent."""
_PACKAGES: Final = ("unicorn", "numba", "numpy")


class BenchmarkFileError(ValueError):
    """A file of results is none; the message is one line that names it and what was expected."""


class FigureResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was found of one figure."""

    title: str
    unit: Unit
    value: float | None = None
    """None if it was not measured."""
    low: float | None = None
    high: float | None = None
    """The quartiles."""
    samples: tuple[float, ...] = ()
    goal: float | None = None
    more_is_better: bool = False
    compared_with: str = ""
    detail: str = ""
    """What it is made of, or why it was not measured."""
    axes: tuple[str, str] = ("", "")
    curve: tuple[tuple[float, float], ...] = ()

    @property
    def reaches_goal(self) -> bool | None:
        """Whether it is as good as is to be reached; None if nothing is, or it was not measured."""
        if self.goal is None or self.value is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal

    @property
    def goal_text(self) -> str:
        """The goal as it is shown."""
        if self.goal is None:
            return ""
        return f"at {'least' if self.more_is_better else 'most'} {self.unit.text(self.goal)}"


class BenchmarkRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run of the benchmarks."""

    format: Literal["essa benchmarks 1"]
    date: str
    """In UTC, to the second."""
    revision: str
    """Of the sources, if they are a checkout of git."""
    computer: dict[str, str]
    figures: dict[str, FigureResult]


def result(figure: BenchmarkFigure, measured: Measured | None, detail: str = "") -> FigureResult:
    """What is kept of a *figure*: what was *measured*, or why it was not."""
    value = low = high = None
    if measured is not None:
        value, (low, high), detail = figure.unit.summary(measured.samples), measured.quartiles, measured.detail
    return FigureResult(
        title=figure.title,
        unit=figure.unit,
        value=value,
        low=low,
        high=high,
        samples=measured.samples if measured is not None else (),
        goal=figure.goal,
        more_is_better=figure.more_is_better,
        compared_with=figure.compared_with,
        detail=detail,
        axes=figure.axes,
        curve=measured.curve if measured is not None else (),
    )


def new_run(figures: dict[str, FigureResult]) -> BenchmarkRun:
    """A run of now, on this computer."""
    computer = {"system": platform.platform(), "processor": _processor(), "cores": str(os.cpu_count())}
    computer |= {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return BenchmarkRun("essa benchmarks 1", date, _revision(), computer, figures)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _revision() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def encode(run: BenchmarkRun) -> bytes:
    """*run* as JSON."""
    return msgspec.json.format(msgspec.json.encode(run), indent=2)


def decode(data: bytes, name: str) -> BenchmarkRun:
    """The run in the JSON *data*; messages call it *name*.

    :raises BenchmarkFileError: if there is none.
    """
    try:
        return msgspec.json.decode(data, type=BenchmarkRun)
    except (msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise BenchmarkFileError(f"{name}: expected what 'tools/bench --json' writes: {reason}") from None


def read_run(path: Path) -> BenchmarkRun:
    """The run in the file *path*.

    :raises BenchmarkFileError: if there is none.
    """
    try:
        data = read_whole(path)
    except OSError as reason:
        raise BenchmarkFileError(f"{path}: cannot be read: {reason.strerror}") from None
    return decode(data, str(path))


def ratio(old: FigureResult | None, new: FigureResult) -> float | None:
    """The *old* value divided by the *new* one; None if there is no such."""
    if old is None or old.value is None or not new.value or old.unit is not new.unit:
        return None
    return old.value / new.value


def is_worse(old: FigureResult | None, new: FigureResult) -> bool:
    """Whether the *new* value is worse than the *old* one by more than :data:`WORSE`."""
    found = ratio(old, new)
    if found is None:
        return False
    loss = found - 1 if new.more_is_better else 1 / found - 1
    return loss > WORSE


def worse(old: BenchmarkRun, new: BenchmarkRun) -> Iterable[str]:
    """The names of the figures that are worse in the *new* run."""
    return [name for name, each in new.figures.items() if is_worse(old.figures.get(name), each)]
