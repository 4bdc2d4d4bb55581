# SPDX-License-Identifier: GPL-2.0-or-later
"""The frame pool: each frame has one owner or none, and no more are in use than may be."""

from __future__ import annotations

import numpy as np
import pytest

from emu.addresses import PAGE_SIZE
from emu.hypervisor import FrameShortage
from host.frames import FREE, FramePool


def test_frames_are_different_until_none_is_left() -> None:
    pool = FramePool(4)
    assert sorted(pool.take(0, page) for page in range(4)) == [0, 1, 2, 3]
    assert pool.free_count == 0
    with pytest.raises(FrameShortage):
        pool.take(0, 4)
    pool.give_back(2)
    assert pool.take(1, 9) == 2
    assert (pool.owner[2], pool.page[2]) == (1, 9)


def test_a_new_frame_is_referenced_and_not_changed() -> None:
    pool = FramePool(1)
    frame = pool.take(0, 0)
    pool.changed[frame] = 1
    pool.referenced[frame] = 0
    pool.give_back(frame)
    assert pool.owner[frame] == FREE
    pool.take(0, 1)
    assert (pool.referenced[frame], pool.changed[frame]) == (1, 0)


def test_many_are_given_back_at_once() -> None:
    pool = FramePool(8)
    for page in range(8):
        pool.take(3, page)
    pool.give_back_many(np.array([1, 5, 6], dtype=np.int32))
    assert pool.free_count == 3
    assert np.flatnonzero(pool.owner == 3).tolist() == [0, 2, 3, 4, 7]
    assert sorted(pool.take(0, page) for page in range(3)) == [1, 5, 6]


def test_a_shrunk_pool_gives_nothing_until_it_fits() -> None:
    pool = FramePool(4)
    frames = [pool.take(0, page) for page in range(3)]
    pool.capacity = 2
    assert pool.free_count == -1
    pool.give_back(frames[0])
    with pytest.raises(FrameShortage):
        pool.take(0, 3)
    pool.give_back(frames[1])
    pool.take(0, 3)


def test_contents() -> None:
    pool = FramePool(2)
    assert pool.is_zero(1)
    pool.content(1)[4095] = 1
    assert not pool.is_zero(1)
    assert pool.is_zero(0)
    pool.clear(1)
    assert pool.is_zero(1)


def test_a_pool_has_frames() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        FramePool(0)


@pytest.mark.parametrize("place", (0, 8, PAGE_SIZE - 1))
def test_frames_of_zeros_are_found_among_many(place: int) -> None:
    pool = FramePool(4)
    pool.content(1)[place] = 1
    pool.content(3)[place] = 0x80
    assert pool.are_zero(np.array([3, 0, 1, 2], dtype=np.int32)).tolist() == [False, True, False, True]
    assert pool.are_zero(np.array([], dtype=np.int32)).tolist() == []
