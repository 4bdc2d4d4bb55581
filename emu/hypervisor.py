# SPDX-License-Identifier: GPL-2.0-or-later
"""The seam between a configuration and the host that supplies its real storage, in both directions.

:class:`Hypervisor` is what the architecture asks of the host: :mod:`emu` defines what it needs and :mod:`host` provides
it.  :class:`GuestConfiguration` is what the host may ask of the configuration, and there is nothing else.  Where no
host is attached, :class:`FirstTouchHypervisor` gives every page a frame of its own at the first touch.
"""

from __future__ import annotations

import ctypes
import mmap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, TypeVar

import numpy as np

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.page_contents import MappedContents
from emu.page_states import (
    CONTENT_MASK,
    NOT_RESIDENT_STABLE,
    Content,
    PageStates,
    Profile,
    touch,
    touch_table,
    without_content,
)
from emu.state import Section, paged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import Enum
    from typing import Any

    from numpy.typing import NDArray

    from emu.program_interruption import ProgramInterruption
    from emu.storage_keys import StorageKeys

MAP_NORESERVE: Final = 0x4000
"""Linux's value; the module mmap names it from Python 3.13 on."""
DeviceT = TypeVar("DeviceT")

NEVER: Final = 1 << 62
"""More units of work than any run does."""


class FrameShortage(Exception):  # noqa: N818 - nothing is wrong: the machine makes room and goes on
    """A page needs a frame and none is free.

    The instruction is abandoned before it has changed anything; the machine calls :meth:`Hypervisor.supply` and
    executes it again.  So the host takes frames away between instructions only.
    """


class HostFailure(Exception):  # noqa: N818 - it is the reason of a stop
    """The host cannot go on without losing or falsifying a page of the guest; the run ends and says why."""


@dataclass(frozen=True, slots=True)
class FrameTables:
    """Where a host keeps where pages are and how they are used.

    Compiled code finds there the frame of a page that is resident and stable, in place of :meth:`Hypervisor.frame`,
    and sets the flags.  For every other page, and while the host watches one, the host is asked.
    """

    locations: NDArray[np.int32] | None = None
    """For each page the number of its frame, plus one; None if that is the number of the page."""
    referenced: NDArray[np.uint8] | None = None
    """For each frame, whether it was accessed; None if nobody wants to know."""
    changed: NDArray[np.uint8] | None = None
    """For each frame, whether it may have been stored into; None if nobody wants to know."""
    pages: NDArray[np.int32] | None = None
    """For each frame the number of the page that it holds, if it is one of this guest's; None if that is its own."""
    watched: NDArray[np.uint64] | None = None
    """One word: how many pages the host wants to be asked for whatever their state; None if it never does."""
    touches: NDArray[np.uint8] = field(default_factory=touch_table)
    """The state of a page after an access to it, by its state (:func:`emu.page_states.touch_table`)."""


