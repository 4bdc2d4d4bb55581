# SPDX-License-Identifier: GPL-2.0-or-later
"""What a recording says of events noted in it (PoP 4, "Program-Event Recording")."""

from __future__ import annotations

import pytest

from emu.per import Controls, ProgramEvent, Recording
from emu.psw import (
    ADDRESS_24,
    ADDRESS_31,
    ADDRESS_64,
    ADDRESSING_MODE,
    BASIC_ADDRESSING,
    DAT,
    AddressSpaceControl,
)
from emu.teid import Access

ALTERATION, IN_SPACES = 0x2000_0000, 0x0020_0000
EVERYTHING = 0xFF00_0000
ASKED_FOR = 0x83
"""An address-space-control element with the storage-alteration-event bit."""


def recording(events: int, start: int = 0, end: int = ADDRESS_64, mask: int = ADDRESSING_MODE) -> Recording:
    return Recording(Controls(events, start, end), mask, 0x1000)


def code(of: Recording, target: int | None = 0) -> int:
    """The PER code; zero if there is no event."""
    found = of.event(target)
    return found.code if found else 0


@pytest.mark.parametrize(
    ("start", "end", "first", "last", "is_in"),
    (
        (0x10, 0x20, 0x08, 0x0F, False),
        (0x10, 0x20, 0x08, 0x10, True),
        (0x10, 0x20, 0x20, 0x28, True),
        (0x10, 0x20, 0x21, 0x28, False),
        (0x10, 0x20, 0x00, 0x30, True),
        (0x20, 0x10, 0x11, 0x1F, False),
        (0x20, 0x10, 0x10, 0x1F, True),
        (0x20, 0x10, 0x11, 0x20, True),
        (0x20, 0x1F, 0x55, 0x55, True),
    ),
)
def test_the_designated_area(start: int, end: int, first: int, last: int, *, is_in: bool) -> None:
    assert Controls(0, start, end).designates(first, last) is is_in


@pytest.mark.parametrize(
    ("mask", "limit"), ((0, ADDRESS_24), (BASIC_ADDRESSING, ADDRESS_31), (ADDRESSING_MODE, ADDRESS_64))
)
@pytest.mark.parametrize(
    ("start", "end", "is_in"), ((0, 3, True), (4, 4, False), (-4, -4, True), (-5, -5, False), (5, -6, False))
)
def test_an_operand_that_goes_on_at_address_zero(mask: int, limit: int, start: int, end: int, *, is_in: bool) -> None:
    made = recording(ALTERATION, start & limit, end & limit, mask)
    made.stored(limit - 3, 8, None, None)
    assert bool(code(made)) is is_in


@pytest.mark.parametrize(
    ("mask", "limit"), ((0, ADDRESS_24), (BASIC_ADDRESSING, ADDRESS_31), (ADDRESSING_MODE, ADDRESS_64))
)
@pytest.mark.parametrize(("start", "is_in"), ((0x3000, False), (-1, True), (-9, False)))
def test_an_operand_that_ends_at_the_last_address(mask: int, limit: int, start: int, is_in: bool) -> None:
    made = recording(ALTERATION, start & limit, start & limit, mask)
    made.stored(limit - 7, 8, None, None)
    assert (made.event(None) is not None) is is_in


def test_all_events_of_an_instruction_are_one_code() -> None:
    made = recording(EVERYTHING & ~0x0100_0000)
    made.fetched(0x1000)
    made.branches = True
    made.stored(0, 1, None, None)
    made.stored_by_real_address()
    assert made.event(0) == ProgramEvent(0xE8, 0xE0, 0x1000)


def test_a_branch_is_an_event_only_if_that_is_asked_for() -> None:
    made = recording(ALTERATION)
    made.branches = True
    assert made.event(0x2000) is None


def test_without_completion_there_is_no_branch() -> None:
    made = recording(EVERYTHING)
    made.branches = True
    assert made.event(None) is None
    assert code(made, 0x2000) == 0x80


@pytest.mark.parametrize(("events", "found"), ((0x4000_0000, 0x40), (0x4100_0000, 0x41), (0x0100_0000, 0)))
def test_nullification_needs_instruction_fetching(events: int, found: int) -> None:
    made = recording(events)
    made.fetched(0x1000)
    assert code(made) == found
    assert made.nullifies is bool(found & 1)


def test_stores_that_are_undone_are_no_event() -> None:
    made = recording(0x6800_0000, mask=ADDRESSING_MODE | DAT)
    made.stored(0, 1, AddressSpaceControl.HOME, 0)
    made.stored_by_real_address()
    made.forget_stores()
    assert made.event(0) is None
    made.fetched(0x1000)
    assert made.event(0) == ProgramEvent(0x40, 0xF0, 0x1000)
    made.stored(0, 1, AddressSpaceControl.SECONDARY, 0)
    assert made.event(0) == ProgramEvent(0x60, 0xF2, 0x1000)


@pytest.mark.parametrize(
    ("events", "designation", "is_event"),
    (
        (ALTERATION, 0x03, True),
        (ALTERATION | IN_SPACES, 0x03, False),
        (ALTERATION | IN_SPACES, ASKED_FOR, True),
        # A real address, in no space.
        (ALTERATION | IN_SPACES, None, True),
        (IN_SPACES, ASKED_FOR, False),
    ),
)
def test_storage_alteration_space_control(events: int, designation: int | None, *, is_event: bool) -> None:
    made = recording(events)
    made.stored(0x5000, 1, None if designation is None else AddressSpaceControl.PRIMARY, designation)
    assert bool(code(made)) is is_event


@pytest.mark.parametrize(
    ("events", "start", "end", "watched"),
    (
        (ALTERATION, 0x5000, 0x5FFF, [(0x5000, 0x5FFF)]),
        # Other bits than those of events do not matter.
        (ALTERATION | 0x0020_0000, 0x5000, 0x5000, [(0x5000, 0x5000)]),
        # That of stores by real addresses does.
        (ALTERATION | 0x0800_0000, 0x5000, 0x5FFF, []),
        (ALTERATION, ADDRESS_64 - 1, 8, [(ADDRESS_64 - 1, ADDRESS_64), (0, 8)]),
        (ALTERATION, 0, 0x100000, [(0, 0x100000)]),
        (ALTERATION, 0, 0x100001, []),
        (ALTERATION, ADDRESS_64 - 0x80000, 0x80001, []),
        (ALTERATION, 8, 7, []),
        (ALTERATION | 0x4000_0000, 0x5000, 0x5FFF, []),
        (ALTERATION | 0x8000_0000, 0x5000, 0x5FFF, []),
        (0x4000_0000, 0x5000, 0x5FFF, []),
        (0, 0x5000, 0x5FFF, []),
    ),
)
def test_where_stores_are_watched(events: int, start: int, end: int, watched: list[tuple[int, int]]) -> None:
    areas = Controls(events, start, end).watched
    assert [(each.first, each.last) for each in areas] == watched
    assert all(each.kinds == {Access.STORE} and not each.is_absolute for each in areas)


@pytest.mark.parametrize("space", AddressSpaceControl)
def test_the_first_alteration_says_which_space(space: AddressSpaceControl) -> None:
    made = recording(ALTERATION, 0x5000, 0x5FFF, ADDRESSING_MODE | DAT | space << 46)
    made.stored(0x4000, 1, AddressSpaceControl.HOME, 0)
    made.stored(0x5000, 1, space, 0)
    made.stored(0x5000, 1, AddressSpaceControl.SECONDARY, 0)
    found = made.event(0)
    assert found is not None
    assert found.mode == 0xF0 | space << 2 | space
