# SPDX-License-Identifier: GPL-2.0-or-later
"""The check against losing the only copy of something, asked directly; test_eviction.py has the host call it."""

from __future__ import annotations

import numpy as np
import pytest

from emu.page_states import Profile, Usage
from host.data_loss import DataLoss, check, may_lose
from tests.host.conftest import Hosted, MakeHost

S, U, P, V = Usage.STABLE, Usage.UNUSED, Usage.POTENTIALLY_VOLATILE, Usage.VOLATILE
PAGE = 0x40


@pytest.mark.parametrize(
    ("profile", "lost"),
    (
        (Profile.ZVM, {(U, 0), (U, 1), (V, 0), (V, 1), (P, 0)}),
        (Profile.KVM, {(U, 0), (U, 1)}),
        (Profile.OFF, set()),
    ),
)
def test_what_may_be_lost(profile: Profile, lost: set[tuple[int, int]]) -> None:
    cases = [(usage, changed) for usage in (S, U, P, V) for changed in (0, 1)]
    states = np.array([usage | 0x20 for usage, _ in cases], dtype=np.uint8)
    changed = np.array([changed for _, changed in cases], dtype=np.bool_)
    assert {case for case, may in zip(cases, may_lose(profile, states, changed), strict=True) if may} == lost


def ask(hosted: Hosted, state: int, slot: int = -1, *, changed: bool = True) -> None:
    frame = hosted.guest.frame_of(PAGE)
    check(
        hosted.guest,
        hosted.manager.storage,
        frames=np.array([frame], dtype=np.int32),
        slots=np.array([slot], dtype=np.int32),
        states=np.array([state], dtype=np.uint8),
        changed=np.array([changed]),
    )


def test_nothing_is_lost(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    ask(hosted, V)
    ask(hosted, P, changed=False)
    ask(hosted, S, hosted.manager.device.write((1).to_bytes(8, "big") * 512))
    hosted.fill(PAGE, 0)
    ask(hosted, S)


def test_a_page_that_is_nowhere(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    with pytest.raises(DataLoss, match=r"^data loss: guest 0, page 0x40: .* dropped in state Pr$"):
        ask(hosted, P)


def test_a_slot_with_something_else(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    with pytest.raises(DataLoss, match=r"^data loss: guest 0, page 0x40: .* slot 0 holds something else$"):
        ask(hosted, V, hosted.manager.device.write(bytes(4096)))
