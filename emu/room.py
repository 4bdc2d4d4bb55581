# SPDX-License-Identifier: GPL-2.0-or-later
"""Making room: what is done when a page needs a frame and the host has none free (:class:`FrameShortage`)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from emu.addresses import PAGE_SIZE
from emu.hypervisor import FrameShortage

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu
    from emu.hypervisor import Hypervisor
    from emu.storage import Storage

_T = TypeVar("_T")


def supply(cpu: Cpu) -> None:
    """Have the host make frames free for what *cpu* does next; the host does more each time that it is in vain.

    :raises HostFailure: if it cannot.
    """
    repetition = cpu.configuration.repetition
    attempt = (cpu.address, cpu.executed, cpu.instruction_address, *cpu.gr)
    repetition.in_vain = repetition.in_vain + 1 if attempt == repetition.attempt else 0
    repetition.attempt = attempt
    cpu.configuration.hypervisor.supply(repetition.in_vain)


def load_storage(storage: Storage, address: int, data: bytes) -> None:
    """Store *data* at absolute *address* from outside, as loading a program does, between instructions.

    :raises ProgramInterruption: addressing, or what a page's state gives.
    :raises HostFailure: if the host cannot make room.
    """
    done = 0
    while done < len(data):
        start = address + done
        part = data[done : done + PAGE_SIZE - start % PAGE_SIZE]
        with_room(storage.hypervisor, partial(storage.write, start, part))
        done += len(part)


def read_storage(storage: Storage, address: int, length: int) -> bytes:
    """The *length* bytes, in one page, at absolute *address*, touched from outside as a device does.

    :raises ProgramInterruption: addressing, or what the page's state gives.
    :raises HostFailure: if the host cannot make room.
    """
    return with_room(storage.hypervisor, partial(storage.read, address, length))


def with_room(hypervisor: Hypervisor, access: Callable[[], _T]) -> _T:
    """Try *access*, between instructions, until the host has made room for it."""
    attempt = 0
    while True:
        try:
            return access()
        except FrameShortage:
            hypervisor.supply(attempt)
            attempt += 1
