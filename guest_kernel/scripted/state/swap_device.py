# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's own swap device, and who uses its slots (mm/swapfile.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.state.block_device import LATENCY, PageDevice

if TYPE_CHECKING:
    from emu.machine import Machine
    from guest_kernel.scripted.state.mm_types import Page


class SwapDevice(PageDevice):
    """A device of *slots* slots of a page each; with none of them nothing is ever swapped."""

    def __init__(self, machine: Machine, slots: int, latency: int = LATENCY) -> None:
        super().__init__(machine, latency)
        self.slots = slots
        self.swap_map: dict[int, int] = {}
        """For each slot in use the page-table entries that name it, and one more if it is in the swap cache."""
        self._free = list(range(slots - 1, -1, -1))
        self._content: dict[int, bytes] = {}

    @property
    def free_slots(self) -> int:
        """nr_swap_pages."""
        return len(self._free)

    @property
    def is_full(self) -> bool:
        """vm_swap_full: slots are given back as soon as possible, since less than half of them are free."""
        return 2 * len(self._free) < self.slots

    def get_swap_page(self) -> int | None:
        """A free slot, used once from now on; None if there is none."""
        if not self._free:
            return None
        slot = self._free.pop()
        self.swap_map[slot] = 1
        return slot

    def swap_duplicate(self, slot: int) -> bool:
        """Add a user of *slot*; False if it is free."""
        if slot not in self.swap_map:
            return False
        self.swap_map[slot] += 1
        return True

    def swap_free(self, slot: int) -> int:
        """Take away a user of *slot*; return how many remain.

        :raises KernelBug: if it is free.
        """
        count = self.swap_map.get(slot, 0) - 1
        if count < 0:
            raise KernelBug(f"swap_free: slot {slot} is free")
        if count:
            self.swap_map[slot] = count
        else:
            del self.swap_map[slot]
            self._content.pop(slot, None)
            self._free.append(slot)
        return count

    def page_swapcount(self, page: Page) -> int:
        """How many page-table entries name the slot of *page*, which is in the swap cache."""
        return self.swap_map[page.private] - 1

    def read(self, slot: int, page: Page) -> None:
        """Transfer *slot* into *page*.

        :raises KernelBug: if nothing has been written there, and as :meth:`PageDevice.transfer_to`.
        """
        if slot not in self._content:
            raise KernelBug(f"swap slot {slot} is read, and was never written")
        self.transfer_to(page, self._content[slot])

    def write(self, slot: int, page: Page) -> None:
        """Transfer *page* to *slot*.

        :raises KernelBug: as :meth:`PageDevice.transfer_from`.
        """
        self._content[slot] = self.transfer_from(page)
