# SPDX-License-Identifier: GPL-2.0-or-later
"""The three stages of a discarded page: nobody gets it before every CPU that was busy has signed."""

from __future__ import annotations

from guest_kernel.scripted.state.discard_lists import DiscardLists
from guest_kernel.scripted.state.mm_types import Page


def test_a_page_is_given_when_all_busy_cpus_have_signed() -> None:
    lists, page = DiscardLists(3), Page(5)
    lists.per_cpu[0].append(page)
    assert lists.sign(0, {0, 1, 2}) == []
    assert (lists.signoff, lists.mask) == ([page], {1, 2})
    assert lists.sign(0, {0, 1, 2}) == []
    assert lists.sign(2, {0, 1, 2}) == []
    assert lists.sign(1, {0, 1, 2}) == [page]
    assert not lists.signoff


def test_what_comes_while_others_sign_waits_for_the_next_round() -> None:
    lists, first, second = DiscardLists(2), Page(5), Page(6)
    lists.per_cpu[0].append(first)
    lists.sign(0, {0, 1})
    lists.per_cpu[0].append(second)
    assert lists.sign(0, {0, 1}) == []
    assert (lists.gather, lists.signoff) == ([second], [first])
    assert lists.sign(1, {0, 1}) == [first]
    assert (lists.gather, lists.signoff, lists.mask) == ([], [second], {0})


def test_nobody_signs_nothing() -> None:
    lists = DiscardLists(2)
    assert lists.sign(0, {0, 1}) == []
    assert not lists.mask
