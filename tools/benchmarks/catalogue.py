# SPDX-License-Identifier: GPL-2.0-or-later
"""All figures, in the order of the table; one line a subject, so that additions merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.benchmarks import (
    boot,
    commands,
    control_instructions,
    discard_faults,
    general_instructions,
    kvm_unit_tests,
    linux_work,
    memory,
    paging,
    scale,
    shares,
    stepping,
)

if TYPE_CHECKING:
    from tools.benchmarks.figure import BenchmarkFigure

FIGURES: Final[tuple[BenchmarkFigure, ...]] = (
    *boot.FIGURES,
    *shares.FIGURES,
    *linux_work.FIGURES,
    *general_instructions.FIGURES,
    *control_instructions.FIGURES,
    *discard_faults.FIGURES,
    *kvm_unit_tests.FIGURES,
    *commands.FIGURES,
    *paging.FIGURES,
    *scale.FIGURES,
    *memory.FIGURES,
    *stepping.FIGURES,
)


def chosen(names: list[str], part: str | None) -> list[BenchmarkFigure]:
    """The figures with one of the *names*, or whose name has *part* in it; all if nothing is asked for.

    :raises KeyError: with the first name that no figure has.
    """
    known = {figure.name for figure in FIGURES}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return [
        figure
        for figure in FIGURES
        if (not names and part is None) or figure.name in names or (part is not None and part in figure.name)
    ]
