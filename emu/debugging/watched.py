# SPDX-License-Identifier: GPL-2.0-or-later
"""What a last change can be looked for of: what it holds now, and which stops come whenever it may have changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.debugging.registers import find_register
from emu.engine.following import can_follow
from emu.psw import CONDITION_CODE
from emu.running.stopping.kinds import (
    ContentChange,
    ControlRegisterChange,
    PageStateChange,
    PswMaskChange,
    StopOn,
    StopSpace,
    StorageAccess,
    StorageKeyChange,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from emu.cpu import Cpu
    from emu.engine.following import FollowedRegister
    from emu.machine import Machine


@dataclass(frozen=True, slots=True)
class OfRegister:
    """What the register called *name* (:mod:`emu.debugging.registers`) of a CPU holds; of PSW bits 0-63 the condition
    code does not count."""

    name: str
    cpu: int = 0

    def value(self, machine: Machine) -> int:
        """What it is now.

        :raises ValueError: if there is no such register.
        """
        return self._value(machine.cpus[self.cpu])

    def stops(self) -> tuple[StopOn, ...]:
        """One of these comes whenever it may have changed, and at full speed; there are none if nothing tells."""
        name = find_register(self.name).name
        if name == "pswm":
            return (PswMaskChange(),)
        return (ControlRegisterChange(int(name.removeprefix("cr"))),) if name.startswith("cr") else ()

    @property
    def can_be_followed(self) -> bool:
        """Whether :meth:`follow` may be used: the others change all the time, or have stops."""
        return can_follow(find_register(self.name).name)

    def follow(self, machine: Machine) -> AbstractContextManager[FollowedRegister]:
        """While it lasts, note when it is changed."""
        return machine.following(self.cpu, find_register(self.name).name, self._value)

    def _value(self, cpu: Cpu) -> int:
        register = find_register(self.name)
        return register.get(cpu) & ~CONDITION_CODE if register.name == "pswm" else register.get(cpu)


@dataclass(frozen=True, slots=True)
class OfStorage:
    """The *length* bytes at an *absolute* address, in one page, wherever the host has it.

    Of a page that has been discarded, or was never touched, they are zeros.
    """

    absolute: int
    length: int = 1

    def value(self, machine: Machine) -> bytes:
        """See :meth:`OfRegister.value`."""
        offset = self.absolute % PAGE_SIZE
        content = machine.hypervisor.content(self.absolute >> PAGE_SHIFT) or bytes(PAGE_SIZE)
        return content[offset : offset + self.length]

    def stops(self) -> tuple[StopOn, ...]:
        """See :meth:`OfRegister.stops`: somebody stores, or host or ESSA give the content up."""
        page = self.absolute >> PAGE_SHIFT
        stores = StorageAccess(self.absolute, self.absolute + self.length - 1, StopSpace.ABSOLUTE)
        return stores, ContentChange(page), PageStateChange(page)


@dataclass(frozen=True, slots=True)
class OfKey:
    """The storage key of absolute *page* but for reference and change, which every access records."""

    page: int

    def value(self, machine: Machine) -> int:
        """See :meth:`OfRegister.value`."""
        return machine.keys.bytes[self.page] & 0xF8

    def stops(self) -> tuple[StopOn, ...]:
        """See :meth:`OfRegister.stops`."""
        return (StorageKeyChange(self.page),)


@dataclass(frozen=True, slots=True)
class OfUsage:
    """The usage state of absolute *page*, which ESSA changes."""

    page: int

    def value(self, machine: Machine) -> int:
        """See :meth:`OfRegister.value`."""
        return machine.states.bytes[self.page] & 0x2C

    def stops(self) -> tuple[StopOn, ...]:
        """See :meth:`OfRegister.stops`."""
        return (PageStateChange(self.page),)


@dataclass(frozen=True, slots=True)
class OfPage:
    """The whole state of absolute *page*: what the guest has declared it to be, and whether the host has it."""

    page: int

    def value(self, machine: Machine) -> int:
        """See :meth:`OfRegister.value`."""
        return machine.states.bytes[self.page]

    def stops(self) -> tuple[StopOn, ...]:
        """See :meth:`OfRegister.stops`."""
        return PageStateChange(self.page), ContentChange(self.page)


Watched: TypeAlias = OfRegister | OfStorage | OfKey | OfUsage | OfPage
"""Something whose last change can be looked for."""
