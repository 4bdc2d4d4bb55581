# SPDX-License-Identifier: GPL-2.0-or-later
"""KVM's block release list of 511 entries (reference 6.2)."""

from __future__ import annotations

import pytest

from host.release_list import ReleaseList


def test_there_is_room_for_511_entries() -> None:
    entries = ReleaseList()
    for page in range(511):
        assert not entries.is_full()
        entries.append(page)
    assert entries.is_full()
    with pytest.raises(IndexError, match="511 entries"):
        entries.append(511)
    assert len(entries) == 511


def test_taking_gives_all_in_order_with_repetitions() -> None:
    entries = ReleaseList()
    for page in (3, 1, 3):
        entries.append(page)
    assert entries.take() == [3, 1, 3]
    assert entries.take() == []
