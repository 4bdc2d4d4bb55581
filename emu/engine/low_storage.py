# SPDX-License-Identifier: GPL-2.0-or-later
"""The first 8 KiB of logical addresses, where rules are finer than a page, for the careful engine.

Low-address protection and fetch-protection override (PoP 3, "Protection") hold of parts of pages 0 and 1.  Unicorn asks
for a page only, moves many bytes at once through a pointer, and tells the callbacks for accesses of few of its ways of
accessing.  But storage of a device it accesses in no other way than by calling two functions, for a few bytes each,
with their place.  So a page with such a rule is shown as storage of a device, whose places are effective addresses;
every byte that an instruction accesses is checked here, and then comes from or goes to the frame.

The parts with rules of their own begin and end at multiples of 512.  Unicorn accesses an aligned number of bytes at a
time, at most 8 (seen in 2.1.4: operands that are not aligned are put together of aligned ones), so that what holds of
the first byte holds of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from emu import access
from emu.addresses import PAGE_SIZE
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.configuration import Configuration
    from emu.cpu import Cpu

LOW_STORAGE: Final = 1 << 39
"""Where it lies in the engine's physical memory: below the host's frame pool."""
_PART: Final = 512
"""Bytes for which one rule holds."""


class AccessingInstruction(Protocol):
    """What the device needs of the instruction that accesses it."""

    def attempt(self, checked: Callable[[], int]) -> int | None:
        """What *checked* gives; None, and the instruction ends, if it raises something, or something has before."""

    def storing(self, page: int) -> int:
        """The offset in the frame pool of absolute *page*, which it is about to store into."""


class LowStorage:
    """The device."""

    def __init__(self, instruction: AccessingInstruction, configuration: Configuration[Cpu], cpu: Cpu) -> None:
        """Be what the instructions of *cpu* access."""
        self._instruction = instruction
        self._configuration = configuration
        self._cpu = cpu
        self._known: dict[tuple[int, Access], int] = {}
        """From each part that the present instruction has accessed, the distance to its absolute addresses."""

    def begin(self) -> None:
        """An instruction begins: what it accesses is to be checked."""
        self._known.clear()

    def fetch(self, _: Any, address: int, size: int, __: Any) -> int:
        """The *size* bytes at effective *address*; zero if they may not be fetched."""
        absolute = self._checked(address, Access.FETCH)
        return 0 if absolute is None else self._configuration.storage.read_integer(absolute, size)

    def store(self, _: Any, address: int, size: int, value: int, __: Any) -> None:
        """Store the last *size* bytes of *value* at effective *address*, if that may be."""
        absolute = self._checked(address, Access.STORE)
        if absolute is not None:
            frame = self._instruction.storing(absolute >> 12)
            data = (value & (1 << 8 * size) - 1).to_bytes(size, "big")
            self._configuration.storage.write_frame(frame + absolute % PAGE_SIZE, data)

    def _checked(self, address: int, kind: Access) -> int | None:
        part = address // _PART, kind
        distance = self._known.get(part)
        if distance is not None:
            return self._instruction.attempt(lambda: address + distance)
        absolute = self._instruction.attempt(lambda: access.resolve(self._cpu, address, kind))
        if absolute is not None:
            self._known[part] = absolute - address
        return absolute