class Hypervisor(Protocol):
    """The host as a configuration sees it."""

    @property
    def frame_address(self) -> int:
        """The address, in this process, of the first byte of the frame pool."""

    @property
    def frame_bytes(self) -> int:
        """The size of the frame pool in bytes."""

    @property
    def frame_tables(self) -> FrameTables | None:
        """Where compiled code finds frames by itself; None if the host is to be asked for each.  It never changes."""

    def attach(self, configuration: GuestConfiguration) -> None:
        """Say whose host this is; called once, before anything else."""

    def frame(self, page: int) -> int:
        """The byte offset in the pool of the frame that holds absolute page *page*, brought in if it must be.

        :raises ProgramInterruption: addressing for an unused page, discard fault for a discarded one (z/VM profile).
        :raises FrameShortage: if no frame is free.
        :raises HostFailure: if the preserved content cannot be read.
        """

    def frame_for_store(self, page: int) -> int:
        """The same for an access that may store."""

    def free_frames(self) -> tuple[int, int]:
        """Which frames compiled code may give to pages that are nowhere, by :attr:`frame_tables`, without asking.

        The address of the next of them, in a table of 32-bit numbers in which the others lie before it, and how many.
        Each is to be filled with zeros, and the host is told by :meth:`supplied` before it is asked anything else.
        """

    def supplied(self, pages: Sequence[int]) -> None:
        """Note that these *pages* have been given its next free frames, in this order."""

    def is_settled(self, page: int) -> bool:
        """Whether an access to absolute *page* would change nothing: neither its state nor what is known of its use."""

    def refused(self, condition: ProgramInterruption) -> None:
        """Note that a program interruption is taken for *condition*, which may have been raised here."""

    def refused_discarded(self, count: int) -> None:
        """The same of *count* discard faults that compiled code has found by the states of pages."""

    def bring_in(self, page: int) -> None:
        """Give *page*, whatever its usage, a frame with its content; its state byte is the caller's to change.

        :raises FrameShortage: if no frame is free.
        :raises HostFailure: if the preserved content cannot be read.
        """

    def content(self, page: int) -> bytes | None:
        """The 4096 bytes of *page*, looked at without touching it, wherever they are; None if it is logically zero."""

    def place(self, page: int) -> str:
        """Where *page* is, in words, for who looks from outside: its frame, its slot, or nowhere."""

    def drop(self, page: int) -> None:
        """Forget the content of *page*, preserved or in a frame, which the guest has declared worthless.

        It is nowhere then, and its state says so.  No translation may lead to it any more.
        """

    def list_for_release(self, cpu: int, page: int) -> None:
        """Put non-resident *page* on the block release list of CPU *cpu* (KVM profile, reference 6.2)."""

    def attend(self, work: int) -> int:
        """Do what is due when virtual time is *work* units, and give the work at which to be called next.

        Called between instructions only.
        """

    def supply(self, attempt: int) -> None:
        """Make frames free after a :class:`FrameShortage`; called between instructions only.

        :param attempt: how often the same instruction has been tried in vain before; the host does more each time.
        :raises HostFailure: if no frame can be made free, or the instruction needs more than there are.
        """


class GuestTime(Protocol):
    """The virtual time of a guest (:mod:`emu.timing`)."""

    @property
    def work(self) -> int:
        """Units of work done since the machine was made."""


class GuestCpu(Protocol):
    """A CPU of a guest (:mod:`emu.cpu`), as far as its host may look at it."""

    @property
    def instruction_address(self) -> int:
        """The address of the instruction that it executes next."""

    @property
    def state(self) -> Enum:
        """Its :class:`emu.cpu.CpuState`."""

    @property
    def is_waiting(self) -> bool:
        """Whether its PSW is in the wait state."""


class GuestConfiguration(Protocol):
    """The configuration as its host sees it: all that the host may ask of it.

    Page states and storage keys are not here, since the host has been given them when the configuration was made.
    """

    observers: list[Any]
    """The :class:`emu.events.Observer` objects, to which the host announces what it does.

    Not typed, since events know of CPUs, and those stand on this module.  A list that is gone through may not be
    changed: replace it.
    """

    @property
    def memory(self) -> int:
        """Bytes of absolute storage."""

    @property
    def timing(self) -> GuestTime:
        """The clock."""

    @property
    def cpus(self) -> Sequence[GuestCpu]:
        """The CPUs, by address."""

    def device(self, kind: type[DeviceT]) -> DeviceT:
        """The device of this *kind*, such as that which presents special messages.

        :raises LookupError: if there is none.
        """

    def pinned_pages(self) -> list[int]:
        """The absolute pages that must keep their frames: the prefix areas of the CPUs."""

    def frames_taken(self, pages: NDArray[np.integer[Any]]) -> None:
        """Drop every translation: the frames of *pages* are gone, and references of all pages are to be seen again.

        Called between instructions only.
        """

    def page_changed(self, page: int) -> None:
        """Drop the translations that lead to *page*, so that the host is asked for it at the next access."""

    def call_soon(self) -> None:
        """Call :meth:`Hypervisor.attend` as soon as may be; this is called from anywhere, even inside an access."""


