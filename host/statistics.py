# SPDX-License-Identifier: GPL-2.0-or-later
"""What the host counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(slots=True)
class GuestStatistics:
    """What the host did to the pages of one guest.  All are numbers of pages unless they say otherwise."""

    page_ins: int = 0
    """Read from the paging device."""
    page_outs: int = 0
    """Written to the paging device."""
    zero_fills: int = 0
    """Got a frame of zeros at an access."""
    zero_evictions: int = 0
    """Would have been written, but were all zeros."""
    discards_unused: int = 0
    """Dropped without I/O in state Ur."""
    discards_volatile: int = 0
    """The same in state Vr."""
    discards_potentially_volatile: int = 0
    """The same in state Pr, not changed."""
    changed_volatile_discards: int = 0
    """Those of the Vr pages whose change bit was one: the guest lost what it had stored, unless it knew what it did."""
    released: int = 0
    """Given up by the guest itself while the host kept their content: ESSA, DIAGNOSE 0x10, KVM's release list."""
    discard_faults: int = 0
    """Accesses refused because the page was discarded."""
    addressing_exceptions: int = 0
    """Accesses refused because the page was unused."""
    failed_writes: int = 0
    """Evictions given up because the paging device was full or failed; the pages stayed."""
    list_interceptions: int = 0
    """Block release lists found full, and worked off (KVM)."""

    @property
    def discards(self) -> int:
        """Dropped without I/O."""
        return self.discards_unused + self.discards_volatile + self.discards_potentially_volatile

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return asdict(self)


@dataclass(slots=True)
class HostStatistics:
    """What the host did as a whole."""

    reclaims: int = 0
    """Batches of frames taken, each with one flush of the translations."""
    shortages: int = 0
    """Instructions abandoned because no frame was free."""
    scanned: int = 0
    """Frames looked at as victims."""

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return asdict(self)


def total(guests: list[GuestStatistics]) -> GuestStatistics:
    """The sums over several guests."""
    return GuestStatistics(
        **{each.name: sum(getattr(guest, each.name) for guest in guests) for each in fields(GuestStatistics)}
    )
