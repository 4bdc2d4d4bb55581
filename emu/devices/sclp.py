"""The service-call logical processor (SCLP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.machine import Machine


class Sclp:
    """The service processor's side of SERVICE CALL."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.is_signal_pending = False

    def take_signal(self) -> int:
        """The external parameter of the pending service signal."""
        self.is_signal_pending = False
        return 0
