# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of each matrix was reached, what was not, and whether that is less than it was."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from emu.input_files.reading import read_whole
from tools.coverage.matrices import MATRICES, expected_cells
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.coverage.collector import Counts
    from tools.coverage.key_rules import Cell
    from tools.coverage.matrices import Matrix


_WIDTH: Final = 120


@dataclass(frozen=True, slots=True)
class CoverageOfMatrix:
    """What was reached of one matrix."""

    matrix: Matrix
    reached: int
    """Cells that are expected, and were reached."""
    expected: int
    gaps: tuple[Cell, ...]
    """Those that were not."""
    besides: int
    """Cells that nobody expects, and that were reached."""

    @property
    def all_reached(self) -> int:
        """Cells that were reached, whether anybody expects them or not."""
        return self.reached + self.besides


def coverage_of(counts: Counts) -> list[CoverageOfMatrix]:
    """What was reached of each matrix."""
    found = []
    for matrix in MATRICES:
        expected = expected_cells(matrix)
        reached = {words for name, words in counts if name == matrix.name}
        gaps = tuple(sorted(expected - reached))
        found.append(CoverageOfMatrix(matrix, len(expected & reached), len(expected), gaps, len(reached - expected)))
    return found


def lines(found: Sequence[CoverageOfMatrix]) -> Iterator[str]:
    """A table of it."""
    width = max(len(each.matrix.name) for each in found)
    yield f"{'':{width}}  reached  expected        besides"
    for each in found:
        share = each.reached / each.expected
        yield f"{each.matrix.name:{width}}  {each.reached:7,}  {each.expected:8,}  {share:4.0%}  {each.besides:7,}"


def gap_lines(found: Sequence[CoverageOfMatrix]) -> Iterator[str]:
    """What was not reached, by name."""
    for each in found:
        if each.gaps:
            yield f"{each.matrix.name} ({', '.join(each.matrix.axes)}):"
        for text in gap_texts(each):
            yield from textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="      ")


def gap_texts(covered: CoverageOfMatrix) -> Iterator[str]:
    """What was not reached of one matrix: cells that differ in one word only are in one text."""
    # Whichever way there are fewer of them.
    ways = [_without(covered.gaps, axis) for axis in range(len(covered.matrix.axes))]
    axis, grouped = min(enumerate(ways), key=lambda way: len(way[1]))
    for others, words in grouped.items():
        yield ", ".join((*others[:axis], " | ".join(words), *others[axis:]))


def _without(cells: Sequence[Cell], axis: int) -> dict[Cell, list[str]]:
    """The words of *cells* on one *axis*, by those on the others."""
    grouped: dict[Cell, list[str]] = {}
    for cell in cells:
        grouped.setdefault((*cell[:axis], *cell[axis + 1 :]), []).append(cell[axis])
    return grouped


def read_floor(path: Path, *, is_raised: bool = False) -> dict[str, int]:
    """How many cells of each matrix were reached when that was kept in the file *path*.

    :param is_raised: whether those that are missing are written afterwards.
    :raises UsageError: naming it, if it cannot be read, is something else, or holds some of them only.
    """
    try:
        floor = msgspec.json.decode(read_whole(path), type=dict[str, Annotated[int, msgspec.Meta(ge=0)]])
    except OSError as reason:
        raise UsageError(f"--floor: {path}: cannot be read: {reason.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise UsageError(f"--floor: {path}: expected a number for each matrix: {reason}") from None
    unknown = sorted(set(floor) - {each.name for each in MATRICES})
    if unknown:
        raise UsageError(f"--floor: {path}: there is no matrix {unknown[0]!r}")
    missing = [each.name for each in MATRICES if each.name not in floor]
    if missing and not is_raised:
        raise UsageError(f"--floor: {path}: expected a number for {missing[0]!r}, too; --raise-floor writes one")
    return floor


def below(floor: Mapping[str, int], found: Sequence[CoverageOfMatrix]) -> list[str]:
    """What is less than *floor* says, in words."""
    return [
        f"{each.matrix.name}: {each.all_reached} cells reached, {floor[each.matrix.name]} before"
        for each in found
        if each.all_reached < floor.get(each.matrix.name, 0)
    ]


def raised(floor: Mapping[str, int], found: Sequence[CoverageOfMatrix]) -> dict[str, int]:
    """The floor that it may be from now on: it never sinks."""
    return {each.matrix.name: max(each.all_reached, floor.get(each.matrix.name, 0)) for each in found}
