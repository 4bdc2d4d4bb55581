# SPDX-License-Identifier: GPL-2.0-or-later
"""Who types on the console, as the machine sees it: a user at a terminal, or a script."""

from __future__ import annotations

from typing import Protocol


class Operator(Protocol):
    """Asked between instructions; types with :meth:`emu.devices.sclp.Sclp.type`."""

    def type_input(self, work: int) -> int:
        """Type what is due when virtual time is *work* units; give the work at which to be asked again."""

    def wait(self, units: int | None) -> int | None:
        """Wait with the guest, all of whose CPUs wait: for *units* of work, or for something to be typed.

        :param units: None if only something typed ends the guest's wait.
        :returns: how many units have passed, at most *units*; None if nothing will come and the run should end.
        """
