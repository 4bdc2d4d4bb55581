# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's figures: each rate is of work that was done, or there is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from host.page_manager import PageManager
from tools.benchmarks import paging
from tools.benchmarks.figure import NotMeasured
from tools.benchmarks.paging import bytes_per_page, discard_rate, paging_rate, supply_rate, sweep_milliseconds

PAGES = 256


def test_each_rate_is_of_work_that_was_done() -> None:
    assert min(discard_rate(PAGES), supply_rate(PAGES), paging_rate(PAGES), sweep_milliseconds(1000)) > 0


@pytest.mark.parametrize("rate", (discard_rate, supply_rate, paging_rate))
def test_a_host_that_takes_nothing_gives_no_rate(rate: Callable[[int], float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "_reclaim", lambda _: 1.0)
    with pytest.raises(NotMeasured):
        rate(PAGES)


def test_pages_that_lose_what_was_in_them_give_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    reclaim = paging._reclaim

    def lose(manager: PageManager) -> float:
        manager.pool.doublewords[5, 0] += 1
        return reclaim(manager)

    monkeypatch.setattr(paging, "_reclaim", lose)
    with pytest.raises(NotMeasured, match="the sum"):
        paging_rate(PAGES)


def test_a_guest_page_is_kept_in_a_few_bytes() -> None:
    assert 0 < bytes_per_page() <= 64
