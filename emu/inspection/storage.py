# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage, looked at without touching it, at an absolute, real or virtual address.

An access would bring a page in, make it known to the host as used, record the reference in its key, and may give an
interruption.  Looking does none of that: the bytes of a page are shown wherever they are, also those of an unused page
that still has its frame, and marked where a fetch would not be given them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from emu import dat
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE, AbsoluteAddress
from emu.inspection.translation import look_up
from emu.page_states import CONTENT_MASK, Content, name, touch
from emu.program_interruption import ProgramInterruption
from emu.psw import AddressSpaceControl
from emu.running.stopping import looking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.configuration import Configuration
    from emu.cpu import Cpu


class Space(Enum):
    """What an address belongs to (PoP 3, "Address Types" and "Address Spaces")."""

    LOGICAL = "logical"
    """As the PSW has it for operands: real with DAT off, else virtual in the space that it selects."""
    INSTRUCTION = "instruction"
    """As the PSW has it for instructions."""
    PRIMARY = "primary"
    """Virtual in this space, whether DAT is on or not; so are the next two."""
    SECONDARY = "secondary"
    HOME = "home"
    REAL = "real"
    ABSOLUTE = "absolute"


_VIRTUAL: Final = {
    Space.PRIMARY: AddressSpaceControl.PRIMARY,
    Space.SECONDARY: AddressSpaceControl.SECONDARY,
    Space.HOME: AddressSpaceControl.HOME,
}


class NoStorageError(ValueError):
    """There is no storage at an address: it lies outside the memory, or no table leads from it anywhere."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one page.

    *address* is where they were asked for; *mark* says why a fetch would not simply be given them, and is empty if it
    would.
    """

    address: int
    absolute: AbsoluteAddress
    data: bytes
    mark: str


def address_space(cpu: Cpu, space: Space) -> AddressSpaceControl | None:
    """The address space that *space* means for *cpu* as it is; None if its addresses are real, or absolute."""
    if space in _VIRTUAL:
        return _VIRTUAL[space]
    if space in (Space.REAL, Space.ABSOLUTE) or not cpu.dat:
        return None
    if cpu.space is AddressSpaceControl.HOME:
        return AddressSpaceControl.HOME
    # In the access-register mode it is that of a base register with access register 0.
    is_secondary = space is Space.LOGICAL and cpu.space is AddressSpaceControl.SECONDARY
    return AddressSpaceControl.SECONDARY if is_secondary else AddressSpaceControl.PRIMARY


def locate(cpu: Cpu, address: int, space: Space = Space.LOGICAL) -> AbsoluteAddress:
    """The absolute address of the byte at *address* in *space*.

    :raises NoStorageError: if there is none.
    """
    control = address_space(cpu, space)
    if space is Space.ABSOLUTE:
        absolute = AbsoluteAddress(address)
    elif control is None:
        absolute = cpu.real_to_absolute(address)
    else:
        found = look_up(cpu, address, control).outcome
        if isinstance(found, dat.TranslationFailure):
            raise NoStorageError(f"{address:x}: {ProgramInterruption(found.code)} in the {control.name.lower()} space")
        absolute = AbsoluteAddress(found.address) if found.is_absolute else cpu.real_to_absolute(found.address)
    memory = cpu.configuration.memory
    if not 0 <= absolute < memory:
        raise NoStorageError(f"{absolute:x} lies outside the memory of {memory:x} bytes")
    return absolute


def look(cpu: Cpu, address: int, length: int, space: Space = Space.LOGICAL) -> Iterator[Piece]:
    """The *length* bytes at *address* in *space*, page by page.

    :raises NoStorageError: if some of them do not exist.
    :raises HostFailure: if the host cannot read a page that it has written to its paging device.
    """
    while length > 0:
        size = min(length, PAGE_SIZE - (address & PAGE_OFFSET_MASK))
        absolute = locate(cpu, address, space)
        data, mark = look_at_page(cpu.configuration, absolute >> PAGE_SHIFT)
        start = absolute & PAGE_OFFSET_MASK
        yield Piece(address, absolute, data[start : start + size], mark)
        address, length = address + size, length - size


def look_at_page(configuration: Configuration[Cpu], page: int) -> tuple[bytes, str]:
    """The bytes of absolute *page*, and why a fetch would not simply be given them.

    :raises HostFailure: if the host cannot read it.
    """
    state = configuration.states.bytes[page]
    content = configuration.hypervisor.content(page)
    where = ""
    if content is None:
        where = "logically zero"
    elif state & CONTENT_MASK != Content.RESIDENT:
        where = "preserved by the host"
    try:
        touch(state, page, configuration.profile)
    except ProgramInterruption as condition:
        where = f"{where + ', ' if where else ''}a touch gives {condition}"
    return bytes(PAGE_SIZE) if content is None else content, f"{name(state)}: {where}" if where else ""


def instruction_at(cpu: Cpu, address: int) -> bytes:
    """The bytes of the instruction at *address*, where *cpu* fetches instructions; empty if there is none."""
    return looking.code(cpu, address)


def bytes_at(cpu: Cpu, address: int, length: int, space: Space = Space.LOGICAL) -> bytes:
    """The *length* bytes at *address* in *space*.

    :raises NoStorageError: if some of them do not exist.
    """
    return b"".join(piece.data for piece in look(cpu, address, length, space))
