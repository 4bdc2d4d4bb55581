# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots: the whole state of a machine as plain data, as its owners have declared it (:mod:`emu.state`).

Two machines with equal snapshots go on in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.state import State, differences, state_of

if TYPE_CHECKING:
    from emu.machine import Machine

__all__ = ["Snapshot", "differences", "take"]

Snapshot = State


def take(machine: Machine) -> Snapshot:
    """The state of *machine*, which is between two instructions; taking it changes nothing.

    Of a machine on a host that pages, where its pages are is in it, and their content is the host's.
    """
    return state_of(machine.configuration)
