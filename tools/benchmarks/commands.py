# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user of the command waits for: its first sign of life, and the seed scenario."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from typing import Final

from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.linux import seconds_of

_ESSA: Final = (sys.executable, "-m", "tools.command.start")
HELLO: Final = (*_ESSA, "run", "hello")
SEED: Final = (*_ESSA, "run", "seed")
_SEED_ENDS: Final = "after grep:"
"""The headline of the last table; a byte that is wrong ends the scenario before it."""


def first_word_seconds(command: tuple[str, ...]) -> float:
    """How long it takes until *command* writes something.

    :raises NotMeasured: if it writes nothing, or does not end well.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        written = process.stdout.read(1)
        seconds = time.perf_counter() - started
        process.stdout.read()
    if not written or process.returncode:
        raise NotMeasured(f"exit status {process.returncode}, and {'something' if written else 'nothing'} was written")
    return seconds


def _start(command: tuple[str, ...], effort: Effort) -> Measured:
    first_word_seconds(command)
    return Measured(tuple(first_word_seconds(command) for _ in range(effort.pieces)))


def _seed(effort: Effort) -> Measured:
    return Measured(tuple(seconds_of(list(SEED), _SEED_ENDS) for _ in range(effort.rounds)))


FIGURES: Final = (
    BenchmarkFigure("seed", "the seed scenario, every byte compared", Unit.SECONDS, _seed, 10, takes_long=True),
    BenchmarkFigure("start", "the first word of 'essa run hello', warm", Unit.SECONDS, partial(_start, HELLO), 0.35),
)