class FirstTouchHypervisor:
    """A host with a frame for every page: a page is logically zero until it is touched, and never taken away."""

    STATE: ClassVar = Section(
        "storage",
        paged(
            "contents",
            "_contents",
            "_set_contents",
            lambda it: MappedContents(it._pool, it._resident),  # noqa: SLF001 - its own
            of=("_pool",),
        ),
        excluded={
            "frame_bytes": "a parameter",
            "frame_address": "of this process",
            "_states": "the machine's state",
            "_profile": "a parameter",
            "_tables": "a parameter",
            "_configuration": "whose host it is",
        },
    )

    def __init__(self, size: int, states: PageStates, keys: StorageKeys, profile: Profile) -> None:
        # Private, or MADV_DONTNEED would keep the content; without a reservation, since a guest may never touch it all.
        self._pool = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE)
        self._states = states
        self._profile = profile
        self._tables = FrameTables(touches=touch_table(profile))
        self.frame_bytes = size
        self.frame_address = ctypes.addressof(ctypes.c_char.from_buffer(self._pool))
        self._configuration: GuestConfiguration | None = None

    def attach(self, configuration: GuestConfiguration) -> None:
        """See :meth:`Hypervisor.attach`."""
        self._configuration = configuration

    @property
    def frame_tables(self) -> FrameTables | None:
        """See :meth:`Hypervisor.frame_tables`."""
        return self._tables

    def frame(self, page: int) -> int:
        """See :meth:`Hypervisor.frame`."""
        state = self._states.bytes[page]
        if state & NOT_RESIDENT_STABLE:
            after = touch(state, page, self._profile)
            self.bring_in(page)
            self._states.bytes[page] = after
            if after != state and self._configuration is not None:
                for observer in self._configuration.observers:
                    observer.host_changed(page, state, after)
        return page << 12

    def frame_for_store(self, page: int) -> int:
        """See :meth:`Hypervisor.frame_for_store`."""
        return self.frame(page)

    def free_frames(self) -> tuple[int, int]:
        """See :meth:`Hypervisor.free_frames`; every page has its own."""
        return 0, 0

    def supplied(self, pages: Sequence[int]) -> None:
        """See :meth:`Hypervisor.supplied`."""

    def is_settled(self, page: int) -> bool:
        """See :meth:`Hypervisor.is_settled`."""
        return not self._states.bytes[page] & CONTENT_MASK

    def refused(self, condition: ProgramInterruption) -> None:
        """See :meth:`Hypervisor.refused`."""

    def refused_discarded(self, count: int) -> None:
        """See :meth:`Hypervisor.refused_discarded`."""

    def bring_in(self, page: int) -> None:
        """See :meth:`Hypervisor.bring_in`."""
        if self._states.bytes[page] & CONTENT_MASK:
            ctypes.memset(self.frame_address + (page << 12), 0, 4096)

    def content(self, page: int) -> bytes | None:
        """See :meth:`Hypervisor.content`."""
        if self._states.bytes[page] & CONTENT_MASK:
            return None
        return self._pool[page << 12 : (page + 1) << 12]

    def place(self, page: int) -> str:
        """See :meth:`Hypervisor.place`; every page has the frame of its own number."""
        return "nowhere" if self._states.bytes[page] & CONTENT_MASK else f"frame {page:x}"

    def drop(self, page: int) -> None:
        """See :meth:`Hypervisor.drop`; the frame is cleared when the page is touched."""
        self._states.bytes[page] = without_content(self._states.bytes[page], self._profile)

    def list_for_release(self, cpu: int, page: int) -> None:
        """See :meth:`Hypervisor.list_for_release`; nothing is preserved here, so there is nothing to release."""

    def attend(self, work: int) -> int:
        """See :meth:`Hypervisor.attend`."""
        return NEVER

    def supply(self, attempt: int) -> None:
        """See :meth:`Hypervisor.supply`; every page has its frame."""

    # State

    def _resident(self) -> NDArray[Any]:
        """The pages that have been touched."""
        return np.flatnonzero(self._states.array & CONTENT_MASK == Content.RESIDENT)

    def _contents(self) -> dict[int, bytes]:
        """The content of each page that is not all zeros."""
        zeros = bytes(PAGE_SIZE)
        resident = self._resident().tolist()
        contents = ((page, self._pool[page << PAGE_SHIFT : (page + 1) << PAGE_SHIFT]) for page in resident)
        return {page: content for page, content in contents if content != zeros}

    def _set_contents(self, saved: dict[int, bytes]) -> None:
        self._pool.madvise(mmap.MADV_DONTNEED)
        for page, content in saved.items():
            self._pool[page << PAGE_SHIFT : (page + 1) << PAGE_SHIFT] = content
