# SPDX-License-Identifier: GPL-2.0-or-later
"""What gdb is told of a stop."""

from __future__ import annotations

import pytest

from emu.machine import Machine
from emu.psw import Psw
from emu.running.stopping.view import StopEvent
from emu.running.stops import Hit, Stop, StopKind
from tools.gdb.execution import End, MotionEnd
from tools.gdb.points import Points
from tools.gdb.stop_replies import spoken, stop_reply


def stopped(kind: StopKind, *hits: Hit) -> MotionEnd:
    return MotionEnd(End.STOPPED, 1, Stop(kind, 1, Psw(0, 0), "in words", hits))


@pytest.mark.parametrize(
    ("ended", "reply", "words"),
    (
        (MotionEnd(End.STEPPED, 1), b"T05thread:2;", ""),
        (MotionEnd(End.BROKEN, 0), b"T02thread:1;", ""),
        (MotionEnd(End.AT_THE_BEGINNING, 1), b"T05replaylog:begin;thread:2;", ""),
        (stopped(StopKind.DISABLED_WAIT), b"T0fthread:2;", "essa: in words (CPU 1)\n"),
        (stopped(StopKind.PROGRAM_LOOP), b"T06thread:2;", "essa: in words (CPU 1)\n"),
        (stopped(StopKind.BUDGET), b"T18thread:2;", "essa: in words (CPU 1)\n"),
        (stopped(StopKind.STOP_POINT), b"T05thread:2;", "essa: in words (CPU 1)\n"),
    ),
)
def test_each_end_has_its_reply(machine: Machine, ended: MotionEnd, reply: bytes, words: str) -> None:
    points = Points(machine.stops)
    assert stop_reply(ended, points, has_reasons=True) == reply
    assert spoken(ended, points) == words


def test_every_kind_of_stop_has_a_signal(machine: Machine) -> None:
    for kind in StopKind:
        assert stop_reply(stopped(kind), Points(machine.stops), has_reasons=True).startswith(b"T")


def test_before_the_first_instruction(machine: Machine) -> None:
    assert stop_reply(None, Points(machine.stops), has_reasons=True) == b"T05thread:1;"


def test_reasons_are_for_who_knows_them(machine: Machine) -> None:
    points = Points(machine.stops)
    points.insert(b"0", b"1000,2")
    points.insert(b"2", b"2000,2")
    breakpoint_hit, watch_hit = (Hit(point.number, point.on, 1, StopEvent()) for point in machine.stops)
    ended = stopped(StopKind.STOP_POINT, breakpoint_hit)
    assert stop_reply(ended, points, has_reasons=True) == b"T05swbreak:;thread:2;"
    assert stop_reply(ended, points, has_reasons=False) == b"T05thread:2;"
    assert spoken(ended, points) == ""
    assert stop_reply(stopped(StopKind.STOP_POINT, watch_hit), points, has_reasons=False) == (
        b"T05watch:2000;thread:2;"
    )
