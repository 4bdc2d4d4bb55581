# SPDX-License-Identifier: GPL-2.0-or-later
"""The choice of victims: unused first, then volatile, then the rest (reference 5.1)."""

from __future__ import annotations

import numpy as np
import pytest

from emu.page_states import Profile
from host.outcomes import may_drop
from host.policies import Policy, choose, window

S, U, P, V = 0x00, 0x04, 0x08, 0x0C
NO_DAT = 0x20


def victims(policy: Policy, pages: list[tuple[int, bool]], wanted: int, profile: Profile = Profile.ZVM) -> list[int]:
    states = np.array([state for state, _ in pages], dtype=np.uint8)
    changed = np.array([is_changed for _, is_changed in pages], dtype=np.bool_)
    return choose(policy, states, may_drop(profile, states, changed), wanted).tolist()


# In order of age, the oldest first; each state with and without the change bit.
PAGES = [(S, False), (V, True), (P, True), (U, True), (S, True), (P, False), (V, False), (U, False)]


@pytest.mark.parametrize(
    ("policy", "order"),
    (
        (Policy.LRU, [0, 1, 2, 3, 4, 5, 6, 7]),
        (Policy.UNUSED_FIRST, [3, 7, 0, 1, 2, 4, 5, 6]),
        (Policy.VOLATILE_FIRST, [3, 7, 1, 5, 6, 0, 2, 4]),
    ),
)
class TestOrder:
    def test_all_wanted(self, policy: Policy, order: list[int]) -> None:
        assert victims(policy, PAGES, len(PAGES)) == order

    @pytest.mark.parametrize("wanted", range(10))
    def test_at_most_wanted(self, policy: Policy, order: list[int], wanted: int) -> None:
        assert victims(policy, PAGES, wanted) == order[:wanted]

    def test_no_dat_makes_no_difference(self, policy: Policy, order: list[int]) -> None:
        assert victims(policy, [(state | NO_DAT, changed) for state, changed in PAGES], 8) == order


@pytest.mark.parametrize("policy", Policy)
class TestEvery:
    def test_no_candidates(self, policy: Policy) -> None:
        result = choose(policy, np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.bool_), 3)
        assert result.dtype == np.intp
        assert result.tolist() == []

    def test_nothing_wanted(self, policy: Policy) -> None:
        assert victims(policy, PAGES, 0) == victims(policy, PAGES, -1) == []

    def test_by_age_within_a_class(self, policy: Policy) -> None:
        for state in (S, U, P, V):
            assert victims(policy, [(state, True)] * 1000, 700) == list(range(700))

    def test_inputs_are_left_alone(self, policy: Policy) -> None:
        states, droppable = np.array([U, V, S], dtype=np.uint8), np.array([True, False, True])
        states.setflags(write=False)
        droppable.setflags(write=False)
        assert len(choose(policy, states, droppable, 2)) == 2


def test_what_the_host_of_kvm_does_not_drop_is_not_first() -> None:
    """It drops unused pages only (reference 6.2): a volatile one goes by age, since it has to be written."""
    for policy in (Policy.UNUSED_FIRST, Policy.VOLATILE_FIRST):
        assert victims(policy, PAGES, len(PAGES), Profile.KVM) == [3, 7, 0, 1, 2, 4, 5, 6]


def test_window() -> None:
    """LRU takes the oldest as they come; the others must see the youngest, too."""
    assert window(Policy.LRU, 5, 100) == 5
    assert window(Policy.LRU, 500, 100) == 100
    assert window(Policy.UNUSED_FIRST, 5, 100) == 100
    assert window(Policy.VOLATILE_FIRST, 5, 100) == 100


def test_names() -> None:
    assert [policy.value for policy in Policy] == ["lru", "unused-first", "volatile-first"]
