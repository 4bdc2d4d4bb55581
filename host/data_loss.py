# SPDX-License-Identifier: GPL-2.0-or-later
"""The check that the host never throws away the only copy of something.

It looks at what has become of each page before its frame is given to another, and asks the page's state, not the code
that evicted it: the rules here are written down a second time, from the definitions of the usage states (page-hinting
reference 2.1 and, for KVM, 6.2), and share nothing with :mod:`host.outcomes`.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from emu.hypervisor import HostFailure
from emu.page_states import USAGE_MASK, Profile, Usage
from emu.page_states import name as state_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from host.guest import Guest
    from host.host_storage import HostStorage


class DataLoss(HostFailure):
    """The host was about to lose content that exists nowhere else: an error of the host, whatever the guest did."""


def may_lose(profile: Profile, states: NDArray[np.uint8], changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each page in one of *states*, with that change bit, whether its content may be lost.

    Unused content is of no interest; volatile content the guest can make again, also potentially volatile content if
    it was not changed.  KVM's host reads of a resident page only whether it is unused.
    """
    usage = states & USAGE_MASK
    if profile is Profile.OFF:
        return np.zeros(len(states), dtype=np.bool_)
    unused = usage == Usage.UNUSED
    if profile is Profile.KVM:
        return np.asarray(unused, dtype=np.bool_)
    volatile = (usage == Usage.VOLATILE) | ((usage == Usage.POTENTIALLY_VOLATILE) & ~changed)
    return np.asarray(unused | volatile, dtype=np.bool_)


def check(
    guest: Guest,
    storage: HostStorage,
    *,
    frames: NDArray[np.int32],
    slots: NDArray[np.int32],
    states: NDArray[np.uint8],
    changed: NDArray[np.bool_],
) -> None:
    """Make sure that the content of *frames*, which are about to be taken from pages of *guest*, is not lost.

    :param slots: those of the paging device that hold it now; negative where none does.
    :param states: of the pages in them, before they are evicted.
    :param changed: their change bits, as the guest has them.
    :raises DataLoss: naming the first page that would be lost.
    """
    pool, device = storage.pool, storage.device
    preserved = slots >= 0
    held = slots[preserved]
    checksums = device.checksums(held) if len(held) else []
    for frame, slot, checksum in zip(frames[preserved].tolist(), held.tolist(), checksums, strict=True):
        if checksum != zlib.crc32(pool.content(frame)):
            raise _loss(guest, int(pool.page[frame]), f"slot {slot} holds something else")
    suspicious = ~preserved & ~may_lose(guest.profile, states, changed)
    for index in np.flatnonzero(suspicious).tolist():
        if not pool.is_zero(int(frames[index])):
            raise _loss(guest, int(pool.page[frames[index]]), f"dropped in state {state_name(int(states[index]))}")


def _loss(guest: Guest, page: int, what: str) -> DataLoss:
    return DataLoss(f"data loss: guest {guest.number}, page {page:#x}: its latest content is in no other place: {what}")
