# SPDX-License-Identifier: GPL-2.0-or-later
"""What the architecture asks of the host that supplies its real storage.

This protocol belongs to its consumer: :mod:`emu` defines what it needs and :mod:`host` provides it.  Until a host is
attached, :class:`FirstTouchHypervisor` gives every page a frame of its own at the first touch.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Final, Protocol

from emu.page_states import PageStates, Profile, touch

_MAP_NORESERVE: Final = 0x4000
"""Linux's value; the module mmap names it from Python 3.13 on."""


class Hypervisor(Protocol):
    """The host as a configuration sees it."""

    @property
    def frame_address(self) -> int:
        """The address, in this process, of the first byte of the frame pool."""

    @property
    def frame_bytes(self) -> int:
        """The size of the frame pool in bytes."""

    def frame(self, page: int) -> int:
        """The byte offset in the pool of the frame that holds absolute page *page*, brought in if it must be.

        :raises ProgramInterruption: addressing for an unused page, discard fault for a discarded one (z/VM profile).
        """

    def place(self, page: int) -> int:
        """The byte offset in the pool of the frame that holds the resident *page*; nothing is checked or changed."""

    def drop(self, page: int) -> None:
        """Forget the content of *page*, preserved or in a frame: the guest has declared it worthless."""

    def clear(self) -> None:
        """Return all of storage to zeros (clear reset)."""


class FirstTouchHypervisor:
    """A host with a frame for every page: a page is logically zero until it is touched, and never taken away."""

    def __init__(self, size: int, states: PageStates, profile: Profile) -> None:
        # Private, or MADV_DONTNEED would keep the content; without a reservation, since a guest may never touch it all.
        self._pool = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE)
        self._states = states
        self._profile = profile
        self.frame_bytes = size
        self.frame_address = ctypes.addressof(ctypes.c_char.from_buffer(self._pool))

    def frame(self, page: int) -> int:
        """See :meth:`Hypervisor.frame`."""
        state = self._states.bytes[page]
        if state & 0x0F:
            self._states.bytes[page] = touch(state, page, self._profile)
            if state & 0x03:
                ctypes.memset(self.frame_address + (page << 12), 0, 4096)
        return page << 12

    def place(self, page: int) -> int:
        """See :meth:`Hypervisor.place`."""
        return page << 12

    def drop(self, page: int) -> None:
        """See :meth:`Hypervisor.drop`; nothing is preserved here, and a frame is cleared when its page is touched."""

    def clear(self) -> None:
        """See :meth:`Hypervisor.clear`."""
        self._pool.madvise(mmap.MADV_DONTNEED)
