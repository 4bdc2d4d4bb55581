# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps that only look: named points, expectations, explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from guest_kernel.scripted.expectation import NAMES as MEASURES
from guest_kernel.scripted.expectation import compare, measure
from guest_kernel.scripted.listener import Point
from guest_kernel.scripted.settings import ScenarioError, require, require_name
from guest_kernel.scripted.steps.step import Step

if TYPE_CHECKING:
    from guest_kernel.scripted.steps.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Step):
    """A named point, at which the page states are recorded."""

    do: ClassVar[str] = "table"
    only_looks: ClassVar[bool] = True
    name: str
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("name", self.name)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        point = Point(self.name, world.machine.timing.work, measure(world.kernel))
        world.outcome.points.append(point)
        world.listener.table_reached(point)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect(Step):
    """What must have come out by now: cells of the accounting table (``Vr``, ``S``, ``z``) and counters."""

    do: ClassVar[str] = "expect"
    only_looks: ClassVar[bool] = True
    equal: Mapping[str, int] = field(default_factory=dict)
    """Each within :attr:`within` per cent."""
    at_least: Mapping[str, int] = field(default_factory=dict)
    at_most: Mapping[str, int] = field(default_factory=dict)
    within: float = 0
    """Per cent of the expected number by which those in *equal* may differ from it."""
    note: str = ""
    """Where the numbers come from."""
    cpu: int = 0

    def __post_init__(self) -> None:
        require("within", self.within, 0, 100)
        for name, numbers in (("equal", self.equal), ("at_least", self.at_least), ("at_most", self.at_most)):
            for measured, number in numbers.items():
                if measured not in MEASURES:
                    raise ScenarioError(f"{measured!r} is unknown; expected {', '.join(MEASURES)}", name)
                require(name, number, 0)
        if not (self.equal or self.at_least or self.at_most):
            raise ScenarioError("expected at least one of equal, at_least and at_most")

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        findings = compare(world.number, self, measure(world.kernel))
        world.outcome.findings.extend(findings)
        world.listener.compared(self, findings)
