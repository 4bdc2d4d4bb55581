# SPDX-License-Identifier: GPL-2.0-or-later
"""What a configuration is called, and how its CPUs lie (PoP 10, "STORE SYSTEM INFORMATION")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

EBCDIC: Final = "cp037"
"""The code page in which the machine names things."""
TOPOLOGY_NESTING: Final = 2
"""Levels of topology containers: CPUs, and one socket."""
_NO_UUID: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class SystemIdentification:
    """What STORE SYSTEM INFORMATION and STORE CPU ID tell of a configuration.

    Text is given as ordinary strings and stored as EBCDIC.  *max_cpus* counts the CPUs that the configuration could
    have, those it has included; None means just those.
    """

    name: str = "guest"
    uuid: UUID = _NO_UUID
    max_cpus: int | None = None
    manufacturer: str = "IBM"
    machine_type: str = "3906"
    model: str = "400"
    sequence: str = "0000000000012345"
    plant: str = "00"
    partition: str = "ESSA"
    control_program: str = "KVM/Linux"
    """The control-program identifier of the level that runs this configuration: programs look at it to know whose
    guests they are, and what DIAGNOSE can do for them."""
    cpu_identification: int = 0x012345


@dataclass(slots=True)
class Topology:
    """The CPU topology of a configuration (PoP, "Configuration Topology"): one socket that holds all CPUs."""

    is_vertical: bool = False
    """The polarization."""
    change_pending: bool = False
    """A topology-change report is pending."""

    def polarize(self, *, vertical: bool) -> bool:
        """Change the polarization; say whether it was another one before."""
        if self.is_vertical is vertical:
            return False
        self.is_vertical = vertical
        self.change_pending = True
        return True

    def reset(self) -> None:
        """Subsystem reset: horizontal polarization, no report pending."""
        self.is_vertical = self.change_pending = False


def max_cpus(identification: SystemIdentification, configured: int) -> int:
    """How many CPUs there could be, of which *configured* are there."""
    return max(identification.max_cpus or 0, configured)
