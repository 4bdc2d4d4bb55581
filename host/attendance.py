# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is called between instructions: plans, the monitor, the time series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from host.guest import Guest


class Attendant(Protocol):
    """Something that wants to look at the guests, or do something to them, at certain moments of their virtual time."""

    def attend(self, guest: Guest, work: int) -> int | None:
        """Do what is due between two instructions of *guest*, when its virtual time is *work* units.

        Give the work at which to be called next for that guest; None means never again.
        """
