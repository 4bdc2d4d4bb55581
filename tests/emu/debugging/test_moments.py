# SPDX-License-Identifier: GPL-2.0-or-later
"""Which moments are kept, and which go."""

from __future__ import annotations

from itertools import pairwise

import pytest

from emu.debugging.moments import HistoryFull, Moments
from emu.debugging.recorder import Position
from emu.machine import MEGABYTE, Machine

PAGES = 16
"""Pages that change from one moment to the next."""


def fill(moments: Moments, machine: Machine, numbers: range) -> None:
    for number in numbers:
        for page in range(PAGES):
            machine.storage.write(0x10000 + 0x1000 * page, number.to_bytes(8, "big"))
        moments.take(Position(number))


def numbers(moments: Moments) -> list[int]:
    return [each.position.instruction for each in moments._moments]


def test_the_last_one_before_a_position_is_found(machine: Machine) -> None:
    moments = Moments(machine, None, MEGABYTE)
    assert moments.before(Position(5)) is None
    for position in (Position(0), Position(10), Position(10, 2)):
        moments.take(position)
    for wanted, found in ((0, 0), (9, 0), (10, 10), (11, 10)):
        before = moments.before(Position(wanted))
        assert before is not None
        assert before.position.instruction == found
    assert moments.at(Position(10, 1)) is None
    assert moments.at(Position(10, 2)) is moments.last
    assert moments.first is moments.at(Position(0))


def test_the_next_change_from_outside_is_found(machine: Machine) -> None:
    moments = Moments(machine, None, MEGABYTE)
    for number in (0, 5, 9):
        moments.take(Position(number), is_cut=number == 5)
    assert moments.next_cut(Position(4)) is moments.at(Position(5))
    assert moments.next_cut(Position(5)) is None


def test_what_is_later_is_forgotten(machine: Machine) -> None:
    moments = Moments(machine, None, 4 * MEGABYTE)
    fill(moments, machine, range(1, 6))
    used = moments.used
    moments.forget_later(Position(3))
    assert numbers(moments) == [1, 2, 3]
    assert moments.used < used


def test_there_are_never_more_bytes_than_the_limit_and_old_moments_are_sparse(machine: Machine) -> None:
    moments = Moments(machine, None, MEGABYTE)
    for number in range(200):
        fill(moments, machine, range(number, number + 1))
        assert moments.used <= MEGABYTE
    found = numbers(moments)
    assert (found[0], found[-1]) == (0, 199)
    assert len(found) > 8
    gaps = [second - first for first, second in pairwise(found)]
    assert gaps[-1] == 1
    assert sum(gaps[: len(gaps) // 2]) > 3 * sum(gaps[len(gaps) // 2 :])


def test_changes_from_outside_are_kept_longest(machine: Machine) -> None:
    moments = Moments(machine, None, MEGABYTE)
    fill(moments, machine, range(3))
    moments.take(Position(3), is_cut=True)
    fill(moments, machine, range(4, 100))
    assert 3 in numbers(moments)


def test_a_machine_that_is_too_large_is_refused(machine: Machine) -> None:
    moments = Moments(machine, None, 64 << 10)
    with pytest.raises(HistoryFull, match="needs more than the 65536 bytes"):
        fill(moments, machine, range(1, 2))
