# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run of a scenario tells while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from guest_kernel.scripted.scenarios.checks.expectation import Finding
    from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
    from guest_kernel.scripted.scenarios.outcome import Point
    from guest_kernel.scripted.scenarios.steps.points import Expect, Note
    from guest_kernel.scripted.scenarios.steps.step import Step


class Listener:
    """Base of those who want to hear how a run goes on: every method does nothing; override what is wanted."""

    def advanced(self, step: Step, pages: int) -> None:
        """*step* has dealt with *pages* more pages."""

    def table_reached(self, point: Point) -> None:
        """A named point has been reached."""

    def compared(self, step: Expect, findings: list[Finding]) -> None:
        """The expectations of *step* were compared with what there is."""

    def page_seen(self, step: Expect, finding: PageFinding) -> None:
        """The page that *step* is about was compared with what is expected of it."""

    def noted(self, step: Note) -> None:
        """There is something to tell people."""

    def host_resized(self, frames: int) -> None:
        """The scenario says that the host has *frames* frames from now on: whoever made the host sees to it.

        :raises ValueError: if it cannot have them.
        """

    def host_discards(self, pages: Collection[int] | None) -> None:
        """The scenario says that the host drops now what it may drop without I/O of *pages*, or (None) of all.

        Whoever made the host sees to it; *pages* are absolute page numbers.
        """

    def host_evicts(self, page: int) -> bool:
        """The scenario says that the host takes the frame of absolute page *page* now; whether it had one."""
        return True
