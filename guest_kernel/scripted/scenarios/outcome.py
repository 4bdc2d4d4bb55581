# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes out of a run of a scenario, or stops it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.checks.expectation import Finding
    from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding


@dataclass(frozen=True, slots=True)
class Point:
    """A named point of a scenario, and the numbers there."""

    name: str
    work: int
    """The machine's virtual time."""
    numbers: dict[str, int]
    """By the names of :data:`guest_kernel.scripted.scenarios.checks.expectation.NAMES`."""


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """What came out of a scenario."""

    points: list[Point]
    findings: list[Finding | PageFinding]

    @property
    def is_as_expected(self) -> bool:
        """Whether all expectations hold."""
        return all(finding.holds for finding in self.findings)


class ScenarioFailure(Exception):  # noqa: N818 - the kernel has failed, not the scenario
    """An assertion of the kernel or a check of content does not hold; the message names the step and what was wrong."""


class Interrupted(Exception):  # noqa: N818 - nothing is wrong
    """The machine was asked to stop."""
