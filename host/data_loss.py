# SPDX-License-Identifier: GPL-2.0-or-later
"""The check that the host never throws away the only copy of something.

It looks at what has become of each page before its frame is given to another, and asks the page's state, not the code
that evicted it: the rules here are written down a second time, from the definitions of the usage states (page-hinting
reference 2.1 and, for KVM, 6.2), and share nothing with :mod:`host.outcomes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from zlib_ng import zlib_ng

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
    return _MAY_LOSE[profile].take(states | changed.astype(np.intp) << _STATE_WIDTH)


def _rule(profile: Profile, states: NDArray[np.uint8], changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    usage = states & USAGE_MASK
    if profile is Profile.OFF:
        return np.zeros(len(states), dtype=np.bool_)
    unused = usage == Usage.UNUSED
    if profile is Profile.KVM:
        return np.asarray(unused, dtype=np.bool_)
    volatile = (usage == Usage.VOLATILE) | ((usage == Usage.POTENTIALLY_VOLATILE) & ~changed)
    return np.asarray(unused | volatile, dtype=np.bool_)


def _rules(profile: Profile) -> NDArray[np.bool_]:
    """The same for every state byte, with the change bit zero and one."""
    states = np.arange(1 << _STATE_WIDTH, dtype=np.uint8)
    return np.concatenate([_rule(profile, states, np.full(len(states), changed)) for changed in (False, True)])


_STATE_WIDTH: Final = 8
"""The change bit is so far to the left of the state in an index."""
_MAY_LOSE: Final = {profile: _rules(profile) for profile in Profile}


def check(
    guest: Guest,
    storage: HostStorage,
    *,
    frames: NDArray[np.intp],
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
    if np.count_nonzero(preserved):
        held = slots[preserved]
        for frame, slot, checksum in zip(
            frames[preserved].tolist(), held.tolist(), device.checksums(held), strict=True
        ):
            if checksum != zlib_ng.crc32(pool.content(frame)):
                raise _loss(guest, int(pool.page[frame]), f"slot {slot} holds something else")
    unsuspicious = preserved | may_lose(guest.profile, states, changed)
    for index in (~unsuspicious).nonzero()[0].tolist():
        if not pool.is_zero(int(frames[index])):
            raise _loss(guest, int(pool.page[frames[index]]), f"dropped in state {state_name(int(states[index]))}")


def _loss(guest: Guest, page: int, what: str) -> DataLoss:
    return DataLoss(f"data loss: guest {guest.number}, page {page:#x}: its latest content is in no other place: {what}")
