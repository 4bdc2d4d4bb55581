# SPDX-License-Identifier: GPL-2.0-or-later
"""The beginning of a boot of Debian, recorded and gone through again: it is the same, host included."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.debugging.history import History
from tools.benchmarks.history import MILLION, debian, differences_of_replay


@pytest.mark.timeout(600)
@pytest.mark.parametrize("host_memory", (pytest.param(None, marks=pytest.mark.long), 12 << 20))
def test_a_recorded_boot_is_the_same_when_it_is_gone_through_again(fetched: Path, host_memory: int | None) -> None:
    guest = debian(memory=64 << 20, host_memory=host_memory)
    history = History(guest.machine, host=guest.host, interval=7 * MILLION)
    assert differences_of_replay(guest, history, 20 * MILLION, 60 * MILLION) == []
    assert (history.end, history.moments) >= (60 * MILLION, 8)
    history.go_to(history.end)
    assert guest.machine.executed == 60 * MILLION
    if guest.host is not None:
        assert guest.host.statistics.reclaims
    guest.setup.close()
