# SPDX-License-Identifier: GPL-2.0-or-later
"""KVM's block release list: 511 entries for the machine and one for the host (reference 6.2)."""

from __future__ import annotations

import pytest

from host.release_list import ReleaseList


def test_the_machine_fills_511_entries_and_the_host_one_more() -> None:
    entries = ReleaseList()
    for page in range(511):
        assert not entries.is_full()
        entries.append(page)
    assert entries.is_full()
    with pytest.raises(IndexError, match="511 entries"):
        entries.append(511)
    assert not entries.is_full(by_host=True)
    entries.append(511, by_host=True)
    assert entries.is_full(by_host=True)
    assert len(entries) == 512


def test_taking_gives_all_in_order_with_repetitions() -> None:
    entries = ReleaseList()
    for page in (3, 1, 3):
        entries.append(page)
    assert entries.take() == [3, 1, 3]
    assert entries.take() == []
