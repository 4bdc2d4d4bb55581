# SPDX-License-Identifier: GPL-2.0-or-later
"""Where instructions have been intercepted: told to all engines once, forgotten with the page, kept with the state."""

from __future__ import annotations

from emu.intercepted_places import InterceptedPlaces
from emu.state import restore_state, state_of


def test_all_hear_of_a_place_once() -> None:
    places, heard = InterceptedPlaces(), []
    places.listeners.append(heard.append)
    places.add(5, 0x10)
    places.add(5, 0x10)
    places.add(5, 0x20)
    assert heard == [5, 5]
    assert places.holds(5, 0x10)
    assert not places.holds(5, 0x12)
    assert not places.holds(6, 0x10)


def test_a_page_that_is_written_has_none() -> None:
    places = InterceptedPlaces()
    places.add(5, 0x10)
    places.add(6, 0x10)
    places.forget(5)
    assert not places.holds(5, 0x10)
    assert places.holds(6, 0x10)


def test_they_are_machine_state() -> None:
    first, second = InterceptedPlaces(), InterceptedPlaces()
    first.add(7, 0x20)
    first.add(7, 0x10)
    second.add(8, 0)
    restore_state(second, state_of(first))
    assert state_of(second) == {"offsets": {7: [0x10, 0x20]}}
    assert not second.holds(8, 0)
