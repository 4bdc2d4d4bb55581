# SPDX-License-Identifier: GPL-2.0-or-later
"""What eviction does with a page: each row of reference 5.1 and 2.3 (z/VM), and of 6.2 and 6.4 (KVM), by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emu.page_states import Profile
from host.outcomes import AFTER, AFTER_ZERO, INVALID, OUTCOMES, EvictionOutcome, may_drop, table_index

SR, SP, SZ = 0x00, 0x02, 0x03
UR, UP, UZ = 0x04, 0x06, 0x07
PR, PP = 0x08, 0x0A
VR, VP, VZ = 0x0C, 0x0E, 0x0F
CLEAN, DIRTY = 0x00, 0x10
ZVM, KVM, OFF = Profile.ZVM, Profile.KVM, Profile.OFF
DROP, PRESERVE = EvictionOutcome.DROP, EvictionOutcome.PRESERVE

# Profile, index, action, state after, state after if all zeros.
ROWS = (
    (ZVM, UR | CLEAN, DROP, UZ, UZ),
    (ZVM, UR | DIRTY, DROP, UZ, UZ),
    (ZVM, VR | CLEAN, DROP, VZ, VZ),
    (ZVM, VR | DIRTY, DROP, VZ, VZ),
    (ZVM, PR | CLEAN, DROP, VZ, VZ),
    (ZVM, PR | DIRTY, PRESERVE, SP, SZ),
    (ZVM, SR | CLEAN, PRESERVE, SP, SZ),
    (ZVM, SR | DIRTY, PRESERVE, SP, SZ),
    (KVM, UR | CLEAN, DROP, UP, UP),
    (KVM, UR | DIRTY, DROP, UP, UP),
    (KVM, VR | CLEAN, PRESERVE, VP, VP),
    (KVM, VR | DIRTY, PRESERVE, VP, VP),
    (KVM, PR | CLEAN, PRESERVE, PP, PP),
    (KVM, PR | DIRTY, PRESERVE, PP, PP),
    (KVM, SR | CLEAN, PRESERVE, SP, SP),
    (KVM, SR | DIRTY, PRESERVE, SP, SP),
    (OFF, SR | CLEAN, PRESERVE, SP, SZ),
    (OFF, SR | DIRTY, PRESERVE, SP, SZ),
)


@pytest.mark.parametrize(("profile", "index", "action", "after", "after_zero"), ROWS)
def test_row(profile: Profile, index: int, action: EvictionOutcome, after: int, after_zero: int) -> None:
    assert OUTCOMES[profile][index] == action
    assert AFTER[profile][index] == after
    assert AFTER_ZERO[profile][index] == after_zero


@pytest.mark.parametrize("profile", Profile)
def test_all_else_is_invalid(profile: Profile) -> None:
    valid = {index for row_profile, index, *_ in ROWS if row_profile is profile}
    for table in (OUTCOMES, AFTER, AFTER_ZERO):
        assert table[profile].shape == (32,)
        assert table[profile].dtype == np.uint8
        assert {index for index in range(32) if table[profile][index] != INVALID} == valid


def test_many_at_once() -> None:
    index = np.array([UR, SR | DIRTY, PR, PR | DIRTY], dtype=np.uint8)
    assert OUTCOMES[ZVM][index].tolist() == [DROP, PRESERVE, DROP, PRESERVE]
    assert AFTER[ZVM][index].tolist() == [UZ, SP, VZ, SP]


def test_tables_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        AFTER[ZVM][SR] = VZ


def test_index() -> None:
    states, changed = np.array([SR, UR | 0x20, PR, VR], dtype=np.uint8), np.array([True, False, True, False])
    assert table_index(states, changed).tolist() == [SR | DIRTY, UR, PR | DIRTY, VR]


@pytest.mark.parametrize(("profile", "droppable"), ((ZVM, [UR, VR, PR, UR, VR]), (KVM, [UR, UR]), (OFF, [])))
def test_what_may_go_without_io(profile: Profile, droppable: list[int]) -> None:
    states = np.array([SR, UR, VR, PR] * 2, dtype=np.uint8)
    changed = np.arange(8) >= 4
    assert states[may_drop(profile, states, changed)].tolist() == droppable
