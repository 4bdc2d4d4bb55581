# SPDX-License-Identifier: GPL-2.0-or-later
"""The TOD clock, the clock comparator and the CPU timer on virtual time (PoP chapter 4, "Timing").

Virtual time is executed work: an instruction is a unit of work, and a unit is four steps of TOD-clock bit 63's
doubleword (4/4096 of a microsecond, so the machine looks like one of about 1000 MIPS).  An enabled wait moves the
time forward to the next event.  Nothing here reads a clock of the host.
"""

from __future__ import annotations

from typing import Final, Protocol

from emu.bits import MASK_64, bit
from emu.state import Section

STEPS_PER_UNIT: Final = 4
"""Steps of the doubleword TOD clock in a unit of work."""
UNITS_PER_MICROSECOND: Final = 4096 // STEPS_PER_UNIT
MICROSECOND: Final = 4096
"""Steps of the doubleword TOD clock in a microsecond: bit 51 is one microsecond."""
CONTROL_INSTRUCTION_WORK: Final = 16
"""Units of work that a control instruction costs beyond the one that every instruction is."""
INITIAL_TOD: Final = 0xC3F2_B65D_3064_0000
"""What the clock shows when a machine is made: 27 March 2009, 15:09:05, the day of version 7."""


class Timers(Protocol):
    """The timers of one CPU."""

    clock_comparator: int
    cpu_timer_origin: int
    """The CPU timer is this value minus :attr:`Timing.steady`."""
    stopped_since: int | None
    """Steady time at which the CPU left the operating state; None while it is operating."""


class Timing:
    """The time of a configuration: one TOD clock, shared by all CPUs."""

    STATE = Section("timing", "work", "epoch")

    def __init__(self, tod: int = INITIAL_TOD) -> None:
        self.work = 0
        """Units of work done since the machine was made; it only grows."""
        self.epoch = tod
        """What the TOD clock showed when no work was done, may be beyond 64 bits; to set the clock, set :attr:`tod`."""

    @property
    def steady(self) -> int:
        """TOD-clock steps since the machine was made, whatever SET CLOCK does."""
        return self.work * STEPS_PER_UNIT

    @property
    def tod(self) -> int:
        """The TOD clock, bits 0-63."""
        return (self.epoch + self.work * STEPS_PER_UNIT) & MASK_64

    @tod.setter
    def tod(self, value: int) -> None:
        self.epoch = value - self.work * STEPS_PER_UNIT

    def cpu_timer(self, cpu: Timers) -> int:
        """The CPU timer of *cpu*, a 64-bit two's-complement value; it stands still in the stopped state."""
        now = self.steady if cpu.stopped_since is None else cpu.stopped_since
        return (cpu.cpu_timer_origin - now) & MASK_64

    def set_cpu_timer(self, cpu: Timers, value: int) -> None:
        """SET CPU TIMER."""
        cpu.cpu_timer_origin = value + (self.steady if cpu.stopped_since is None else cpu.stopped_since)

    def clock_comparator_due(self, cpu: Timers) -> bool:
        """Whether the TOD clock is past the clock comparator (unsigned comparison)."""
        return self.tod > cpu.clock_comparator

    def cpu_timer_due(self, cpu: Timers) -> bool:
        """Whether the CPU timer is negative."""
        return bool(self.cpu_timer(cpu) & bit(0))

    def units_to_clock_comparator(self, cpu: Timers) -> int:
        """Units of work until the clock comparator becomes due; 0 if it is."""
        return max(0, (cpu.clock_comparator - self.tod) // STEPS_PER_UNIT + 1)

    def units_to_cpu_timer(self, cpu: Timers) -> int:
        """Units of work until the CPU timer becomes due; 0 if it is."""
        value = self.cpu_timer(cpu)
        return 0 if value & bit(0) else value // STEPS_PER_UNIT + 1
