# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps that stop in the middle, so that a page can be looked at there, or another CPU get in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guest_kernel.scripted.scenarios.settings import ScenarioError, require_name
from guest_kernel.scripted.scenarios.steps.step import Step

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Step):
    """A CPU goes on with what it was stopped in."""

    do: ClassVar[str] = "resume"
    resumes: ClassVar[bool] = True
    until: str | None = None
    """How far; None: to the end."""
    cpu: int = 0

    def __post_init__(self) -> None:
        if self.until is not None:
            require_name("until", self.until)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        if self.cpu not in forecast.suspended:
            raise ScenarioError(f"CPU {self.cpu} is not in the middle of a step", "cpu")
        if self.until is None:
            del forecast.suspended[self.cpu]

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        world.suspended[self.cpu].go_on(self.until)
        if self.until is None:
            del world.suspended[self.cpu]
