# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage keys and key-controlled protection as rules."""

from __future__ import annotations

import pytest

from emu.storage_keys import StorageKeys, fetch_permitted, store_permitted

KEYS = range(16)


def storage_key(access_control: int, *, fetch_protected: bool = False) -> int:
    return access_control << 4 | (0x08 if fetch_protected else 0)


# PoP 3, "Summary of Protection Action"


def test_key_zero_may_do_everything() -> None:
    for acc in KEYS:
        assert fetch_permitted(storage_key(acc, fetch_protected=True), 0)
        assert store_permitted(storage_key(acc, fetch_protected=True), 0, storage_override=False)


def test_a_matching_key_may_do_everything() -> None:
    for acc in KEYS:
        assert fetch_permitted(storage_key(acc, fetch_protected=True), acc)
        assert store_permitted(storage_key(acc, fetch_protected=True), acc, storage_override=False)


def test_another_key_may_fetch_what_is_not_fetch_protected_and_store_nothing() -> None:
    for acc in KEYS:
        for access_key in set(KEYS) - {0, acc}:
            assert fetch_permitted(storage_key(acc), access_key)
            assert not fetch_permitted(storage_key(acc, fetch_protected=True), access_key)
            assert not store_permitted(storage_key(acc), access_key, storage_override=False)


def test_storage_protection_override_opens_blocks_with_key_9_only() -> None:
    for acc in KEYS:
        for access_key in set(KEYS) - {0, acc}:
            assert store_permitted(storage_key(acc), access_key, storage_override=True) is (acc == 9)


@pytest.mark.parametrize("recorded", (0x02, 0x04, 0x06))
def test_reference_and_change_do_not_matter(recorded: int) -> None:
    assert fetch_permitted(storage_key(5, fetch_protected=True) | recorded, 5)
    assert not fetch_permitted(storage_key(5, fetch_protected=True) | recorded, 6)
    assert store_permitted(storage_key(5) | recorded, 5, storage_override=False)
    assert not store_permitted(storage_key(5) | recorded, 6, storage_override=False)


def test_keys_are_zero_at_first() -> None:
    assert not StorageKeys(16).array.any()


def test_both_views_show_the_same_keys() -> None:
    keys = StorageKeys(16)
    keys.bytes[3] = 0x56
    assert keys.array[3] == 0x56
    keys.array[4:6] = 0x18
    assert (keys.bytes[4], keys.bytes[5]) == (0x18, 0x18)
