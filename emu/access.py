# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage access by instructions: translation, protection, recording, in the manual's order of checks.

PoP chapter 3 ("Protection", "Dynamic Address Translation", "Storage Key") and the figure "Priority of Access
Exceptions" of chapter 6: low-address protection first, then translation, then DAT and instruction-execution
protection, then addressing, then key-controlled protection.  The engine's TLB fills come through :func:`resolve`, too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from emu import control_registers as control
from emu import dat
from emu.addresses import LOW_PAGES_END, PAGE_SIZE, AbsoluteAddress
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl
from emu.storage_keys import CHANGE, OVERRIDE_KEY, REFERENCE, fetch_permitted, store_permitted
from emu.teid import Access, Protection, protection_exception, translation_exception

if TYPE_CHECKING:
    from emu.cpu import Cpu

PRIVATE_SPACE: Final = dat.PRIVATE_SPACE
_LOW_ADDRESS_BLOCKS: Final = 0x11FF
"""The last byte that low-address protection covers (ranges 0-511 and 4096-4607)."""
FETCH_OVERRIDE_END: Final = 2048
_ENTRY_BYTES: Final = 8
"""Of a region, segment or page table."""
_CONTROL_REGISTER: Final = {
    AddressSpaceControl.PRIMARY: 1,
    AddressSpaceControl.SECONDARY: 7,
    AddressSpaceControl.HOME: 13,
}


class NotModelled(Exception):  # noqa: N818 - it ends the run, but it is not an error
    """The guest asked for a part of the architecture that this machine leaves out; the run stops and names it."""


def operand_space(cpu: Cpu, access: Access) -> AddressSpaceControl:
    """The space that a logical address of *cpu* belongs to.

    :raises NotModelled: in access-register mode with DAT on.
    """
    space = cpu.space
    if access is Access.INSTRUCTION_FETCH:
        return space if space is AddressSpaceControl.HOME else AddressSpaceControl.PRIMARY
    if space is AddressSpaceControl.ACCESS_REGISTER:
        raise NotModelled("access-register mode")
    return space


def space_designation(cpu: Cpu, space: AddressSpaceControl) -> int:
    """The address-space-control element that *space* uses."""
    return cpu.cr[_CONTROL_REGISTER[space]]


def _walk(cpu: Cpu, asce: int, address: int) -> dat.Translation | dat.TranslationFailure:
    cr0 = cpu.cr[0]
    return dat.walk(
        asce,
        address,
        partial(table_entry, cpu),
        edat1=bool(cr0 & control.CR0_EDAT),
        execution_protection=bool(cr0 & control.CR0_EXECUTION_PROTECTION),
    )


def table_entry(cpu: Cpu, address: int) -> int:
    """The table entry at absolute *address*; the engine's buffer remembers where tables lie.

    :raises ProgramInterruption: addressing, if that is outside the configuration, or what the state of the page gives.
    """
    entry = cpu.tlb.find_table_entry(address)
    if entry is not None:
        return entry
    entry = cpu.configuration.storage.read_integer(address, _ENTRY_BYTES)
    cpu.tlb.note_table(AbsoluteAddress(address))
    return entry


def walk(cpu: Cpu, address: int, space: AddressSpaceControl) -> dat.Translation | dat.TranslationFailure:
    """Translate *address* in *space* whether DAT is on or not, and give the outcome instead of an interruption.

    LRA, IVSK and their like build on it.

    :raises ProgramInterruption: addressing, if a table lies outside the configuration.
    """
    return _walk(cpu, space_designation(cpu, space), address)


def translate(cpu: Cpu, address: int, access: Access, space: AddressSpaceControl) -> tuple[AbsoluteAddress, int | None]:
    """The absolute address of virtual *address*, and the key that ACC validity puts in place of the storage key.

    :raises ProgramInterruption: a translation exception, or DAT or instruction-execution protection.
    """
    asce = space_designation(cpu, space)
    found = _walk(cpu, asce, address)
    if isinstance(found, dat.TranslationFailure):
        raise translation_failed(found, address, access, space)
    if found.is_protected and access is Access.STORE:
        raise protection(address, access, space, Protection.DAT)
    if found.no_execute and access is Access.INSTRUCTION_FETCH:
        raise protection(address, access, space, Protection.INSTRUCTION_EXECUTION)
    if found.is_absolute:
        return AbsoluteAddress(found.address), found.access_key
    return cpu.real_to_absolute(found.address), None


def translation_failed(
    failure: dat.TranslationFailure, address: int, access: Access, space: AddressSpaceControl
) -> ProgramInterruption:
    """The translation exception that *failure* to translate *address* means."""
    return ProgramInterruption(
        failure.code,
        translation_exception=None
        if failure.code is ProgramInterruptionCode.TRANSLATION_SPECIFICATION
        else translation_exception(address, access, space),
        exception_access=0,
    )


def protection(address: int, access: Access, space: int, kind: Protection) -> ProgramInterruption:
    """The protection exception of *kind* for *address*."""
    return ProgramInterruption(
        ProgramInterruptionCode.PROTECTION,
        translation_exception=protection_exception(address, access, space, kind),
        exception_access=0,
    )


