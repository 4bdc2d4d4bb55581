# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps that only look: named points, expectations, names of pages, explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from emu.page_states import name as state_name
from emu.storage_keys import CHANGE
from guest_kernel.scripted.scenarios.checks.expectation import NAMES as MEASURES
from guest_kernel.scripted.scenarios.checks.expectation import compare_numbers, measure
from guest_kernel.scripted.scenarios.checks.page_expectation import NONE, REQUESTS, STATES, PageFinding
from guest_kernel.scripted.scenarios.outcome import Point
from guest_kernel.scripted.scenarios.settings import ScenarioError, require, require_name
from guest_kernel.scripted.scenarios.steps.page_name import FORMS, PageName
from guest_kernel.scripted.scenarios.steps.step import Step

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.world import World


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Step):
    """A text for people, shown when the scenario gets there: what guided tours are made of."""

    do: ClassVar[str] = "note"
    only_looks: ClassVar[bool] = True
    text: str
    """In one line; it is broken into lines where it is shown."""
    title: str = ""
    cpu: int = 0

    def __post_init__(self) -> None:
        if not " ".join(self.text.split()).isprintable() or not self.text.strip():
            raise ScenarioError("expected a text", "text")
        if not self.title.isprintable():
            raise ScenarioError(f"expected a title, not {self.title!r}", "title")

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Step):
    """Give a page a name, by which it is known from now on, whatever becomes of it."""

    do: ClassVar[str] = "mark"
    only_looks: ClassVar[bool] = True
    name: str
    page: str
    """Which one: as in ``expect``."""
    cpu: int = 0

    def __post_init__(self) -> None:
        require_name("name", self.name)
        if PageName.is_taken(self.name):
            raise ScenarioError(f"expected a name unlike {FORMS}, not {self.name!r}", "name")
        PageName.parse(self.page)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        PageName.parse(self.page).check(forecast)
        forecast.marks.add(self.name)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        page = PageName.parse(self.page).find(world, self.cpu)
        if page is None:
            raise ScenarioError(f"there is no page {self.page} now", "page")
        world.marks[self.name] = page


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect(Step):
    """What must have come out by now: of the accounting table and the counters, or of a single page.

    Numbers are those of cells, rows and columns (``Vr``, ``S``, ``z``) and counters.
    """

    do: ClassVar[str] = "expect"
    only_looks: ClassVar[bool] = True
    equal: Mapping[str, int] = field(default_factory=dict)
    """Each within :attr:`within` per cent."""
    at_least: Mapping[str, int] = field(default_factory=dict)
    at_most: Mapping[str, int] = field(default_factory=dict)
    within: float = 0
    """Per cent of the expected number by which those in *equal* may differ from it."""
    page: str | None = None
    """A page: ``data:5`` of a file, ``shell@0x2000_0000`` of a process, ``free`` or a marked one."""
    state: str | tuple[str, ...] = ()
    """The state that it must have, or those that it may have; ``none`` if there must be no such page."""
    path: tuple[str, ...] | None = None
    """The states through which it must have gone in the last step that did anything, each once."""
    requests: tuple[int, ...] | None = None
    """The ESSA operation requests that must have been executed for it in that step."""
    changed: bool | None = None
    """Its change bit."""
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
        is_about_numbers = bool(self.equal or self.at_least or self.at_most)
        if self.page is not None:
            self._require_page()
            if is_about_numbers:
                raise ScenarioError("expected either a page or numbers", "page")
            return
        for name in ("state", "path", "requests", "changed"):
            if getattr(self, name) not in {(), None}:
                raise ScenarioError("expected only with a page", name)
        if not is_about_numbers:
            raise ScenarioError("expected at least one of equal, at_least, at_most and page")

    @property
    def states(self) -> tuple[str, ...]:
        """The allowed states of the page; none if any will do."""
        return (self.state,) if isinstance(self.state, str) else self.state

    def _require_page(self) -> None:
        PageName.parse(self.page or "")
        for name, states in (("state", self.states), ("path", self.path or ())):
            for state in states:
                known = (*STATES, NONE) if name == "state" else STATES
                if state not in known:
                    raise ScenarioError(f"expected {', '.join(known)}, not {state!r}", name)
        for request in self.requests or ():
            if request not in REQUESTS:
                raise ScenarioError(f"expected operation requests, 0 to {REQUESTS[-1]}, not {request}", "requests")
        if not self.states and self.path is None and self.requests is None and self.changed is None:
            raise ScenarioError("expected at least one of state, path, requests and changed", "page")

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        if self.page is not None:
            PageName.parse(self.page).check(forecast)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        if self.page is not None:
            finding = self._look(world, self.page)
            world.outcome.findings.append(finding)
            return
        findings = compare_numbers(world.number, self, measure(world.kernel))
        world.outcome.findings.extend(findings)

    def _look(self, world: World, name: str) -> PageFinding:
        page = PageName.parse(name).find(world, self.cpu)
        expected = (self.path, self.requests, self.changed)
        if page is None:
            return PageFinding(world.number, name, self.states, NONE, None, (), False, *expected)
        state = state_name(world.machine.states.bytes[page.frame])
        is_changed = bool(world.machine.keys.bytes[page.frame] & CHANGE)
        events = tuple(world.watcher.events(page.frame))
        return PageFinding(world.number, name, self.states, state, page.frame, events, is_changed, *expected)
