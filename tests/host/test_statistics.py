# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters and their sums."""

from __future__ import annotations

from host.statistics import GuestStatistics, HostStatistics, total


def test_total() -> None:
    first = GuestStatistics(page_ins=1, discards_unused=2, discards_volatile=3)
    second = GuestStatistics(page_ins=10, discards_potentially_volatile=40, released=5)
    assert total([first, second]) == GuestStatistics(
        page_ins=11, discards_unused=2, discards_volatile=3, discards_potentially_volatile=40, released=5
    )
    assert total([]) == GuestStatistics()


def test_discards_are_of_three_kinds() -> None:
    statistics = GuestStatistics(discards_unused=1, discards_volatile=20, discards_potentially_volatile=300)
    assert statistics.discards == 321


def test_by_name() -> None:
    assert GuestStatistics(page_outs=3).as_dict()["page_outs"] == 3
    assert HostStatistics(scanned=4).as_dict() == {"reclaims": 0, "shortages": 0, "scanned": 4}
