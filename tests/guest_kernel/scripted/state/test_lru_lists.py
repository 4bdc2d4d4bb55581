# SPDX-License-Identifier: GPL-2.0-or-later
"""The LRU lists: a page is on the one that its flags say, as the youngest."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.state.lru_lists import Lru
from guest_kernel.scripted.state.mm_types import Page
from guest_kernel.scripted.state.page_flags import ACTIVE, LRU, SWAP_BACKED


@pytest.mark.parametrize(
    ("flags", "name"),
    ((0, "inactive"), (ACTIVE, "active"), (SWAP_BACKED, "inactive_anon"), (ACTIVE | SWAP_BACKED, "active_anon")),
)
def test_the_flags_say_which_list(flags: int, name: str) -> None:
    lru, page, older = Lru(1), Page(5), Page(6)
    for each in (older, page):
        each.flags = flags
        lru.add(each)
    assert list(getattr(lru, name)) == [older, page]
    assert page.flags == flags | LRU
    lru.remove(page)
    assert list(getattr(lru, name)) == [older]
    assert page.flags == flags & ~ACTIVE


def test_what_is_on_no_list_cannot_be_removed() -> None:
    lru, page = Lru(1), Page(5)
    with pytest.raises(KernelBug, match="not on the LRU list"):
        lru.remove(page)
    lru.add(page)
    page.flags |= ACTIVE
    with pytest.raises(KernelBug, match="not on the LRU list"):
        lru.remove(page)
