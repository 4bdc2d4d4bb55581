# SPDX-License-Identifier: GPL-2.0-or-later
"""Which runs of cases are nearest to a mutant: the order in which it is held against them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tools.conform.mutation.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from tools.conform.mutation.exercise import Exercise, Lines
    from tools.conform.mutation.mutants import Mutant

    Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CaseRun:
    """One way to run a case."""

    case: str
    is_free: bool = False

    def __str__(self) -> str:
        return f"{self.case} (free)" if self.is_free else self.case


class _Followed:
    """The lines that runs of one kind execute, turned round: which cases execute a line."""

    def __init__(self, lines: Mapping[str, Lines]) -> None:
        self._cases: dict[tuple[str, int], list[int]] = {}
        for number, executed in enumerate(lines.values()):
            for line in executed:
                self._cases.setdefault(line, []).append(number)
        self._count = len(lines)

    def executing(self, lines: Iterable[tuple[str, int]]) -> Numbers:
        """The numbers of the cases that execute one of *lines*."""
        return np.array(sorted({case for line in lines for case in self._cases.get(line, ())}), dtype=np.intp)

    def rarity(self, lines: Iterable[tuple[str, int]], chosen: Numbers) -> NDArray[np.float64]:
        """How rare what each case executes of *lines* is among those *chosen*: a line that n of them execute is 1/n."""
        is_chosen = np.zeros(self._count, dtype=np.bool_)
        is_chosen[chosen] = True
        found = np.zeros(self._count)
        for line in lines:
            cases = np.array(self._cases.get(line, ()), dtype=np.intp)
            cases = cases[is_chosen[cases]]
            if len(cases):
                found[cases] += 1 / len(cases)
        return found

    def lines_of(self, file: str) -> list[tuple[str, int]]:
        """The lines of *file* that any case executes."""
        return [line for line in self._cases if line[0] == file]


class Nearness:
    """Orders the runs of the cases in *exercised*, for one mutant after the other."""

    def __init__(self, exercised: Exercise) -> None:
        self._at_loading = exercised.at_loading
        self._names = list(exercised.cases)
        self._followed = {
            False: _Followed({name: case.lines for name, case in exercised.cases.items()}),
            True: _Followed({name: case.free_lines for name, case in exercised.cases.items()}),
        }
        cases_of: dict[str, list[int]] = {}
        for number, case in enumerate(exercised.cases.values()):
            for word in case.words:
                cases_of.setdefault(word, []).append(number)
        self._words: dict[str, Numbers] = {word: np.array(cases, dtype=np.intp) for word, cases in cases_of.items()}

    def is_at_loading(self, mutant: Mutant) -> bool:
        """Whether what is broken, or the function that it is in, is evaluated before any case begins."""
        return not self._at_loading.isdisjoint(mutant.places)

    def order(self, mutant: Mutant) -> list[CaseRun]:
        """The runs that execute what is broken, the nearest first; all that are free behind those that are stepped.

        Nearer is what executes lines of its function that few others execute, and, if these are the same, what has
        words in common with it that few others have.  What is evaluated when it is loaded is used by all, unless it
        has a name that only functions of its file use; there the words come first, since all execute much the same.
        """
        broken: Iterable[tuple[str, int]] = mutant.places
        around: Iterable[tuple[str, int]] | None = list(_between(mutant.file, mutant.around))
        is_loaded = by_all = self.is_at_loading(mutant)
        if is_loaded:
            around = [(mutant.file, line) for line in mutant.mentions] or None
            if around and mutant.is_private and self._at_loading.isdisjoint(around):
                broken, by_all = around, False
        likeness = self._likeness(mutant)
        found: list[CaseRun] = []
        for is_free, followed in self._followed.items():
            chosen = np.arange(len(self._names)) if by_all else followed.executing(broken)
            rarity = followed.rarity(followed.lines_of(mutant.file) if around is None else around, chosen)
            keys = (rarity, likeness) if is_loaded else (likeness, rarity)
            ordered = chosen[np.lexsort([-each[chosen].round(9) for each in keys])]
            found += [CaseRun(self._names[number], is_free) for number in ordered]
        return found

    def _likeness(self, mutant: Mutant) -> NDArray[np.float64]:
        """How much the texts of each case have in common with *mutant*: a word that few cases have counts more."""
        found = np.zeros(len(self._names))
        for word in sorted(words_of(f"{mutant.file} {mutant.function} {mutant.what} {mutant.text}")):
            cases = self._words.get(word)
            if cases is not None:
                found[cases] += np.log(len(self._names) / len(cases))
        return found


def _between(file: str, lines: tuple[int, int]) -> list[tuple[str, int]]:
    return [(file, line) for line in range(lines[0], lines[1] + 1)]
