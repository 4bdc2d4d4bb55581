# SPDX-License-Identifier: GPL-2.0-or-later
"""In which order cases are held against a mutant."""

from __future__ import annotations

from tools.conform.mutation.exercise import Exercise, ExercisedCase
from tools.conform.mutation.mutants import Mutant
from tools.conform.mutation.nearness import Nearness


def mutant(first: int, last: int, around: tuple[int, int], what: str = "what", text: str = "") -> Mutant:
    return Mutant("f", first, 0, "function", what, (first, last), around, text=text)


def words(found: Nearness, first: int, last: int, what: str = "what", text: str = "") -> list[str]:
    around = (1, 9) if first != 7 else (7, 7)
    return [str(each) for each in found.order(mutant(first, last, around, what, text))]


def cases(lines: dict[str, set[int]], texts: dict[str, str]) -> dict[str, ExercisedCase]:
    return {
        name: ExercisedCase(b"", frozenset(("f", each) for each in some), words=frozenset(texts.get(name, "").split()))
        for name, some in lines.items()
    }


LINES = {"a": {1, 2, 3}, "b": {1, 2, 3, 4}, "c": {1}, "d": {2, 9}, "e": {1, 3, 5}}
FREE = {"f": ExercisedCase(b"", frozenset(), frozenset({("f", 6), ("f", 2)}))}


def test_the_order_of_cases() -> None:
    found = Nearness(Exercise(cases(LINES, {}) | FREE, frozenset({("f", 7)})))
    # Those that execute lines 2 or 3; first those that execute what few of them do.
    assert words(found, 2, 3)[-2:] == ["a", "f (free)"]
    assert set(words(found, 2, 3)[:3]) == {"b", "e", "d"}
    assert words(found, 6, 6) == ["f (free)"]
    assert not words(found, 8, 8)
    assert not found.is_at_loading(mutant(2, 3, (1, 9)))


def test_what_is_evaluated_when_it_is_loaded_may_be_noticed_by_any() -> None:
    found = Nearness(Exercise(cases(LINES, {}) | FREE, frozenset({("f", 7)})))
    everything = words(found, 7, 7)
    assert sorted(everything[:6]) == ["a", "b", "c", "d", "e", "f"]
    assert sorted(everything[6:]) == ["a (free)", "b (free)", "c (free)", "d (free)", "e (free)", "f (free)"]
    assert found.is_at_loading(mutant(7, 7, (7, 7)))


def test_words_in_common_come_first_where_lines_tell_nothing() -> None:
    texts = {"a": "timer", "b": "timer clock", "c": "stop", "d": "", "e": "timer"}
    found = Nearness(Exercise(cases(LINES, texts), frozenset({("f", 7)})))
    assert words(found, 7, 7, "CPU_TIMER = 4 -> CPU_TIMER = 5", "CLOCK")[0] == "b"
    assert words(found, 7, 7, "STOP = 5 -> STOP = 6")[0] == "c"
    # In a function lines count more; it is those that are as near by lines that words tell apart.
    same = Nearness(Exercise(cases({"a": {2}, "b": {2}, "c": {2, 3}, "d": {3}}, texts), frozenset()))
    assert words(same, 2, 2, "clock") == ["c", "b", "a"]
