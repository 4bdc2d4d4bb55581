# SPDX-License-Identifier: GPL-2.0-or-later
"""Areas of storage in which no access of an instruction may go unnoticed: somebody looks on, or it is an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.teid import Access


@dataclass(frozen=True, slots=True)
class WatchedArea:
    """The bytes from *first* to *last*, and the *kinds* of access to them that are to be noticed.

    They are absolute addresses, or the logical (or real) ones that an instruction names, in whatever space.
    An instruction that makes such an access in a page of the area is executed alone; what it has accessed there,
    whoever watches finds out.
    """

    first: int
    last: int
    kinds: frozenset[Access]
    is_absolute: bool = False
