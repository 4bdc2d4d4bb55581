# SPDX-License-Identifier: GPL-2.0-or-later
"""Machine-check conditions (PoP 11): their bits in the machine-check-interruption code, and what masks them.

Damage to the system and to the processing of an instruction is exigent: only PSW bit 13 masks it, and a CPU that is
disabled for it enters the check-stop state.  The others are repressible, and stay pending while their subclass mask in
control register 14 is zero.  A channel report floats (PoP 6, "Floating Interruption Conditions"); the others belong to
a CPU.  Not here is damage to the timing facility, to the service processor and to the channel subsystem (bits 4, 10 and
11): nothing is modelled that could be damaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import control_registers as control
from emu.bits import bit

if TYPE_CHECKING:
    from emu.cpu import Cpu

SYSTEM_DAMAGE: Final = bit(0)
PROCESSING_DAMAGE: Final = bit(1)
SYSTEM_RECOVERY: Final = bit(2)
EXTERNAL_DAMAGE: Final = bit(5)
DEGRADATION: Final = bit(7)
WARNING: Final = bit(8)
CHANNEL_REPORT: Final = bit(9)

EXIGENT: Final = SYSTEM_DAMAGE | PROCESSING_DAMAGE
SUBCLASSES: Final = {
    CHANNEL_REPORT: control.CR14_CHANNEL_REPORT,
    SYSTEM_RECOVERY: control.CR14_RECOVERY,
    DEGRADATION: control.CR14_DEGRADATION,
    EXTERNAL_DAMAGE: control.CR14_EXTERNAL_DAMAGE,
    WARNING: control.CR14_WARNING,
}
"""The repressible conditions, and the bit of control register 14 that lets each through."""
CONDITIONS: Final = sum(SUBCLASSES) | EXIGENT

PSW_AND_STORAGE_VALID: Final = bit(20) | bit(21) | bit(22) | bit(23) | bit(31)
"""The old PSW's mask and key, program mask and condition code, masks and address; and storage."""
REGISTERS_VALID: Final = bit(27) | bit(28) | bit(29) | bit(33) | bit(42) | bit(43) | bit(46) | bit(47)
"""What is in the save areas: floating-point, general, control and access registers, TOD programmable register,
floating-point-control register, CPU timer and clock comparator."""
VECTORS_VALID: Final = bit(25)
"""The vector registers in the machine-check extended save area."""


def report(cpu: Cpu, conditions: int) -> None:
    """Let *conditions* become pending, between two instructions: those that do not float for *cpu*.

    :raises ValueError: if some of the bits are no condition, or none is one.
    """
    require_conditions(conditions)
    cpu.machine_checks |= conditions & ~CHANNEL_REPORT
    cpu.configuration.floating.machine_checks |= conditions & CHANNEL_REPORT


def require_conditions(bits: int) -> None:
    """Check that *bits* are some of the :data:`CONDITIONS`.

    :raises ValueError: if not.
    """
    if not bits or bits & ~CONDITIONS:
        raise ValueError(f"expected machine-check conditions, some of {CONDITIONS:016x}, not {bits:016x}")


def pending(cpu: Cpu) -> int:
    """The conditions that are pending for *cpu*."""
    return cpu.machine_checks | cpu.configuration.floating.machine_checks


def enabled(cpu: Cpu) -> int:
    """The pending conditions that control register 14 of *cpu* lets through; its PSW is the caller's to look at."""
    found = pending(cpu)
    subclasses = sum(condition for condition, mask in SUBCLASSES.items() if cpu.cr[14] & mask)
    return found & (EXIGENT | subclasses)


def clear(cpu: Cpu, conditions: int) -> None:
    """Forget *conditions*, which *cpu* has been told of."""
    cpu.machine_checks &= ~conditions
    cpu.configuration.floating.machine_checks &= ~conditions
