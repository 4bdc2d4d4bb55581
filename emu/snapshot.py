# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots: the whole state of a machine as plain data, as its owners have declared it (:mod:`emu.state`).

Two machines with equal snapshots go on in the same way.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.addresses import PAGE_SIZE
from emu.page_states import CONTENT_MASK, Content
from emu.state import State, differences, state_of

if TYPE_CHECKING:
    from emu.machine import Machine

__all__ = ["Snapshot", "differences", "guest_view", "take"]

Snapshot = State
_NOT_THE_GUESTS: Final = frozenset({"hypervisor", "operator", "counts", "turns", "repetition"})


def take(machine: Machine) -> Snapshot:
    """The state of *machine*, which is between two instructions; taking it changes nothing.

    Of a machine on a host that pages, where its pages are is in it, and their content is the host's.
    """
    return state_of(machine.configuration)


def guest_view(machine: Machine) -> Snapshot:
    """The part of it that the guest's program can find out, wherever the host has the guest's pages.

    In place of the host there is *storage*: a digest of each page that is not all zeros, resident or preserved.

    :raises HostFailure: if a preserved page cannot be read.
    """
    state = {name: part for name, part in take(machine).items() if name not in _NOT_THE_GUESTS}
    return state | {"storage": _digests(machine)}


def _digests(machine: Machine) -> dict[int, bytes]:
    zeros, digests = bytes(PAGE_SIZE), {}
    for page in map(int, np.flatnonzero(machine.states.array & CONTENT_MASK != Content.ZERO)):
        content = machine.hypervisor.content(page)
        if content is not None and content != zeros:
            digests[page] = hashlib.sha256(content).digest()
    return digests
