# SPDX-License-Identifier: GPL-2.0-or-later
"""The facility list: bit numbers, dependencies, and that what is claimed is there."""

from __future__ import annotations

import emu.machine  # noqa: F401 - declares every instruction
from emu.facilities import DEFAULT_FACILITIES, Facility, facility_list
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


def test_every_facility_is_shown_and_no_other() -> None:
    list_ = facility_list(DEFAULT_FACILITIES)
    assert {number for number in range(8 * len(list_)) if shown(list_, number)} == DEFAULT_FACILITIES


def test_the_machine_is_in_z_architecture_mode() -> None:
    assert {Facility.N3, Facility.ZARCH_INSTALLED, Facility.ZARCH_ACTIVE} <= DEFAULT_FACILITIES


def test_storage_keys_are_there() -> None:
    assert Facility.STORAGE_KEY_REMOVAL not in DEFAULT_FACILITIES


def test_facilities_that_imply_others() -> None:
    # PoP 4, "Facility Indications": the second is one when the first is.  Facility 37 should imply 42 as well; this
    # machine shows 37 for its binary-floating-point part, and has no decimal floating point.
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
