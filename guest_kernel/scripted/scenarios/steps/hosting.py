# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about the host, which the kernel knows nothing of: whoever made the host carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guest_kernel.scripted.scenarios.settings import ScenarioError, require, require_name
from guest_kernel.scripted.scenarios.steps.page_name import PageName
from guest_kernel.scripted.scenarios.steps.step import Step

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeHost(Step):
    """The host gets more or fewer frames: data for whoever made the host."""

    do: ClassVar[str] = "resize-host"
    frames: int
    cpu: int = 0

    def __post_init__(self) -> None:
        require("frames", self.frames, 1)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_host()

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        try:
            world.host.host_resized(self.frames)
        except ValueError as reason:
            raise ScenarioError(str(reason), "frames") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard(Step):
    """The host drops every page that it may drop without I/O, or those of a file."""

    do: ClassVar[str] = "discard"
    file: str | None = None
    cpu: int = 0

    def __post_init__(self) -> None:
        if self.file is not None:
            require_name("file", self.file)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_host()
        if self.file is not None:
            forecast.require_file(self.file)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        pages = None if self.file is None else [page.frame for page in world.files[self.file].pages.values()]
        world.host.host_discards(pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeFrame(Step):
    """The host takes the frame of a page, as if it were the one that was not used for the longest time."""

    do: ClassVar[str] = "evict"
    page: str
    """Which one: as in ``expect``."""
    cpu: int = 0

    def __post_init__(self) -> None:
        PageName.parse(self.page)

    def check(self, forecast: Forecast) -> None:
        """See :meth:`Step.check`."""
        forecast.require_host()
        PageName.parse(self.page).check(forecast)

    def carry_out(self, world: World) -> None:
        """See :meth:`Step.carry_out`."""
        page = PageName.parse(self.page).find(world, self.cpu)
        if page is None:
            raise ScenarioError(f"there is no page {self.page} now", "page")
        if not world.host.host_evicts(page.frame):
            raise ScenarioError(f"the host cannot take a frame from page {self.page}: it has none, or needs it", "page")
