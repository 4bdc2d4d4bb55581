# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario can expect: cells of the accounting table of page states, and counters of machine and kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from emu.page_states import CONTENT_MASK, USAGE_MASK, Content, Usage
from emu.program_interruption import ProgramInterruptionCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guest_kernel.scripted.state.kernel import Kernel

_USAGES: Final = {
    "S": Usage.STABLE,
    "U": Usage.UNUSED,
    "P": Usage.POTENTIALLY_VOLATILE,
    "V": Usage.VOLATILE,
}
_CONTENTS: Final = {"r": Content.RESIDENT, "p": Content.PRESERVED, "z": Content.ZERO}
_COUNTERS: Final = (
    "disk-reads",
    "disk-writes",
    "swap-reads",
    "swap-writes",
    "discarded",
    "discard-faults",
    "free",
    "essa",
)
NAMES: Final = (*_USAGES, *_CONTENTS, *(usage + content for usage in _USAGES for content in _CONTENTS), *_COUNTERS)
"""Rows and columns of the table, its cells, and the counters.

*disk-reads* and *disk-writes* are pages that the guest's disk transferred, *swap-reads* and *swap-writes* those of its
swap device; *discarded* those that the kernel found discarded by the host; *discard-faults* program interruptions 0x1A;
*free* the pages free for allocation; *essa* how often ESSA was executed.
"""


def measure(kernel: Kernel) -> dict[str, int]:
    """All numbers that a scenario can expect, by name, as they are now."""
    machine = kernel.machine
    counts = np.bincount(machine.states.array & (USAGE_MASK | CONTENT_MASK), minlength=16)
    cells = {(row, column): int(counts[_USAGES[row] | _CONTENTS[column]]) for row in _USAGES for column in _CONTENTS}
    numbers = {name: sum(pages for cell, pages in cells.items() if name in cell) for name in (*_USAGES, *_CONTENTS)}
    numbers |= {row + column: pages for (row, column), pages in cells.items()}
    return numbers | {
        "disk-reads": kernel.disk.reads,
        "disk-writes": kernel.disk.writes,
        "swap-reads": kernel.swap.reads,
        "swap-writes": kernel.swap.writes,
        "discarded": kernel.discarded,
        "discard-faults": machine.counts.program_interruptions[ProgramInterruptionCode.DISCARD_FAULT],
        "free": kernel.zone.free_pages + sum(map(len, kernel.zone.per_cpu)),
        "essa": machine.counts.instructions["ESSA"],
    }


class ExpectedNumbers(Protocol):
    """What a step that expects numbers says: each by its name of :data:`NAMES`."""

    @property
    def equal(self) -> Mapping[str, int]:
        """Each within :attr:`within` per cent."""
        ...

    @property
    def at_least(self) -> Mapping[str, int]:
        """Each this or more."""
        ...

    @property
    def at_most(self) -> Mapping[str, int]:
        """Each this or less."""
        ...

    @property
    def within(self) -> float:
        """Per cent."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One number that was expected, and what was found."""

    step: int
    """The number of the step that expects it, from 1."""
    name: str
    relation: str
    """"equal", "at least" or "at most"."""
    expected: int
    within: float
    """Per cent by which it may differ from an equal one."""
    found: int

    @property
    def holds(self) -> bool:
        """Whether it is as expected."""
        if self.relation == "equal":
            return abs(self.found - self.expected) * 100 <= self.expected * self.within
        return self.found >= self.expected if self.relation == "at least" else self.found <= self.expected

    def as_dict(self) -> dict[str, Any]:
        """What a report in JSON has of it."""
        return {
            "step": self.step,
            "name": self.name,
            "relation": self.relation,
            "expected": self.expected,
            "within": self.within,
            "found": self.found,
            "holds": self.holds,
        }

    def __str__(self) -> str:
        tolerance = f" within {self.within:g} per cent" if self.within else ""
        relation = "" if self.relation == "equal" else f"{self.relation} "
        return f"{self.name}: expected {relation}{self.expected:,}{tolerance}, found {self.found:,}"


def compare_numbers(number: int, expected: ExpectedNumbers, found: dict[str, int]) -> list[Finding]:
    """What the step with this *number* expects beside the numbers *found*."""
    relations = (("equal", expected.equal), ("at least", expected.at_least), ("at most", expected.at_most))
    return [
        Finding(
            step=number,
            name=name,
            relation=relation,
            expected=value,
            within=expected.within if relation == "equal" else 0,
            found=found[name],
        )
        for relation, values in relations
        for name, value in values.items()
    ]
