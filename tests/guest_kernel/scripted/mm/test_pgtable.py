# SPDX-License-Identifier: GPL-2.0-or-later
"""Page-table entries: what each says, and that no two kinds are taken for each other."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.mm import pgtable
from guest_kernel.scripted.state.mm_types import Page


@pytest.mark.parametrize("index", (0, 1, 0x7F, 0x80, 0x12345))
def test_a_file_entry_is_invalid_and_keeps_the_index(index: int) -> None:
    pte = pgtable.pgoff_to_pte(index)
    assert pte & 0xE01 == 0x601, "invalid, protected, bit 52 zero as DAT wants it"
    assert pgtable.pte_to_pgoff(pte) == index
    assert pgtable.pte_file(pte)
    assert [check(pte) for check in (pgtable.pte_present, pgtable.pte_none, pgtable.pte_swap)] == [False] * 3


@pytest.mark.parametrize("offset", (0, 1, 2, 0x12345))
def test_a_swap_entry_is_invalid_and_keeps_the_slot(offset: int) -> None:
    pte = pgtable.swap_to_pte(offset)
    assert pte & 0xE03 == 0x403
    assert pgtable.pte_to_swap(pte) == offset
    assert pgtable.pte_swap(pte)
    assert [check(pte) for check in (pgtable.pte_present, pgtable.pte_none, pgtable.pte_file)] == [False] * 3


def test_an_entry_for_a_page() -> None:
    assert pgtable.mk_pte(Page(0x123), writable=True) == 0x12_3000
    assert pgtable.mk_pte(Page(0x123), writable=False) == 0x12_3200
    assert pgtable.pte_present(0x12_3200)
    assert not pgtable.pte_write(0x12_3200)
    assert pgtable.pte_write(0x12_3000)
