# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops at changes of control registers and of the PSW, which are found by comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.bits import MASK_64
from emu.psw import CONDITION_CODE
from emu.running.stopping.kinds import ControlRegisterChange, PswMaskChange
from emu.running.stopping.view import StopEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.running.stopping.stop_point import StopPoint


class RegisterStops:
    """The stops of a machine that wait for such changes."""

    def __init__(self, configuration: Configuration[Cpu]) -> None:
        self._configuration = configuration
        self._points: list[StopPoint] = []
        self._values: list[list[int]] = []
        """For each CPU the control registers and the PSW mask, when they were last looked at."""

    def changed(self, enabled: Sequence[StopPoint]) -> None:
        """The *enabled* stops are others now."""
        self._points = [point for point in enabled if isinstance(point.on, ControlRegisterChange | PswMaskChange)]
        self.begin()

    @property
    def are_there(self) -> bool:
        """Whether there are any."""
        return bool(self._points)

    def begin(self) -> None:
        """What was changed before now does not count."""
        if self._points:
            self._values = [_values(cpu) for cpu in self._configuration.cpus]

    def events(self) -> Iterator[tuple[StopPoint, Cpu | None, StopEvent]]:
        """What has been changed since this was asked last."""
        for cpu, old in zip(self._configuration.cpus, self._values, strict=True):
            new = _values(cpu)
            if new == old:
                continue
            self._values[cpu.address] = new
            for point in self._points:
                match point.on:
                    case ControlRegisterChange(number=number, mask=mask):
                        before, after = old[number], new[number]
                    case PswMaskChange(mask=mask):
                        before, after = old[-1], new[-1]
                    case _:
                        continue
                if (before ^ after) & mask:
                    yield point, cpu, StopEvent(before=before, after=after)


def _values(cpu: Cpu) -> list[int]:
    return [*cpu.cr, cpu.psw.mask & ~CONDITION_CODE & MASK_64]
