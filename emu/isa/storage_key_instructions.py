# SPDX-License-Identifier: GPL-2.0-or-later
"""Control instructions on storage keys, frames and protection (PoP chapter 10, "Control Instructions").

ISKE, IVSK, PFMF, RRBE, RRBM, SSKE, TB and TPROT.  None of them looks at page states: a key belongs to the absolute
page whatever its content (page-hinting reference 2.4).  Only clearing a frame touches it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access, dat
from emu import control_registers as control
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SIZE, SEGMENT_SIZE, AbsoluteAddress
from emu.bits import bit, bits, field, insert
from emu.facilities import Facility
from emu.hypervisor import FrameShortage
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, RRF_C, SSE
from emu.prefixing import absolute_to_real
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl
from emu.storage_keys import ACCESS_CONTROL, CHANGE, FETCH_PROTECTION, KEY_BITS, REFERENCE
from emu.teid import Access, Protection

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_PROTECTION_BITS: Final = ACCESS_CONTROL | FETCH_PROTECTION

SSKE_REFERENCE_MASK: Final = bit(1, 4)
"""M3 of SSKE: reference-bit-update mask (MR)."""
SSKE_CHANGE_MASK: Final = bit(2, 4)
"""M3 of SSKE: change-bit-update mask (MC)."""
SSKE_MULTIPLE_BLOCKS: Final = bit(3, 4)
"""M3 of SSKE: multiple-block control (MB)."""

PFMF_RESERVED: Final = bits(32, 45) | bit(55) | bit(63)
PFMF_SET_KEY: Final = bit(46)
PFMF_CLEAR_FRAME: Final = bit(47)
PFMF_NONQUIESCING: Final = bit(52)
PFMF_REFERENCE_MASK: Final = bit(53)
PFMF_CHANGE_MASK: Final = bit(54)
_FRAME_4K: Final = 0
_FRAME_1M: Final = 1

RRBM_BLOCKS: Final = 64


def _set_key(cpu: Cpu, page: int, key: int) -> None:
    """Make *key* the storage key of absolute *page*, and let the CPUs and observers know."""
    configuration = cpu.configuration
    keys = configuration.keys.bytes
    before = keys[page]
    if before == key:
        return
    keys[page] = key
    # A translation goes on being right if R or C is only set: it will be recorded once more at worst.
    if (before ^ key) & _PROTECTION_BITS or before & ~key:
        configuration.translations.page_changed(page)
    for observer in configuration.observers:
        observer.key_changed(cpu, page, before, key)


def _conditional_key(before: int, key: int, *, mask_reference: bool, mask_change: bool) -> tuple[int, int]:
    """The (key, condition code) of conditional key setting (PoP, SSKE, "Conditional SSKE").

    Equal access-control and fetch-protection bits leave only R and C to compare, each unless its mask says that it
    does not matter.  The manual lets the machine choose between setting the one bit that differs (condition code 2)
    and the whole key; this machine sets the one bit.
    """
    if (before ^ key) & _PROTECTION_BITS:
        return key, 1
    compared = (0 if mask_reference else REFERENCE) | (0 if mask_change else CHANGE)
    if not (before ^ key) & compared:
        return before, 0
    return before & ~compared | key & compared, 2


def _require_keys(cpu: Cpu) -> None:
    """Recognise the special-operation exception of a machine without storage keys (storage-key-removal facility)."""
    if Facility.STORAGE_KEY_REMOVAL in cpu.configuration.facilities:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)


def _real_page(cpu: Cpu, register: int) -> int:
    """The number of the absolute page that holds the real address in *register*.

    :raises ProgramInterruption: addressing.
    """
    absolute = cpu.real_to_absolute(cpu.address_in(register))
    cpu.configuration.storage.require(absolute)
    return absolute >> 12


@instruction(0xB229, "ISKE", RRE, "INSERT STORAGE KEY EXTENDED", privileged=True)
def iske(cpu: Cpu, operands: Operands) -> None:
    """Put the key of the block at real address R2 in bits 56-63 of R1.

    :raises ProgramInterruption: special operation without storage keys; addressing.
    """
    _require_keys(cpu)
    page = _real_page(cpu, operands.r2)
    cpu.gr[operands.r1] = insert(cpu.gr[operands.r1], 56, 63, cpu.configuration.keys.bytes[page])


@instruction(0xB223, "IVSK", RRE, "INSERT VIRTUAL STORAGE KEY")
def ivsk(cpu: Cpu, operands: Operands) -> None:
    """Put the access-control and fetch-protection bits of the block at virtual address R2 in bits 56-63 of R1.

    With ACC validity in the entry of a 1 MB frame the manual leaves open which key is meant; here it is the entry's,
    since that one protects the block.

    :raises ProgramInterruption: special operation with DAT off; privileged operation in the problem state without
        extraction authority; access exceptions except protection.
    """
    _require_keys(cpu)
    if not cpu.dat:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    if cpu.problem_state and not cpu.cr[0] & control.CR0_EXTRACTION_AUTHORITY:
        raise ProgramInterruption(_Code.PRIVILEGED_OPERATION)
    space = access.operand_space(cpu, Access.FETCH)
    # DAT protection stops stores only, so that a fetch gives no protection exception here.
    absolute, entry_key = access.translate(cpu, cpu.address_in(operands.r2), Access.FETCH, space)
    cpu.configuration.storage.require(absolute)
    key = cpu.configuration.keys.bytes[absolute >> 12] if entry_key is None else entry_key
    cpu.gr[operands.r1] = insert(cpu.gr[operands.r1], 56, 63, key & _PROTECTION_BITS)


@instruction(0xB22B, "SSKE", RRF_C, "SET STORAGE KEY EXTENDED", privileged=True)
def sske(cpu: Cpu, operands: Operands) -> None:
    """Set the key of the block at real address R2, or of all blocks from absolute address R2 to the next 1 MB boundary.

    Bits 56-62 of R1 are the key.  M3 bits of facilities that are not installed are ignored; nonquiescing (bit 0)
    makes no difference on a machine whose CPUs run in turn.

    :raises ProgramInterruption: special operation without storage keys; addressing.
    """
    _require_keys(cpu)
    configuration = cpu.configuration
    facilities = configuration.facilities
    key = cpu.gr[operands.r1] & KEY_BITS
    conditional = Facility.CONDITIONAL_SSKE in facilities
    mask_reference = conditional and bool(operands.m3 & SSKE_REFERENCE_MASK)
    mask_change = conditional and bool(operands.m3 & SSKE_CHANGE_MASK)
    conditional = mask_reference or mask_change
    if operands.m3 & SSKE_MULTIPLE_BLOCKS and Facility.EDAT_1 in facilities:
        _set_keys_to_boundary(cpu, operands.r2, key, mask_reference, mask_change)
        if conditional:
            # The old keys of many blocks do not fit in R1: its bits 48-55 are unpredictable, and stay.
            cpu.cc = 3
        return
    page = _real_page(cpu, operands.r2)
    if not conditional:
        _set_key(cpu, page, key)
        return
    before = configuration.keys.bytes[page]
    after, cpu.cc = _conditional_key(before, key, mask_reference=mask_reference, mask_change=mask_change)
    _set_key(cpu, page, after)
    cpu.gr[operands.r1] = insert(cpu.gr[operands.r1], 48, 55, before)


def _set_keys_to_boundary(cpu: Cpu, register: int, key: int, mask_reference: bool, mask_change: bool) -> None:
    """Set the keys from the absolute address in *register* to the segment's end, and move the address there.

    Bits 52-63 of the register, and bits 0-31 outside the 64-bit mode, stay.
    """
    configuration = cpu.configuration
    start = cpu.address_in(register) & -PAGE_SIZE
    configuration.storage.require(start)
    end = (start | SEGMENT_SIZE - 1) + 1
    for number in range(SEGMENT_SIZE // PAGE_SIZE - (start % SEGMENT_SIZE) // PAGE_SIZE):
        _set_masked(cpu, (start >> 12) + number, key, mask_reference, mask_change)
    cpu.set_address_register(register, cpu.wrap(end) | cpu.gr[register] & PAGE_OFFSET_MASK)


def _set_masked(cpu: Cpu, page: int, key: int, mask_reference: bool, mask_change: bool) -> None:
    """Set one of many keys, conditionally if a mask is on."""
    if mask_reference or mask_change:
        before = cpu.configuration.keys.bytes[page]
        key, _ = _conditional_key(before, key, mask_reference=mask_reference, mask_change=mask_change)
    _set_key(cpu, page, key)


@instruction(0xB22A, "RRBE", RRE, "RESET REFERENCE BIT EXTENDED", privileged=True)
def rrbe(cpu: Cpu, operands: Operands) -> None:
    """Reset the reference bit of the block at real address R2; the condition code is old R and C.

    :raises ProgramInterruption: special operation without storage keys; addressing.
    """
    _require_keys(cpu)
    page = _real_page(cpu, operands.r2)
    before = cpu.configuration.keys.bytes[page]
    _set_key(cpu, page, before & ~REFERENCE)
    cpu.cc = field(before, 5, 6, 8)


@instruction(
    0xB9AE,
    "RRBM",
    RRE,
    "RESET REFERENCE BITS MULTIPLE",
    privileged=True,
)
def rrbm(cpu: Cpu, operands: Operands) -> None:
    """Collect in R1, and reset, the reference bits of the 64 blocks of the 256 KiB that R2 designates.

    Bit 0 of R1 belongs to the lowest block.  R2 is taken as an absolute address, as every designation of several
    blocks is (inferred from SSKE and PFMF).

    :raises ProgramInterruption: special operation without storage keys; addressing.
    """
    _require_keys(cpu)
    keys = cpu.configuration.keys.bytes
    start = cpu.address_in(operands.r2) & -(RRBM_BLOCKS * PAGE_SIZE)
    cpu.configuration.storage.require(start)
    collected = 0
    for page in range(start >> 12, (start >> 12) + RRBM_BLOCKS):
        before = keys[page]
        collected = collected << 1 | bool(before & REFERENCE)
        _set_key(cpu, page, before & ~REFERENCE)
    cpu.gr[operands.r1] = collected


@instruction(0xB9AF, "PFMF", RRE, "PERFORM FRAME MANAGEMENT FUNCTION", privileged=True)
def pfmf(cpu: Cpu, operands: Operands) -> None:
    """Clear the frame that R2 designates, or set its keys, or both, as the function bits of R1 say.

    A 4 KiB frame has a real address.  A 1 MB frame has an absolute one, is worked on from that address to its end,
    and R2 is moved along; 2 GB frames need EDAT-2, which is not provided.  The usage indication is advice, ignored.

    :raises ProgramInterruption: specification for reserved bits, an invalid frame size, or nonquiescing without its
        facility; special operation for setting keys without storage keys; protection (low-address) for clearing a
        4 KiB frame; addressing; and what the state of a page to be cleared gives.
    """
    configuration = cpu.configuration
    facilities = configuration.facilities
    function = cpu.gr[operands.r1]
    if function & PFMF_RESERVED:
        raise ProgramInterruption(_Code.SPECIFICATION)
    if function & PFMF_NONQUIESCING and Facility.NONQUIESCING_KEY_SETTING not in facilities:
        raise ProgramInterruption(_Code.SPECIFICATION)
    frame_size = field(function, 49, 51)
    if frame_size not in (_FRAME_4K, _FRAME_1M):
        raise ProgramInterruption(_Code.SPECIFICATION)
    if function & PFMF_SET_KEY:
        _require_keys(cpu)
    address = cpu.address_in(operands.r2) & -PAGE_SIZE
    if frame_size == _FRAME_4K:
        if function & PFMF_CLEAR_FRAME:
            _require_unprotected(cpu, address)
        absolute = cpu.real_to_absolute(address)
        configuration.storage.require(absolute)
        _manage_frame(cpu, absolute, function)
        return
    configuration.storage.require(address)
    end = (address | SEGMENT_SIZE - 1) + 1
    while address < end:
        try:
            _manage_frame(cpu, AbsoluteAddress(address), function)
        except (ProgramInterruption, FrameShortage):
            # The instruction is interruptible: what is done is done, and R2 says how far it came.
            cpu.set_address_register(operands.r2, address)
            raise
        address += PAGE_SIZE
    cpu.set_address_register(operands.r2, cpu.wrap(end))


def _manage_frame(cpu: Cpu, absolute: AbsoluteAddress, function: int) -> None:
    """Do what the *function* bits of PFMF say to one 4 KiB block."""
    if function & PFMF_CLEAR_FRAME:
        _clear_block(cpu, absolute)
    if function & PFMF_SET_KEY:
        conditional = Facility.CONDITIONAL_SSKE in cpu.configuration.facilities
        _set_masked(
            cpu,
            absolute >> 12,
            function & KEY_BITS,
            conditional and bool(function & PFMF_REFERENCE_MASK),
            conditional and bool(function & PFMF_CHANGE_MASK),
        )


def _clear_block(cpu: Cpu, absolute: AbsoluteAddress) -> None:
    """Store zeros in a block, which key-controlled protection does not stop, and record that."""
    access.announce_store(cpu, absolute_to_real(absolute, cpu.prefix), PAGE_SIZE, real=True)
    cpu.configuration.storage.write(absolute, bytes(PAGE_SIZE))
    _set_key(cpu, absolute >> 12, cpu.configuration.keys.bytes[absolute >> 12] | REFERENCE | CHANGE)


def _require_unprotected(cpu: Cpu, address: int) -> None:
    """Recognise low-address protection of a whole block at real *address*."""
    if access.low_address_protected(cpu, address, None):
        raise access.protection(address, Access.STORE, AddressSpaceControl.PRIMARY, Protection.LOW_ADDRESS)


@instruction(0xB22C, "TB", RRE, "TEST BLOCK", privileged=True)
def tb(cpu: Cpu, operands: Operands) -> None:
    """Test the block at real address R2 and clear it: every block is usable, so that the condition code is 0.

    General register 0 becomes zero (its bits 32-63 outside the 64-bit mode).  The key would be unpredictable; it
    stays, with R and C on.

    :raises ProgramInterruption: protection (low-address); addressing; and what the state of the page gives.
    """
    address = cpu.address_in(operands.r2) & -PAGE_SIZE
    _require_unprotected(cpu, address)
    absolute = cpu.real_to_absolute(address)
    cpu.configuration.storage.require(absolute)
    _clear_block(cpu, absolute)
    cpu.set_address_register(0, 0)
    cpu.cc = 0


# Sensitive although privileged: the engine has it without the problem-state check, and with its own idea of storage.
@instruction(0xE501, "TPROT", SSE, "TEST PROTECTION", privileged=True, reason=Reason.SENSITIVE)
def tprot(cpu: Cpu, operands: Operands) -> None:
    """Say in the condition code what the access key in bits 56-59 of the second address may do at the first one.

    0: fetch and store; 1: fetch only; 2: neither; 3: not translatable.  Nothing is accessed, so no page state counts
    and neither R nor C is recorded.

    :raises ProgramInterruption: special operation for a key other than zero without storage keys; translation
        specification; addressing.
    """
    address = cpu.effective_address(operands.b1, operands.d1)
    key = field(cpu.effective_address(operands.b2, operands.d2), 56, 59)
    if key:
        _require_keys(cpu)
    asce: int | None = None
    entry_key: int | None = None
    is_protected = False
    if cpu.dat:
        space = access.operand_space(cpu, Access.FETCH)
        asce = access.space_designation(cpu, space)
        found = access.walk(cpu, address, space)
        if isinstance(found, dat.TranslationFailure):
            if found.code is _Code.TRANSLATION_SPECIFICATION:
                raise ProgramInterruption(found.code)
            cpu.cc = 3
            return
        is_protected, entry_key = found.is_protected, found.access_key
        absolute = AbsoluteAddress(found.address) if found.is_absolute else cpu.real_to_absolute(found.address)
    else:
        absolute = cpu.real_to_absolute(address)
    cpu.configuration.storage.require(absolute)
    storage_key = cpu.configuration.keys.bytes[absolute >> 12] if entry_key is None else entry_key
    if not access.key_permits(cpu, address, Access.FETCH, asce, storage_key, key):
        cpu.cc = 2
    elif (
        is_protected
        or access.low_address_protected(cpu, address, asce)
        or not access.key_permits(cpu, address, Access.STORE, asce, storage_key, key)
    ):
        cpu.cc = 1
    else:
        cpu.cc = 0
