# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops for a guest: what they execute is what they are taken to execute."""

from __future__ import annotations

from itertools import count

import pytest

from emu.psw import DAT
from tools.benchmarks.figure import Effort, NotMeasured
from tools.benchmarks.guest_loop import DATA, GuestLoop, instructions_in, rounds_for

# AGR 2,3; LG 4,0(8)
BODY = bytes.fromhex("b9080023 e34080000004")


def test_instructions_are_told_apart_by_their_lengths() -> None:
    # BCR, AGR, SVC, STG, TR (six bytes, two, four)
    assert instructions_in(bytes.fromhex("07fe b9080023 0a00 e33090000024 dc0080009000")) == 5


def test_so_many_rounds_are_executed() -> None:
    loop = GuestLoop(BODY, registers={2: 0, 3: 5}, subroutines={DATA: (77).to_bytes(8, "big")})
    machine = loop.machine()
    before = machine.machine.executed
    assert machine.cpu.gr[2] == 5  # the first round, which translates
    assert machine.seconds(10) > 0
    # AGR, LG and BRCTG ten times, and the LPSWE
    assert machine.machine.executed - before == 31
    assert (machine.cpu.gr[1], machine.cpu.gr[2], machine.cpu.gr[4]) == (0, 55, 77)


@pytest.mark.parametrize("translates", (False, True))
def test_with_dat_on_each_page_is_where_it_is(translates: bool) -> None:
    # STG 4,0(8)
    machine = GuestLoop(bytes.fromhex("e34080000024"), registers={4: 0x1234}, translates=translates).machine()
    assert machine.machine.storage.read_integer(DATA, 8) == 0x1234
    machine.enter(1)
    assert bool(machine.cpu.psw.mask & DAT) is translates


def test_a_guest_that_leaves_its_loop_is_no_figure() -> None:
    # An operation exception, whose new PSW is zero, which is not valid.
    with pytest.raises(NotMeasured, match="left its loop"):
        GuestLoop(bytes.fromhex("0000")).machine()


def test_a_guest_that_executes_more_than_its_loop_is_no_figure() -> None:
    with pytest.raises(NotMeasured, match="3 instructions, not 4"):
        GuestLoop(BODY[:4], more_instructions=1).machine()


def test_there_are_as_many_rounds_as_take_the_time_of_a_piece() -> None:
    asked = []

    def seconds(rounds: int) -> float:
        asked.append(rounds)
        return rounds * 1e-5

    assert rounds_for(seconds, Effort(seconds=0.2)) == pytest.approx(20_000, rel=0.01)
    assert len(asked) <= 4


def test_a_round_that_takes_longer_than_a_piece_is_executed_once() -> None:
    assert rounds_for(float, Effort(seconds=0.2)) == 1


def test_a_clock_that_stands_still_does_not_stop_the_search() -> None:
    ticks = count()
    assert rounds_for(lambda _: 0.0 if next(ticks) < 3 else 1.0, Effort(seconds=0.2)) >= 1
