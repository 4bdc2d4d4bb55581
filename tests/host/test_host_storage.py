# SPDX-License-Identifier: GPL-2.0-or-later
"""Watermarks, and slots that cannot be read."""

from __future__ import annotations

import pytest

from emu.hypervisor import HostFailure
from host.host_storage import watermarks
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.host.conftest import MakeHost

PAGE = 0x40


@pytest.mark.parametrize("capacity", (1, 2, 3, 8, 66, 1000, 1 << 18))
def test_watermarks_fit_the_pool(capacity: int) -> None:
    low, high = watermarks(capacity)
    assert 0 <= low < high <= capacity


@pytest.mark.parametrize(("low", "high"), ((-1, 4), (4, 4), (5, 4), (0, 65)))
def test_impossible_watermarks_are_refused(low: int, high: int) -> None:
    with PagingDevice(None, 1) as device, pytest.raises(ValueError, match="watermarks"):
        PageManager(64, device=device, low=low, high=high)


@pytest.mark.parametrize("fault", ("corrupt_read", "short_read", "fail_read"))
def test_an_unreadable_slot_is_named_and_keeps_its_page(make_host: MakeHost, fault: str) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 9)
    hosted.manager.evict(0, PAGE)
    getattr(hosted.manager.device.faults, fault)(1)
    with pytest.raises(HostFailure, match=r"guest 0, page 0x40, slot 0 of the paging device: "):
        hosted.machine.storage.read(PAGE << 12, 8)
    assert hosted.state(PAGE) == "Sp"
    assert hosted.machine.storage.read(PAGE << 12, 8) == (9).to_bytes(8, "big")
    hosted.check()
