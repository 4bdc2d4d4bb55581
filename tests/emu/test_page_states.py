# SPDX-License-Identifier: GPL-2.0-or-later
"""The page-state tables as data; what ESSA does with them is in isa/test_page_hinting.py."""

from __future__ import annotations

import pytest

from emu.page_states import NO_DAT, PageStates, Profile, name, touch
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

# Reference 2.2: the combinations of usage and content that are valid.
VALID_ZVM = {0x00, 0x02, 0x03, 0x04, 0x07, 0x08, 0x0C, 0x0F}
VALID_KVM = {0x00, 0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x0A, 0x0B, 0x0C, 0x0E, 0x0F}
VALID = {Profile.ZVM: VALID_ZVM, Profile.KVM: VALID_KVM}
PROFILES = (Profile.ZVM, Profile.KVM)


def transition(profile: Profile, state: int, request: int, changed: bool) -> int:
    """The state of a page after ESSA with *request*, as a machine of that profile has it."""
    states = PageStates(1, profile)
    states.bytes[0] = state
    return states.transition(0, request, changed)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("request_code", range(8))
@pytest.mark.parametrize("changed", (False, True))
def test_no_transition_leaves_the_valid_states(profile: Profile, request_code: int, changed: bool) -> None:
    for state in VALID[profile]:
        for no_dat in (0, NO_DAT):
            assert transition(profile, state | no_dat, request_code, changed) & ~NO_DAT in VALID[profile]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("changed", (False, True))
def test_no_dat_is_cleared_by_1_and_set_by_7_and_kept_by_the_others(profile: Profile, changed: bool) -> None:
    for state in VALID[profile]:
        for no_dat in (0, NO_DAT):
            kept = [transition(profile, state | no_dat, request, changed) & NO_DAT for request in range(8)]
            assert kept == [no_dat, 0, no_dat, no_dat, no_dat, no_dat, no_dat, NO_DAT]


@pytest.mark.parametrize("state", sorted(VALID_KVM - VALID_ZVM))
def test_states_that_the_zvm_profile_cannot_reach_have_no_transition(state: int) -> None:
    with pytest.raises(KeyError):
        transition(Profile.ZVM, state, 0, False)


@pytest.mark.parametrize(
    ("state", "expected"),
    ((0x00, "Sr"), (0x02, "Sp"), (0x07, "Uz"), (0x08, "Pr"), (0x0F, "Vz"), (0x20, "Sr+NT"), (0x2F, "Vz+NT")),
)
def test_names(state: int, expected: str) -> None:
    assert name(state) == expected


@pytest.mark.parametrize("state", (0x00, 0x02, 0x03, 0x08, 0x0C, 0x20, 0x23))
def test_touched_page_is_resident_and_keeps_its_usage(state: int) -> None:
    assert touch(state, 5, Profile.ZVM) == state & 0x2C


@pytest.mark.parametrize("state", (0x04, 0x07, 0x24))
def test_touching_an_unused_page_is_an_addressing_exception(state: int) -> None:
    with pytest.raises(ProgramInterruption) as raised:
        touch(state, 5, Profile.ZVM)
    assert raised.value.code is ProgramInterruptionCode.ADDRESSING
    assert raised.value.translation_exception is None


@pytest.mark.parametrize("state", (0x0F, 0x2F))
def test_touching_a_discarded_page_is_a_discard_fault_with_its_absolute_address(state: int) -> None:
    with pytest.raises(ProgramInterruption) as raised:
        touch(state, 0x12345, Profile.ZVM)
    assert raised.value.code is ProgramInterruptionCode.DISCARD_FAULT
    assert raised.value.translation_exception == 0x12345000


@pytest.mark.parametrize("state", sorted(VALID_KVM))
def test_kvm_profile_never_faults(state: int) -> None:
    assert touch(state, 5, Profile.KVM) == state & 0x0C


def test_new_pages_are_logically_zero_and_stable() -> None:
    assert set(PageStates(4).array.tolist()) == {0x03}


def test_reset_makes_every_page_stable_and_clears_no_dat() -> None:
    states = PageStates(4)
    for page, state in enumerate((0x2C, 0x0F, 0x07, 0x22)):
        states.bytes[page] = state
    states.reset()
    assert states.array.tolist() == [0x00, 0x03, 0x03, 0x02]
