# SPDX-License-Identifier: GPL-2.0-or-later
"""The facility list: bit numbers, dependencies, and that what is claimed is there."""

from __future__ import annotations

import pytest

import emu.machine  # noqa: F401 - declares every instruction
from emu.facilities import DEFAULT_FACILITIES, EXCLUDES, NEEDS, OFFERED, Facility, facility_list, installed
from emu.isa.declaration import INSTRUCTIONS


def shown(list_: bytes, number: int) -> bool:
    return bool(list_[number // 8] & 0x80 >> number % 8)


def test_bit_0_is_the_leftmost() -> None:
    assert facility_list(frozenset({0})) == bytes.fromhex("8000000000000000")
    assert facility_list(frozenset({63})) == bytes.fromhex("0000000000000001")


def test_as_many_doublewords_as_needed() -> None:
    assert len(facility_list(frozenset())) == 8
    assert len(facility_list(frozenset({63}))) == 8
    assert len(facility_list(frozenset({64}))) == 16
    assert len(facility_list(frozenset({147}))) == 24


def test_every_facility_is_shown_but_those_that_are_there_in_part() -> None:
    list_ = facility_list(DEFAULT_FACILITIES)
    assert {number for number in range(8 * len(list_)) if shown(list_, number)} == DEFAULT_FACILITIES - {6, 37}


def test_no_more_is_offered_than_works() -> None:
    assert {169} == OFFERED - DEFAULT_FACILITIES
    assert not OFFERED & {17, 42, 57, 67, 76, 77, 135, 146}


def test_the_machine_is_in_z_architecture_mode() -> None:
    assert {Facility.N3, Facility.ZARCH_INSTALLED, Facility.ZARCH_ACTIVE} <= DEFAULT_FACILITIES


def test_storage_keys_are_there() -> None:
    assert Facility.STORAGE_KEY_REMOVAL not in DEFAULT_FACILITIES


def test_facilities_that_imply_others() -> None:
    # PoP 4, "Facility Indications": the second is one when the first is.  Facility 37 implies 42 as well, and so is
    # not shown.
    implications = (
        (2, 1), (4, 3), (5, 3), (5, 4), (19, 18), (33, 32), (43, 42), (61, 45), (73, 49), (78, 8), (134, 129),
        (135, 129), (139, 25), (139, 28), (146, 76), (148, 129), (148, 135), (152, 129), (152, 134), (155, 76),
        (155, 77),
    )  # fmt: skip
    for facility, implied in implications:
        assert facility not in DEFAULT_FACILITIES or implied in DEFAULT_FACILITIES


def test_every_facility_that_an_instruction_needs_has_a_name() -> None:
    needed = {declared.facility for declared in INSTRUCTIONS if declared.facility is not None}
    assert needed <= set(Facility)


def test_what_the_machine_shows_is_consistent() -> None:
    assert installed() == DEFAULT_FACILITIES
    for facility, needed in NEEDS.items():
        assert facility not in DEFAULT_FACILITIES or needed <= DEFAULT_FACILITIES
    for facility, excluded in EXCLUDES.items():
        assert facility not in DEFAULT_FACILITIES or not excluded & DEFAULT_FACILITIES


def test_without_storage_keys_nothing_changes_them() -> None:
    assert installed(frozenset({169})) == DEFAULT_FACILITIES - {10, 14, 66} | {169}


@pytest.mark.parametrize(("removed", "gone"), (({18}, {18, 19}), ({45}, {45, 53}), ({1}, {1, 2}), ({2}, {2})))
def test_what_needs_a_removed_facility_goes_too(removed: set[int], gone: set[int]) -> None:
    assert installed(removed=frozenset(removed)) == DEFAULT_FACILITIES - gone


@pytest.mark.parametrize(
    ("added", "removed", "message"),
    (
        ({169, 10}, set(), "169 and 10 exclude each other"),
        ({53}, {45}, "53 needs 45, which is not installed"),
        ({77}, set(), "77 needs 17, which is not installed"),
        ({135}, {129}, "135 needs 129, which is not installed"),
    ),
)
def test_contradictions(added: set[int], removed: set[int], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        installed(frozenset(added), frozenset(removed))


def test_a_facility_may_be_added_with_what_it_needs() -> None:
    assert installed(frozenset({17, 76, 77})) == DEFAULT_FACILITIES | {17, 76, 77}
