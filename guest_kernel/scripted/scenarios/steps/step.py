# SPDX-License-Identifier: GPL-2.0-or-later
"""What is common to all steps of scenarios.

A step is data, and it knows what it requires of what comes before it, and what it does.  It is declared in one place:
a class, entered in the table of :mod:`guest_kernel.scripted.scenarios.steps.catalogue`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.world import World


class Step:
    """Base of all steps."""

    __slots__ = ()
    do: ClassVar[str]
    """Its name in a scenario file."""
    only_looks: ClassVar[bool] = False
    """Whether it changes nothing of the machine."""
    resumes: ClassVar[bool] = False
    """Whether it goes on with what another step has begun on its CPU."""
    cpu: int
    """The CPU that does it."""

    def check(self, forecast: Forecast) -> None:
        """Check that it fits what the scenario has and what the steps before it do; note in *forecast* what it does.

        :raises guest_kernel.scripted.scenarios.settings.ScenarioError: if it does not.
        """

    def size(self, world: World) -> int:
        """How many pages it deals with: its share of the progress bar."""
        return 0

    def carry_out(self, world: World) -> None:
        """Do it.

        :raises guest_kernel.scripted.scenarios.settings.ScenarioError: if the kernel cannot do it.
        :raises guest_kernel.scripted.cpu.script.KernelBug: if the kernel does something wrong.
        """
        raise NotImplementedError
