# SPDX-License-Identifier: GPL-2.0-or-later
"""Breakpoints and watchpoints are stops of the machine."""

from __future__ import annotations

import pytest

from emu.machine import Machine
from emu.running.stopping.kinds import AtAddress, StopOn, StorageAccess
from emu.running.stopping.view import StopEvent
from emu.running.stops import Hit
from tools.gdb.errors import PacketError
from tools.gdb.points import Points


@pytest.mark.parametrize(
    ("kind", "stop"),
    (
        (b"0", AtAddress(0x1000)),
        (b"1", AtAddress(0x1000)),
        (b"2", StorageAccess(0x1000, 0x1007)),
        (b"3", StorageAccess(0x1000, 0x1007, stores=False, fetches=True)),
        (b"4", StorageAccess(0x1000, 0x1007, fetches=True)),
    ),
)
def test_each_type_is_a_kind_of_stop(machine: Machine, kind: bytes, stop: StopOn) -> None:
    points = Points(machine.stops)
    points.insert(kind, b"1000,8")
    points.insert(kind, b"1000,8")
    assert [point.on for point in machine.stops] == [stop]
    points.remove(kind, b"1000,8")
    points.remove(kind, b"1000,8")
    assert len(machine.stops) == 0


def test_only_what_gdb_has_set_is_taken_away(machine: Machine) -> None:
    own = machine.stops.add(AtAddress(0x2000))
    points = Points(machine.stops)
    points.insert(b"0", b"1000,2")
    points.insert(b"2", b"3000,1")
    points.clear()
    assert [point.number for point in machine.stops] == [own]


def test_what_the_user_has_taken_away_is_gone(machine: Machine) -> None:
    points = Points(machine.stops)
    points.insert(b"0", b"1000,2")
    machine.stops.clear()
    points.remove(b"0", b"1000,2")
    points.insert(b"0", b"1000,2")
    machine.stops.clear()
    points.clear()


@pytest.mark.parametrize(
    ("kind", "where"),
    (
        (b"5", b"1000,2"),
        (b"", b"1000,2"),
        (b"0", b"1000"),
        (b"0", b""),
        (b"2", b"1000,0"),
        (b"2", b"ffffffffffffffff,2"),
        (b"2", b"0,ffffffffffffffff"),
        (b"2", b"x,2"),
    ),
)
def test_what_there_cannot_be_is_refused(machine: Machine, kind: bytes, where: bytes) -> None:
    points = Points(machine.stops)
    with pytest.raises(PacketError):
        points.insert(kind, where)
    assert len(machine.stops) == 0


def test_the_reason_of_a_stop(machine: Machine) -> None:
    points = Points(machine.stops)
    for kind, where in ((b"0", b"1000,2"), (b"1", b"2000,2"), (b"2", b"3000,8"), (b"3", b"4000,8"), (b"4", b"5000,8")):
        points.insert(kind, where)
    hits = [Hit(point.number, point.on, 0, StopEvent()) for point in machine.stops]
    assert [points.reason((hit,)) for hit in hits] == [
        *(b"swbreak:;", b"hwbreak:;", b"watch:3000;", b"rwatch:4000;", b"awatch:5000;"),
    ]
    inside = Hit(hits[2].number, hits[2].on, 0, StopEvent(address=0x3004))
    before = Hit(hits[2].number, hits[2].on, 0, StopEvent(address=0x2FFC))
    assert points.reason((inside,)) == b"watch:3004;"
    # A store that begins before what is watched.
    assert points.reason((before,)) == b"watch:3000;"
    assert points.reason(()) is None
    # On the way back numbers are others; and some stops are not of gdb.
    assert points.reason((Hit(99, hits[0].on, 0, StopEvent()),)) == b"swbreak:;"
    assert points.reason((Hit(1, AtAddress(0x9000), 0, StopEvent()), hits[1])) == b"hwbreak:;"
