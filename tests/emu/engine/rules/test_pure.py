# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that are functions of integers: compiled, they give what the functions give that Python calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu import page_states, prefixing, psw, storage_keys
from emu.engine import tables
from emu.engine.record_limits import SHORT_ADDRESSES
from emu.engine.rules.pure import rule, rule_source
from emu.engine.rules.values import OutsideSubsetError
from emu.isa.corrections import rotate

words = st.one_of(st.integers(0, (1 << 64) - 1), st.integers(0, 0x3000), st.sampled_from((1 << 63, (1 << 64) - 1)))
keys = st.integers(0, 0xFF)
flags = st.integers(0, 1)
places = st.integers(0, 63)
spaces = st.tuples(flags, st.integers(0, 3)).map(lambda each: each[0] << 58 | each[1] << 46 | 1 << 48)
"""PSW masks with every DAT mode and address space."""
RULES: dict[Callable[..., Any], tuple[st.SearchStrategy[int], ...]] = {
    page_states.transition_index: (keys, st.integers(0, 7), flags),
    prefixing.real_to_absolute: (words, st.integers(0, 0x3FFFF).map(lambda area: area << 13)),
    psw.address_limit: (words,),
    psw.are_operands_apart: (spaces,),
    rotate._selected: (places, places),
    storage_keys.fetch_permitted: (keys, st.integers(0, 15)),
    storage_keys.store_permitted: (keys, st.integers(0, 15), flags),
    tables.fetch_mode: (
        st.sampled_from((0, SHORT_ADDRESSES)),
        spaces,
    ),
    tables.block_key: (words, st.integers(0, 3)),
    tables.fill_index: (words, words),
    tables.fill_key: (words, st.integers(0, 2)),
    tables.full_context: (words, words),
    tables.memo_index: (words,),
    tables.page_index: (words,),
    tables.page_key: (words, st.integers(0, 3)),
    tables.real_context: (words,),
}


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., int]:
    found: Callable[..., int] = rule(function)
    return found


@pytest.mark.parametrize("function", RULES, ids=lambda function: function.__name__)
def test_compiled_and_python_agree(function: Callable[..., Any]) -> None:
    @settings(max_examples=50, derandomize=True, database=None, deadline=None)
    @given(st.tuples(*RULES[function]))
    def agree(arguments: tuple[int, ...]) -> None:
        found = compiled(function)(*(np.uint64(each) for each in arguments))
        assert int(found) == int(function(*arguments)) & 0xFFFF_FFFF_FFFF_FFFF

    agree()


def left_by_any_amount(value: int, amount: int) -> int:
    return (value << amount) & 0xFFFF_FFFF_FFFF_FFFF


def right_by_any_amount(value: int, amount: int) -> int:
    return value >> amount


@pytest.mark.parametrize("function", (left_by_any_amount, right_by_any_amount))
@pytest.mark.parametrize("amount", (0, 1, 63, 64, 65, 200))
def test_shifts_by_a_word_and_more(function: Callable[[int, int], int], amount: int) -> None:
    value = 0x8123_4567_89AB_CDEF
    assert int(compiled(function)(np.uint64(value), np.uint64(amount))) == function(value, amount)


def sum_is_less(first: int, second: int) -> int:
    return 1 if first + second < 10 else 0


def sum_shifted(first: int, second: int) -> int:
    return (first + second) >> 1


def product(first: int, second: int) -> int:
    return 1 if first * second == 6 else 0


@pytest.mark.parametrize("function", (sum_is_less, sum_shifted, product))
def test_what_may_leave_64_bits_is_not_looked_at(function: Callable[..., int]) -> None:
    """A sum could be given to the model, but a rule of integers has none; of a product nothing is known."""
    with pytest.raises(OutsideSubsetError):
        rule_source(function)


def endless(value: int) -> int:
    while value:
        value -= 1
    return value


def remembered(value: int) -> int:
    return {each: each for each in range(value)}[value]


@pytest.mark.parametrize("function", (endless, remembered))
def test_what_is_outside_of_the_subset_is_named(function: Callable[..., int]) -> None:
    with pytest.raises(OutsideSubsetError, match=r"while|dictcomp|range"):
        rule_source(function)
