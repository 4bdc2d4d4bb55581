# SPDX-License-Identifier: GPL-2.0-or-later
"""Discard faults: each page has one a round, is made stable, and is loaded from."""

from __future__ import annotations

from emu.page_states import Usage
from tools.benchmarks.discard_faults import DiscardingHost


def test_each_page_has_a_discard_fault_in_a_round() -> None:
    host = DiscardingHost(pages=256)
    try:
        assert host.faults() == 0
        for rounds in (1, 2):
            requests = host.guest.machine.counts.operation_requests.copy()
            assert host.seconds() > 0
            assert host.faults() == rounds * 256
            # The handler sets stable (1), the loop volatile (3).
            assert host.guest.machine.counts.operation_requests - requests == {1: 256, 3: 256}
        states = host.guest.machine.states.array[256:]
        assert set(states & 0x0C) == {Usage.VOLATILE}
    finally:
        host.device.close()