def low_address_protected(cpu: Cpu, address: int, asce: int | None) -> bool:
    """Whether a store at effective *address* is stopped by low-address protection.

    :param asce: what translates the address, or None if nothing does; a private space is exempt.
    """
    if address > _LOW_ADDRESS_BLOCKS or address & 0xE00 or not cpu.cr[0] & control.CR0_LOW_ADDRESS_PROTECTION:
        return False
    return asce is None or not asce & PRIVATE_SPACE


def fetch_override(cpu: Cpu, address: int, asce: int | None) -> bool:
    """Whether fetch-protection override lets a fetch at effective *address* through."""
    if address >= FETCH_OVERRIDE_END or not cpu.cr[0] & control.CR0_FETCH_OVERRIDE:
        return False
    return asce is None or not asce & PRIVATE_SPACE


def needs_byte_checks(cpu: Cpu, address: int, access: Access) -> bool:
    """Whether rules for parts of a page may apply to *access* to the page that effective *address* is in.

    They are low-address protection, and fetch-protection override for who needs it.
    """
    if address >= LOW_PAGES_END:
        return False
    cr0 = cpu.cr[0]
    if access is Access.STORE:
        if not cr0 & control.CR0_LOW_ADDRESS_PROTECTION:
            return False
    elif address >= PAGE_SIZE or not cr0 & control.CR0_FETCH_OVERRIDE or cpu.key == 0:
        return False
    if not cpu.dat:
        return True
    return not space_designation(cpu, operand_space(cpu, access)) & PRIVATE_SPACE


def key_permits(cpu: Cpu, address: int, access: Access, asce: int | None, storage_key: int, access_key: int) -> bool:
    """Whether key-controlled protection, with its two overrides, permits *access* at effective *address*.

    :param asce: what translates the address, or None if nothing does.
    :param storage_key: the key of the block, or what ACC validity puts in its place.
    """
    storage_override = bool(cpu.cr[0] & control.CR0_STORAGE_OVERRIDE)
    if access is Access.STORE:
        return store_permitted(storage_key, access_key, storage_override)
    return (
        fetch_permitted(storage_key, access_key)
        or fetch_override(cpu, address, asce)
        or (storage_override and storage_key >> 4 == OVERRIDE_KEY)
    )


def resolve(
    cpu: Cpu,
    address: int,
    access: Access,
    *,
    key: int | None = None,
    space: AddressSpaceControl | None = None,
    real: bool = False,
) -> AbsoluteAddress:
    """The absolute address of one byte, with every check made, its page present, and reference and change recorded.

    :param key: the access key; None means that of the PSW.
    :param space: the space of a virtual address; None means that which the PSW selects, if DAT is on.
    :param real: *address* is a real address: no DAT, whatever the PSW says.
    :raises ProgramInterruption: any access exception.
    :raises FrameShortage: if the page needs a frame and none is free.
    """
    if key is None:
        key = cpu.key
    asce = None
    if not real and (space is not None or cpu.dat):
        if space is None:
            space = operand_space(cpu, access)
        asce = space_designation(cpu, space)
    reported_space = space or AddressSpaceControl.PRIMARY
    is_store = access is Access.STORE
    if is_store and low_address_protected(cpu, address, asce):
        raise protection(address, access, reported_space, Protection.LOW_ADDRESS)
    override_key = None
    if asce is None:
        absolute = cpu.real_to_absolute(address)
    else:
        absolute, override_key = translate(cpu, address, access, reported_space)
    configuration = cpu.configuration
    configuration.storage.require(absolute)
    page = absolute >> 12
    keys = configuration.keys.bytes
    storage_key = keys[page]
    effective_key = storage_key if override_key is None else override_key
    if not key_permits(cpu, address, access, asce, effective_key, key):
        raise protection(address, access, reported_space, Protection.KEY_CONTROLLED)
    if is_store:
        configuration.hypervisor.frame_for_store(page)
    else:
        configuration.hypervisor.frame(page)
    keys[page] = storage_key | (REFERENCE | CHANGE if is_store else REFERENCE)
    return absolute


def _pieces(cpu: Cpu, address: int, length: int) -> list[tuple[int, int]]:
    """The (address, length) of the parts of an operand.

    It is cut at page boundaries, where addresses wrap around, and where fetch-protection override ends.
    """
    pieces = []
    while length:
        end = FETCH_OVERRIDE_END if address < FETCH_OVERRIDE_END else (address | PAGE_SIZE - 1) + 1
        part = min(length, end - address)
        pieces.append((address, part))
        address = cpu.wrap(address + part)
        length -= part
    return pieces


def probe(
    cpu: Cpu,
    address: int,
    length: int,
    access: Access,
    *,
    key: int | None = None,
    space: AddressSpaceControl | None = None,
    real: bool = False,
) -> list[tuple[AbsoluteAddress, int]]:
    """Check access to a whole operand, and give its (absolute address, length) parts.

    :raises ProgramInterruption: the first access exception of the operand; nothing has been stored then.
    """
    found = []
    for part, size in _pieces(cpu, address, length):
        # A part begins in a protected low range, or reaches one only by crossing offset 512 downwards, which no
        # ascending part does: checking its first byte suffices.
        found.append((resolve(cpu, part, access, key=key, space=space, real=real), size))
    return found


