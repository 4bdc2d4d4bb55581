# SPDX-License-Identifier: GPL-2.0-or-later
"""What a figure is: how samples are summed up, and how numbers are shown."""

from __future__ import annotations

import pytest

from tools.benchmarks.figure import Effort, Measured, Unit


@pytest.mark.parametrize(
    ("unit", "value"),
    ((Unit.RATE, 9), (Unit.SECONDS, 1), (Unit.MILLISECONDS, 1), (Unit.RATIO, 2), (Unit.MEGABYTES, 2), (Unit.BYTES, 2)),
)
def test_of_rates_and_times_the_best_counts_and_else_the_median(unit: Unit, value: float) -> None:
    assert unit.summary((2, 9, 1)) == value


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    (
        (Unit.RATE, 1_234_567.8, "1,234,568"),
        (Unit.RATE, 3.4, "3"),
        (Unit.RATIO, 0.876, "0.88"),
        (Unit.SECONDS, 0.354, "0.35 s"),
        (Unit.SECONDS, 123.4, "123 s"),
        (Unit.MILLISECONDS, 4.567, "4.57 ms"),
        (Unit.BYTES, 16, "16 bytes"),
        (Unit.MEGABYTES, 1234, "1,234 MB"),
    ),
)
def test_numbers_are_shown_in_their_unit(unit: Unit, value: float, text: str) -> None:
    assert unit.text(value) == text


def test_half_of_the_samples_lie_between_the_quartiles() -> None:
    assert Measured((1, 2, 3, 4, 5)).quartiles == (2, 4)
    assert Measured((7,)).quartiles == (7, 7)


def test_a_quick_run_makes_fewer_and_shorter_pieces() -> None:
    quick, full = Effort.quick(), Effort()
    assert (quick.pieces < full.pieces, quick.seconds < full.seconds, quick.rounds) == (True, True, 1)
