# SPDX-License-Identifier: GPL-2.0-or-later
"""The translator: functions of the subset give, as source, what Python gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.engine.rules.model import Model
from emu.engine.rules.pure import rule_source
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import WORD, Either, Number, OutsideSubsetError, Static, Structure

MASK = WORD - 1


class Word(int):
    """A word of 64 bits, as compiled code has it."""

    def _with(self, value: int) -> Word:
        return Word(value & MASK)

    def __add__(self, other: int) -> Word:
        return self._with(int(self) + int(other))

    def __sub__(self, other: int) -> Word:
        return self._with(int(self) - int(other))

    def __mul__(self, other: int) -> Word:
        return self._with(int(self) * int(other))

    def __lshift__(self, other: int) -> Word:
        assert 0 <= int(other) < 64
        return self._with(int(self) << int(other))

    def __rshift__(self, other: int) -> Word:
        assert 0 <= int(other) < 64
        return self._with(int(self) >> int(other))

    def __and__(self, other: int) -> Word:
        return self._with(int(self) & int(other))

    def __or__(self, other: int) -> Word:
        return self._with(int(self) | int(other))

    def __xor__(self, other: int) -> Word:
        return self._with(int(self) ^ int(other))

    def __invert__(self) -> Word:
        return self._with(~int(self))


def executed(function: Callable[..., Any], *arguments: int) -> int:
    """What the source that is made of *function* gives, with words of 64 bits."""
    names: dict[str, Any] = {
        "uint64": lambda value: Word(int(value) & MASK),
        "int64": lambda value: int(value) - (WORD if value >> 63 else 0),
        "ZERO": Word(0),
        "shift_left": lambda value, amount: value << amount if amount < 64 else Word(0),
        "shift_right": lambda value, amount: value >> amount if amount < 64 else Word(0),
    }
    exec(rule_source(function), names)
    return int(names[function.__name__](*map(Word, arguments)))


def congruent(value: int, other: int) -> int:
    return (value - other) % 16


def several(value: int, other: int) -> list[int]:
    return [(value + number) & 0xFF for number in range((other - value) % 4 + 1)]


def number_of_several(value: int, other: int) -> int:
    return len(several(value, other))


def sum_of_several(value: int, other: int) -> int:
    total = 0
    for place, item in enumerate(several(value, value + (other & 3))):
        total += (place + 1) * item
    return total & 0xFFFF


def first_of_several(value: int, other: int) -> int:
    for item in several(value, value + (other & 3)):
        if item & 1:
            return item
    return 0x100


class Colour(Enum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True)
class Pair:
    first: int
    second: int | None

    @property
    def total(self) -> int:
        return (self.first + 1) & MASK


def early_return(value: int, other: int) -> int:
    if value & 1:
        if other & 1:
            return 5
        value = value >> 1
    elif other & 2:
        return 6
    return (value + other) & MASK


def unrolled(value: int, other: int) -> int:
    found = 0
    for level in (3, 2, 1):
        if level <= other & 3:
            if value & level:
                return level
            found = (found + level) & 0xFF
    return found | 0x100


def pair(value: int, other: int) -> Pair | None:
    if value & 1:
        return None
    return Pair(value, None if other & 1 else other)


def parts(value: int, other: int) -> int:
    found = pair(value, other)
    if found is None:
        return 1
    if found.second is None:
        return found.total
    return (found.total ^ (found.first + 3)) & MASK


def optional_by_kind(value: int, other: int) -> int:
    found = pair(value, other)
    return found.first if isinstance(found, Pair) else other


def colour(value: int) -> Colour:
    return Colour.RED if value & 1 else Colour.GREEN


def kinds(value: int, other: int) -> int:
    found = colour(value)
    return other if found is Colour.RED else {Colour.RED: 1, Colour.GREEN: 2}[found]


def conditions(value: int, other: int) -> int:
    both = value > other and ((value - other) & MASK) > 3
    return (1 if both or not other else 2) if value != other or value in (3, 5) else max(value & 7, other & 9)


def from_table(value: int, other: int) -> int:
    return {1: 10, 2: 20}.get(value & 3, other & 3)


def from_table_by_pair(value: int, other: int) -> int:
    return {(1, 2): 10, (2, 3): 20}.get((value & 3, other & 3), 30)


def by_function(value: int, other: int) -> int:
    return apply_twice(lambda each: (each * 3 + other) & MASK, value)


def apply_twice(function: Callable[[int], int], value: int) -> int:
    return function(function(value))


def negative(value: int, other: int) -> int:
    difference = (value & 0xFF) - (other & 0xFF)
    return (difference if difference >= 0 else -difference) & MASK


FUNCTIONS = (
    early_return, unrolled, parts, optional_by_kind, kinds, conditions, from_table, from_table_by_pair, by_function,
    negative, congruent, number_of_several, sum_of_several, first_of_several,
)  # fmt: skip
small = st.one_of(st.integers(0, 9), st.integers(0, MASK), st.sampled_from((MASK, 1 << 63, 256, 257)))


@pytest.fixture(autouse=True)
def _carry_out_functions_of_this_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "package", "")


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_the_source_gives_what_python_gives(function: Callable[..., int]) -> None:
    @settings(max_examples=60, derandomize=True, database=None, deadline=None)
    @given(small, small)
    def agree(value: int, other: int) -> None:
        assert executed(function, value, other) == function(value, other)

    agree()


def refuses(value: int, other: int) -> int:
    if value:
        raise ValueError(other)
    return other


def recursive(value: int, other: int) -> int:
    return recursive(other, value)


def unbound(value: int, other: int) -> int:
    if value:
        found = other
    return found


def in_a_loop(value: int, other: int) -> int:
    for each in range(3):
        if value == each:
            break
    return other


@pytest.mark.parametrize(
    ("function", "reason"),
    (
        (refuses, "may raise an exception"),
        (recursive, "calls itself"),
        (unbound, "may have no value"),
        (in_a_loop, "break"),
    ),
)
def test_what_is_outside_of_the_subset(function: Callable[..., int], reason: str) -> None:
    with pytest.raises(OutsideSubsetError, match=reason):
        rule_source(function)


def test_a_known_condition_leaves_one_branch() -> None:
    translator = Translator(Model())
    found = translator.call(early_return, [Static(3), Number("other", 0, MASK)], {})
    assert isinstance(found, Number)
    assert "value" not in "\n".join(translator.writer.top.lines(0))


def test_kinds_that_differ_stay_apart() -> None:
    translator = Translator(Model())
    found = translator.call(pair, [Number("value", 0, MASK), Number("other", 0, MASK)], {})
    assert isinstance(found, Either)
    assert [type(each) for each in found.alternatives] == [Static, Structure]
