# SPDX-License-Identifier: GPL-2.0-or-later
"""The two lists of frames in order of age, against a slow model and by the rules of their docstring."""

from __future__ import annotations

import sys
from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.age_lists import AgeLists

FRAMES = 24


def frames_of(*frames: int) -> np.ndarray:
    return np.array(frames, dtype=np.int32)


def flags(*referenced: int, frames: int = FRAMES) -> np.ndarray:
    array = np.zeros(frames, dtype=np.uint8)
    array[list(referenced)] = 1
    return array


class Model:
    """The rules, frame by frame: the left end is the old one."""

    def __init__(self) -> None:
        self.active: deque[int] = deque()
        self.inactive: deque[int] = deque()

    def insert(self, frame: int) -> None:
        self.active.append(frame)

    def remove(self, frame: int) -> None:
        for frames in (self.active, self.inactive):
            if frame in frames:
                frames.remove(frame)

    def _refill(self, wanted: int, referenced: np.ndarray) -> None:
        while len(self.inactive) < wanted:
            frame = self.active.popleft()
            if referenced[frame]:
                referenced[frame] = 0
                self.active.append(frame)
            else:
                self.inactive.append(frame)

    def oldest(self, count: int, referenced: np.ndarray) -> list[int]:
        listed = len(self.active) + len(self.inactive)
        count = min(count, listed)
        victims: list[int] = []
        self._refill(max(count, min(listed // 3, len(self.inactive) + 2 * count)), referenced)
        while len(victims) < count:
            if not self.inactive:
                self._refill(count - len(victims), referenced)
            frame = self.inactive.popleft()
            if referenced[frame]:
                referenced[frame] = 0
                self.active.append(frame)
            else:
                victims.append(frame)
        self.inactive.extendleft(reversed(victims))
        return victims

    def sweep(self, referenced: np.ndarray) -> int:
        everything = [*self.inactive, *self.active]
        self.inactive = deque(frame for frame in everything if not referenced[frame])
        self.active = deque(frame for frame in everything if referenced[frame])
        referenced[:] = 0
        return len(self.active)


FRAME = st.integers(0, FRAMES - 1)
STEP = st.one_of(
    st.tuples(st.just("insert"), FRAME),
    st.tuples(st.just("insert_many"), st.lists(FRAME, unique=True)),
    st.tuples(st.just("remove"), FRAME),
    st.tuples(st.just("remove_many"), st.lists(FRAME, unique=True)),
    st.tuples(st.just("reference"), st.lists(FRAME)),
    st.tuples(st.just("reference"), st.just(list(range(FRAMES)))),
    st.tuples(st.just("oldest"), st.integers(0, FRAMES + 2)),
    st.tuples(st.just("evict"), st.integers(0, FRAMES + 2)),
    st.tuples(st.just("sweep"), st.just(None)),
)


@settings(max_examples=300, deadline=None)
@given(first=st.permutations(range(FRAMES)), steps=st.lists(STEP, max_size=50))
def test_same_as_the_model(first: list[int], steps: list) -> None:
    compare_with_model([("insert_many", first), *steps])


def compare_with_model(steps: list) -> None:
    lists, model = AgeLists(FRAMES), Model()
    referenced = flags()
    referenced_in_model = flags()
    for step, argument in steps:
        listed = {*model.active, *model.inactive}
        match step:
            case "insert" if argument not in listed:
                lists.insert(argument)
                model.insert(argument)
            case "insert_many":
                new = [frame for frame in argument if frame not in listed]
                lists.insert_many(frames_of(*new))
                for frame in new:
                    model.insert(frame)
            case "remove":
                lists.remove(argument)
                model.remove(argument)
            case "remove_many":
                lists.remove_many(frames_of(*argument))
                for frame in argument:
                    model.remove(frame)
            case "reference":
                referenced[argument] = 1
                referenced_in_model[argument] = 1
            case "oldest" | "evict":
                victims = lists.oldest(argument, referenced)
                assert victims.dtype == np.intp
                assert victims.tolist() == model.oldest(argument, referenced_in_model)
                if step == "evict":
                    lists.remove_many(victims)
                    for frame in victims.tolist():
                        model.remove(frame)
            case "sweep":
                assert lists.sweep(referenced) == model.sweep(referenced_in_model)
        assert (lists.active_count, lists.inactive_count) == (len(model.active), len(model.inactive))
        assert referenced.tolist() == referenced_in_model.tolist()
    assert lists.oldest(FRAMES, flags()).tolist() == [*model.inactive, *model.active]


def test_exact_lru_when_nothing_is_referenced() -> None:
    lists = AgeLists(FRAMES)
    for frame in (5, 3, 9, 0, 7):
        lists.insert(frame)
    lists.remove(9)
    assert lists.oldest(2, flags()).tolist() == [5, 3]
    lists.insert(9)
    assert lists.oldest(5, flags()).tolist() == [5, 3, 0, 7, 9]


def test_victims_stay_listed_as_the_oldest() -> None:
    lists = AgeLists(FRAMES)
    lists.insert_many(frames_of(1, 2, 3))
    assert lists.oldest(2, flags()).tolist() == [1, 2]
    assert lists.active_count + lists.inactive_count == 3
    assert lists.oldest(3, flags()).tolist() == [1, 2, 3]


def test_victim_that_is_kept_becomes_the_youngest() -> None:
    lists = AgeLists(FRAMES)
    lists.insert_many(frames_of(1, 2, 3))
    lists.oldest(1, flags())
    lists.remove(1)
    lists.insert(1)
    assert lists.oldest(3, flags()).tolist() == [2, 3, 1]


def test_second_chance() -> None:
    """A referenced frame is passed over once, and its flag is reset; then it is younger than all others."""
    lists = AgeLists(FRAMES)
    lists.insert_many(frames_of(1, 2, 3))
    referenced = flags(1)
    assert lists.oldest(1, referenced).tolist() == [2]
    assert not referenced.any()
    assert lists.oldest(3, referenced).tolist() == [2, 3, 1]


def test_inactive_frame_referenced_again_is_active_again() -> None:
    lists = AgeLists(FRAMES)
    lists.insert_many(frames_of(1, 2, 3, 4, 5, 6))
    assert lists.oldest(1, flags()).tolist() == [1]
    assert (lists.active_count, lists.inactive_count) == (4, 2)
    assert lists.oldest(1, flags(1)).tolist() == [2]
    assert (lists.active_count, lists.inactive_count) == (5, 1)


def test_all_referenced_still_gives_what_is_wanted() -> None:
    lists = AgeLists(FRAMES)
    lists.insert_many(frames_of(4, 2, 6))
    referenced = flags(2, 4, 6)
    assert lists.oldest(2, referenced).tolist() == [4, 2]
    assert not referenced.any()


def test_any_value_but_zero_is_referenced() -> None:
    lists = AgeLists(FRAMES)
    lists.insert_many(frames_of(1, 2))
    referenced = flags()
    referenced[1] = 0x80
    assert lists.oldest(1, referenced).tolist() == [2]


def test_flags_of_younger_frames_are_left_alone() -> None:
    lists = AgeLists(FRAMES)
    lists.insert_many(np.arange(FRAMES, dtype=np.int32))
    referenced = flags(20, 21)
    lists.oldest(2, referenced)
    assert np.flatnonzero(referenced).tolist() == [20, 21]


def test_inactive_list_grows_to_a_third_by_twice_the_wanted_count() -> None:
    lists = AgeLists(FRAMES)
    lists.insert_many(np.arange(FRAMES, dtype=np.int32))
    counts = []
    for _ in range(5):
        lists.oldest(1, flags())
        counts.append(lists.inactive_count)
    assert counts == [2, 4, 6, 8, 8]


def test_fewer_only_if_fewer_are_listed() -> None:
    lists = AgeLists(FRAMES)
    assert lists.oldest(3, flags()).tolist() == []
    lists.insert(1)
    assert lists.oldest(3, flags()).tolist() == [1]
    assert lists.oldest(0, flags()).tolist() == []


def test_remove_what_is_not_listed() -> None:
    lists = AgeLists(FRAMES)
    lists.insert(1)
    lists.remove(2)
    lists.remove_many(frames_of(3, 1, 4))
    lists.remove(1)
    assert (lists.active_count, lists.inactive_count) == (0, 0)


def test_sweep() -> None:
    lists = AgeLists(FRAMES)
    lists.insert_many(frames_of(1, 2, 3, 4))
    referenced = flags(1, 3, 9)
    assert lists.sweep(referenced) == 2
    assert (lists.active_count, lists.inactive_count) == (2, 2)
    assert not referenced.any()
    assert lists.oldest(4, referenced).tolist() == [2, 4, 1, 3]


@pytest.mark.parametrize("frames", (1, 2, 3))
def test_small_pool_used_for_long(frames: int) -> None:
    lists = AgeLists(frames)
    for turn in range(100):
        lists.insert(turn % frames)
        if turn >= frames - 1:
            [victim] = lists.oldest(1, flags(frames=frames)).tolist()
            assert victim == (turn + 1) % frames
            lists.remove(victim)


def test_oldest_first_for_long() -> None:
    """The array is used up again and again, with no hole in what is listed."""
    lists = AgeLists(FRAMES)
    lists.insert_many(np.arange(FRAMES, dtype=np.int32))
    for turn in range(100):
        oldest = turn % FRAMES
        assert lists.oldest(1, flags()).tolist() == [oldest]
        lists.remove(oldest)
        assert lists.oldest(1, flags()).tolist() == [(turn + 1) % FRAMES]
        lists.insert(oldest)


def test_many_at_once_for_long() -> None:
    lists = AgeLists(FRAMES)
    everything = np.arange(FRAMES, dtype=np.int32)
    for turn in range(5):
        lists.insert_many(np.roll(everything, turn))
        assert lists.oldest(FRAMES, flags()).tolist() == np.roll(everything, turn).tolist()
        lists.remove_many(everything)


def test_at_most_16_bytes_a_frame() -> None:
    frames = 100_000
    lists = AgeLists(frames)
    arrays = [value for value in vars(lists).values() if isinstance(value, np.ndarray)]
    assert sum(array.nbytes for array in arrays) <= 16 * frames
    others = [value for value in vars(lists).values() if not isinstance(value, np.ndarray)]
    assert sum(sys.getsizeof(value) for value in others) < 10_000


def test_large_pool() -> None:
    """A million frames, in a random order, half of them referenced: all steps, with exact results."""
    frames = 1_000_000
    random = np.random.default_rng(20090327)
    order = random.permutation(frames).astype(np.int32)
    referenced = random.integers(0, 2, frames, dtype=np.uint8)
    is_referenced = referenced[order] == 1
    lists = AgeLists(frames)
    lists.insert_many(order)
    assert lists.sweep(referenced) == np.count_nonzero(is_referenced)
    by_age = np.concatenate([order[~is_referenced], order[is_referenced]])
    for start in range(0, 10_240, 1024):
        victims = lists.oldest(1024, referenced)
        assert np.array_equal(victims, by_age[start : start + 1024])
        lists.remove_many(victims)
    assert np.array_equal(lists.oldest(frames, referenced), by_age[10_240:])
