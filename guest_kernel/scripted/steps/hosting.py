# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about the host, of which the kernel knows nothing: whoever has made the host carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guest_kernel.scripted.settings import ScenarioError, require
from guest_kernel.scripted.steps.step import Step

if TYPE_CHECKING:
    from guest_kernel.scripted.steps.plan import Plan
    from guest_kernel.scripted.steps.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeHost(Step):
    """The host gets more or fewer frames: data for whoever has made the host."""

    do: ClassVar[str] = "resize-host"
    frames: int
    cpu: int = 0

    def __post_init__(self) -> None:
        require("frames", self.frames, 1)

    def check(self, plan: Plan) -> None:
        """See :meth:`Step.check`."""
        plan.require_host()

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        try:
            world.listener.host_resized(self.frames)
        except ValueError as reason:
            raise ScenarioError(str(reason), "frames") from None