def load(
    cpu: Cpu,
    address: int,
    length: int,
    *,
    key: int | None = None,
    space: AddressSpaceControl | None = None,
    real: bool = False,
) -> bytes:
    """Fetch *length* bytes at a logical address (see :func:`resolve` for the parameters)."""
    is_plain = key is None and space is None
    if is_plain:
        frame = cpu.tlb.find(address, length, Access.FETCH, is_real=real)
        if frame is not None:
            if cpu.configuration.follower is not None:
                cpu.configuration.follower.accesses(cpu, address, length, Access.FETCH, space, is_real=real)
            return cpu.configuration.storage.read_frame(frame, length)
    parts = probe(cpu, address, length, Access.FETCH, key=key, space=space, real=real)
    if cpu.configuration.follower is not None:
        cpu.configuration.follower.accesses(cpu, address, length, Access.FETCH, space, is_real=real)
    if cpu.configuration.watching.is_set:
        note_access(cpu, address, length, Access.FETCH, space, real=real)
        cpu.configuration.watching.fetched(cpu.address, parts)
    read = cpu.configuration.storage.read
    if len(parts) == 1:
        if is_plain:
            cpu.tlb.note(address, parts[0][0], Access.FETCH, is_real=real)
        return read(*parts[0])
    return b"".join(read(absolute, size) for absolute, size in parts)


def store(
    cpu: Cpu,
    address: int,
    data: bytes,
    *,
    key: int | None = None,
    space: AddressSpaceControl | None = None,
    real: bool = False,
) -> None:
    """Store *data* at a logical address; nothing is stored unless all of it can be."""
    is_plain = key is None and space is None
    if is_plain and cpu.recording is None:
        frame = cpu.tlb.find(address, len(data), Access.STORE, is_real=real)
        if frame is not None:
            if cpu.configuration.follower is not None:
                cpu.configuration.follower.accesses(cpu, address, len(data), Access.STORE, space, is_real=real)
            cpu.configuration.storage.write_frame(frame, data)
            return
    parts = probe(cpu, address, len(data), Access.STORE, key=key, space=space, real=real)
    if cpu.configuration.follower is not None:
        cpu.configuration.follower.accesses(cpu, address, len(data), Access.STORE, space, is_real=real)
    write = cpu.configuration.storage.write
    done = 0
    for absolute, size in parts:
        write(absolute, data[done : done + size])
        done += size
    if is_plain and len(parts) == 1:
        cpu.tlb.note(address, parts[0][0], Access.STORE, is_real=real)
    if cpu.recording is not None or cpu.configuration.watching.is_set:
        note_access(cpu, address, len(data), Access.STORE, space, real=real)


def announce_store(cpu: Cpu, address: int, length: int, *, real: bool = False) -> None:
    """Tell who looks on that an instruction is about to store otherwise than by :func:`store`, every check made.

    :param address: logical, or *real*; all *length* bytes are in one page.
    """
    if cpu.configuration.follower is not None:
        cpu.configuration.follower.accesses(cpu, address, length, Access.STORE, None, is_real=real)
    note_access(cpu, address, length, Access.STORE, real=real)


def note_access(
    cpu: Cpu, address: int, length: int, kind: Access, space: AddressSpaceControl | None = None, *, real: bool = False
) -> None:
    """Tell PER, and who watches storage, that *cpu* has accessed *length* bytes at *address* (see :func:`resolve`)."""
    recording, watching = cpu.recording if kind is Access.STORE and not real else None, cpu.configuration.watching
    if recording is None and not watching.may_be_of(address, length):
        return
    if space is None:
        space = operand_space(cpu, kind) if cpu.dat and not real else None
    designation = None if space is None else space_designation(cpu, space)
    if recording is not None:
        recording.stored(address, length, space, designation)
    watching.note_logical(cpu.address, address, length, kind, designation, cpu.address_limit)


def load_integer(
    cpu: Cpu,
    address: int,
    length: int,
    *,
    key: int | None = None,
    space: AddressSpaceControl | None = None,
    real: bool = False,
) -> int:
    """Fetch a big-endian integer of *length* bytes."""
    return int.from_bytes(load(cpu, address, length, key=key, space=space, real=real), "big")


def store_integer(
    cpu: Cpu,
    address: int,
    length: int,
    value: int,
    *,
    key: int | None = None,
    space: AddressSpaceControl | None = None,
    real: bool = False,
) -> None:
    """Store *value* as a big-endian integer of *length* bytes."""
    store(cpu, address, value.to_bytes(length, "big"), key=key, space=space, real=real)


def store_doublewords(cpu: Cpu, address: int, *values: int) -> None:
    """Store *values* as big-endian integers of eight bytes; nothing is stored unless all of them can be."""
    store(cpu, address, b"".join(value.to_bytes(8, "big") for value in values))
