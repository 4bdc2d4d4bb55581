# SPDX-License-Identifier: GPL-2.0-or-later
"""The watchdog of DIAGNOSE 0x288: a guest that does not come back to it in time is restarted.

It is there only if it is installed.  A guest that it bites gets a restart interruption on CPU 0, as from an operator.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Final

from emu.psw import EXTERNAL_MASK
from emu.state import Section
from emu.timing import UNITS_PER_MICROSECOND

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.device import InterruptionRequest

SHORTEST: Final = 15
"""Seconds."""
UNITS_PER_SECOND: Final = 1_000_000 * UNITS_PER_MICROSECOND


class WatchdogFunction(IntEnum):
    """Function codes of DIAGNOSE 0x288."""

    START = 0
    CHANGE = 1
    """Begin anew, with another interval or the same."""
    CANCEL = 2


class Watchdog:
    """The watchdog of one configuration; a :class:`~emu.device.Device`."""

    interruption_mask: ClassVar[int] = EXTERNAL_MASK
    pending_subclasses: ClassVar[int] = 0
    STATE = Section(
        "watchdog",
        "_due",
        excluded={"_configuration": "whose part it is", "is_installed": "what the machine was made with"},
    )

    def __init__(self, configuration: Configuration[Cpu]) -> None:
        self._configuration = configuration
        self.is_installed = False
        self._due: int | None = None
        """The work at which it bites; None while it does not run."""

    def control(self, function: int, seconds: int) -> bool:
        """Do *function*; give whether that is possible: what does not run can only be started."""
        if function not in (*WatchdogFunction,) or (self._due is None and function != WatchdogFunction.START):
            return False
        if function == WatchdogFunction.CANCEL:
            self._due = None
            return True
        if seconds < SHORTEST:
            return False
        self._due = self._configuration.timing.work + seconds * UNITS_PER_SECOND
        self._configuration.call_at(self._due)
        return True

    @property
    def units_left(self) -> int | None:
        """Units of work until it bites; None if it does not run."""
        return None if self._due is None else max(0, self._due - self._configuration.timing.work)

    def pending_interruption(self, cpu: Cpu) -> InterruptionRequest | None:
        """See :meth:`Device.pending_interruption`: it has none."""
        return None

    def perform(self) -> None:
        """See :meth:`Device.perform`: bite if it is time."""
        left = self.units_left
        if left == 0:
            self._due = None
            self._configuration.cpus[0].restart_pending = True
        elif self._due is not None:
            self._configuration.call_at(self._due)

    def reset(self) -> None:
        """See :meth:`Device.reset`."""
        self._due = None
