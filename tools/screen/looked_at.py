# SPDX-License-Identifier: GPL-2.0-or-later
"""What was on the screen before, so that what has changed since can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emu.inspection.low_core import read_low_core

if TYPE_CHECKING:
    import numpy.typing as npt

    from emu.cpu import Cpu
    from emu.debugging.session import Session

_KINDS = ("gr", "cr", "ar")


class LookedAt:
    """A machine as it was at one moment: the registers of each CPU, its low core, page states and storage keys."""

    def __init__(self, session: Session) -> None:
        """Look now."""
        configuration = session.machine.configuration
        self._registers = {cpu.address: registers(cpu) for cpu in session.machine.cpus}
        self._psw = {cpu.address: cpu.psw for cpu in session.machine.cpus}
        self._low_core = {session.cpu.address: low_core(session.cpu)}
        self._states = configuration.states.array.copy()
        self._keys = configuration.keys.array.copy()

    def changed_registers(self, cpu: Cpu, kind: str) -> list[bool]:
        """Which registers of a *kind* hold something else now."""
        before, now = self._registers[cpu.address][kind], registers(cpu)[kind]
        return [old != new for old, new in zip(before, now, strict=True)]

    def has_new_psw(self, cpu: Cpu) -> bool:
        """Whether there is more of the PSW changed than its instruction address."""
        return self._psw[cpu.address].mask != cpu.psw.mask

    def changed_low_core(self, cpu: Cpu) -> frozenset[int]:
        """The addresses of the assigned locations that hold something else now."""
        before = self._low_core.get(cpu.address)
        if before is None:
            return frozenset()
        return frozenset(address for address, value in low_core(cpu).items() if before[address] != value)

    def changed_pages(self, session: Session, *, is_of_keys: bool) -> npt.NDArray[np.intp]:
        """The pages of which the state is another now, or the storage key."""
        configuration = session.machine.configuration
        if is_of_keys:
            return np.flatnonzero(self._keys != configuration.keys.array)
        return np.flatnonzero(self._states != configuration.states.array)


def registers(cpu: Cpu) -> dict[str, list[int]]:
    """The registers that are shown, by their kind."""
    found: dict[str, list[int]] = {kind: getattr(cpu, kind).tolist() for kind in _KINDS}
    return {**found, "fr": cpu.vr.tolist()[0:32:2]}


def low_core(cpu: Cpu) -> dict[int, bytes]:
    """What the assigned locations of *cpu* hold, by their addresses."""
    return {each.location.address: each.value for each in read_low_core(cpu)}
