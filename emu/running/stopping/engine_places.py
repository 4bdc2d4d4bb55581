# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engines are told, so that the machine runs freely with stops before instructions.

An engine comes back before an instruction that may be meant, and the list of stops looks.  A compiled instruction that
is only counted is executed so many times as no stop can come of it, and left to the model then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.engine.mnemonics import opcodes_by_mnemonic
from emu.engine.stop_places import EXECUTES, ChosenPlaces
from emu.running.stopping.kinds import AtAddress, AtMnemonic, AtTarget, ControlRegisterChange, PswMaskChange, StopSpace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.engine import Engine
    from emu.running.stopping.stop_point import StopPoint

CHANGE_THE_PSW: Final = frozenset(
    {
        "SPM",
        "SAM24",
        "SAM31",
        "SAM64",
        "BSM",
        "BASSM",
        "SSM",
        "STNSM",
        "STOSM",
        "SVC",
        "LPSW",
        "LPSWE",
        "SPKA",
        "SAC",
        "SACF",
    }
)
"""Instructions that change PSW bits 0-31 other than the condition code, and may be executed by the engine."""
CHANGE_CONTROL_REGISTERS: Final = frozenset({"LCTL", "LCTLG", "ESEA", "SSAR", "SSAIR"})
"""Those that change a control register, and may be executed compiled."""


class EnginePlaces:
    """The engines of a machine, told what the enabled stops wait for."""

    def __init__(self, configuration: Configuration[Cpu], engines: Sequence[Engine]) -> None:
        self._configuration = configuration
        self._engines = engines
        self._counting: list[StopPoint] = []
        """Those that wait for a mnemonic."""
        self._left: frozenset[str] = frozenset()
        """Instructions that are the model's, since what they change is looked at after each."""
        self._real: list[int] = []
        """Real addresses that are waited for."""
        self._places = ChosenPlaces()
        self._prefixes: list[int] = []
        self._is_told = False
        """The engines know how often they may execute what is counted."""

    def changed(self, enabled: Sequence[StopPoint]) -> None:
        """The *enabled* stops are others now."""
        addresses = [point.on for point in enabled if isinstance(point.on, AtAddress)]
        self._counting = [point for point in enabled if isinstance(point.on, AtMnemonic)]
        mnemonics = {name for point in self._counting for name in _mnemonics(point)}
        self._left = frozenset()
        if any(isinstance(point.on, PswMaskChange) for point in enabled):
            mnemonics |= CHANGE_THE_PSW
            self._left |= CHANGE_THE_PSW
        if any(isinstance(point.on, ControlRegisterChange) for point in enabled):
            self._left |= CHANGE_CONTROL_REGISTERS
        if any(isinstance(point.on, AtTarget) for point in enabled):
            mnemonics |= EXECUTES
        self._real = [on.address for on in addresses if on.space is StopSpace.REAL]
        self._places = ChosenPlaces(
            frozenset(on.address for on in addresses if on.space is StopSpace.LOGICAL),
            frozenset(on.address for on in addresses if on.space is StopSpace.ABSOLUTE),
            frozenset(mnemonics & opcodes_by_mnemonic().keys()),
        )
        self._tell()

    def _tell(self) -> None:
        cpus = self._configuration.cpus
        self._prefixes = [cpu.prefix for cpu in cpus]
        for cpu, engine in zip(cpus, self._engines, strict=True):
            absolute = {cpu.real_to_absolute(address) for address in self._real} | self._places.absolute
            engine.come_back_before(ChosenPlaces(self._places.logical, frozenset(absolute), self._places.mnemonics))
            if not self._counting and not self._left:
                engine.leave_to_model({})

    @property
    def is_set(self) -> bool:
        """Whether :meth:`enter` must be called."""
        return bool(self._counting or self._left or self._real)

    def begin(self) -> None:
        """A run begins: anything may have been changed since the last one."""
        self._is_told = False

    def counted(self) -> None:
        """A stop has been counted: what the engines may do is less."""
        self._is_told = False

    def enter(self, *, is_passed: bool) -> None:
        """An engine is about to run.

        :param is_passed: its first instruction has been counted already.
        """
        if self._real and self._prefixes != [cpu.prefix for cpu in self._configuration.cpus]:
            self._tell()
        if self._is_told and not is_passed:
            return
        self.collect()
        left = dict.fromkeys(self._left, 0)
        for point in self._counting:
            names = _mnemonics(point)
            most = 0 if is_passed or point.on.condition is not None else max(point.on.count - point.hits - 1, 0)
            for name in names:
                # Each engine may use up its part of each before it is asked again.
                left[name] = min(left.get(name, most), most // (len(names) * len(self._engines)))
        for engine in self._engines:
            engine.leave_to_model(left)
        self._is_told = not is_passed

    def collect(self) -> None:
        """Count what the engines have executed compiled."""
        if not self._counting:
            return
        for engine in self._engines:
            for name, count in engine.counted().items():
                for point in self._counting:
                    if name in _mnemonics(point):
                        point.hits += count


def _mnemonics(point: StopPoint) -> frozenset[str]:
    assert isinstance(point.on, AtMnemonic)
    return point.on.mnemonics
