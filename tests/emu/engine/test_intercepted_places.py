# SPDX-License-Identifier: GPL-2.0-or-later
"""Places stay intercepted until their page is forgotten, and whoever listens hears of each once."""

from __future__ import annotations

from emu.engine.intercepted_places import InterceptedPlaces


def test_a_place_is_held_until_its_page_is_forgotten() -> None:
    places = InterceptedPlaces()
    places.add(5, 0x10)
    places.add(6, 0x10)
    assert places.holds(5, 0x10)
    assert not places.holds(5, 0x12)
    assert not places.holds(7, 0x10)
    places.forget(5)
    assert not places.holds(5, 0x10)
    assert places.holds(6, 0x10)
    places.forget(5)


def test_a_place_is_announced_once() -> None:
    places = InterceptedPlaces()
    heard: list[tuple[int, int]] = []
    places.listeners.append(lambda page, offset: heard.append((page, offset)))
    for _ in range(2):
        places.add(5, 0x10)
        places.add(5, 0x12)
    assert heard == [(5, 0x10), (5, 0x12)]
    places.forget(5)
    places.add(5, 0x10)
    assert heard[2:] == [(5, 0x10)]
