# SPDX-License-Identifier: GPL-2.0-or-later
"""What a configuration is called, and how its CPUs lie (PoP 10, "STORE SYSTEM INFORMATION")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from uuid import UUID

EBCDIC: Final = "cp037"
"""The code page in which the machine names things."""
_NO_UUID: Final = UUID(int=0)


class Entitlement(IntEnum):
    """How much of a CPU is behind a vertically polarized one, as topology lists show it."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class CpuPlace:
    """Where a CPU lies, and what is behind it."""

    drawer: int = 0
    book: int = 0
    socket: int = 0
    entitlement: Entitlement = Entitlement.HIGH
    is_dedicated: bool = False


@dataclass(frozen=True, slots=True)
class TopologyShape:
    """The containers that CPUs may lie in: sockets, in books, in drawers."""

    cores: int | None = None
    """CPUs that a socket holds at most; None: as many as there could be."""
    sockets: int = 1
    """In a book."""
    books: int = 1
    """In a drawer."""
    drawers: int = 1
    places: tuple[tuple[int, CpuPlace], ...] = ()
    """By CPU address, those that do not lie where their addresses put them."""

    @property
    def nesting(self) -> int:
        """Levels of the topology that can be told: CPUs, sockets, and what there is several of above these."""
        return 4 if self.drawers > 1 else 3 if self.books > 1 else 2

    def place(self, address: int) -> CpuPlace:
        """Where the CPU of this *address* lies: sockets are filled one after the other."""
        found = dict(self.places).get(address)
        if found is not None or self.cores is None:
            return found or CpuPlace()
        book, socket = divmod(address // self.cores, self.sockets)
        drawer, book = divmod(book, self.books)
        return CpuPlace(drawer, book, socket)


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
    shape: TopologyShape = TopologyShape()


@dataclass(slots=True)
class Topology:
    """What changes of the CPU topology of a configuration (PoP, "Configuration Topology")."""

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
