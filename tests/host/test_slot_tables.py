# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of a slot is the same for one and for many, and stays when there is room for more."""

from __future__ import annotations

import numpy as np

from host.slot_tables import SlotTables


def test_one_and_many_see_the_same() -> None:
    tables = SlotTables(4)
    tables.is_used[1] = True
    tables.checksum[1] = 0xFFFF_FFFF
    tables.in_use[[2, 3]] = True
    tables.checksums[[2, 3]] = (7, 8)
    assert tables.in_use.tolist() == list(tables.is_used) == [False, True, True, True]
    assert tables.checksums.tolist() == list(tables.checksum) == [0, 0xFFFF_FFFF, 7, 8]


def test_what_was_known_stays_when_there_is_room_for_more() -> None:
    tables = SlotTables(2)
    tables.is_used[1] = True
    tables.checksum[1] = 5
    tables.have_room(3, most=10_000)
    assert tables.capacity >= 3
    assert np.flatnonzero(tables.in_use).tolist() == [1]
    assert tables.checksum[1] == 5
    tables.is_used[2] = True
    assert np.flatnonzero(tables.in_use).tolist() == [1, 2]


def test_it_grows_seldom_and_never_beyond_what_there_can_be() -> None:
    tables, capacities = SlotTables(), set()
    for slots in range(1, 10_001):
        tables.have_room(slots, most=10_000)
        assert slots <= tables.capacity <= 10_000
        capacities.add(tables.capacity)
    assert len(capacities) <= 5


def test_where_there_is_room_nothing_moves() -> None:
    tables = SlotTables(8)
    view = tables.is_used
    tables.have_room(8, most=100)
    assert tables.is_used is view
