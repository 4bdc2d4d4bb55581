# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD ADDRESS SPACE PARAMETERS (PoP chapter 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import bit, field, insert
from emu.dat import SPACE_SWITCH_EVENT
from emu.isa.authority import require_boundary
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import SSE
from emu.isa.second_table import (
    ASN_REUSE,
    ASN_TRANSLATION,
    SECONDARY_AUTHORITY,
    SpaceEntry,
    translate_asn,
    with_subspace,
)
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_FORCE_TRANSLATION: Final = bit(61)
"""In the second-operand address: translate numbers that are the current ones, too."""
_USE_GIVEN_INDEX: Final = bit(62)
"""The same: the authorization index is that of the operand."""
_SKIP_AUTHORIZATION: Final = bit(63)
"""The same: do not ask whether the secondary space may be used."""
_FAILS: Final = frozenset(
    {_Code.AFX_TRANSLATION, _Code.ASX_TRANSLATION, _Code.ASTE_VALIDITY, _Code.ASTE_SEQUENCE, _Code.SPECIAL_OPERATION}
)
"""What a condition code stands for: the exceptions of ASN translation and of subspace replacement."""


@dataclass(frozen=True, slots=True)
class _Parameters:
    """The first operand."""

    key_mask: int
    secondary: int
    index: int
    primary: int
    secondary_instance: int
    primary_instance: int


@dataclass(frozen=True, slots=True)
class _Primary:
    """What the primary space becomes."""

    designation: int
    origin: int
    index: int
    instance: int


class _NotLoaded(Exception):  # noqa: N818 - not an error: the condition code says why nothing was loaded
    def __init__(self, condition_code: int) -> None:
        super().__init__(condition_code)
        self.condition_code = condition_code


@instruction(0xE500, "LASP", SSE, "LOAD ADDRESS SPACE PARAMETERS", privileged=True)
def lasp(cpu: Cpu, operands: Operands) -> None:
    """Load PSW-key mask, secondary ASN, authorization index and primary ASN, and what belongs to these spaces.

    With ASN-and-LX reuse (CR0 bit 44) the operand is two doublewords, each with an instance number first.  Condition
    code 0: they are loaded.  1 and 2: the primary or the secondary space is not available, or the latter not
    authorized.  3: a space-switch event is asked for.

    :raises ProgramInterruption: special operation without ASN translation (CR14 bit 44); specification; access
        exceptions (fetch); addressing.
    """
    if not cpu.cr[14] & ASN_TRANSLATION:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    address = cpu.effective_address(operands.b1, operands.d1)
    controls = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 8)
    has_instances = bool(cpu.cr[0] & ASN_REUSE)
    given = _fetch(cpu, address, has_instances)
    try:
        primary = _primary(cpu, given, controls, has_instances)
        secondary = _secondary(cpu, given, primary, controls, has_instances)
    except _NotLoaded as reason:
        cpu.cc = reason.condition_code
        return
    register_3 = given.key_mask << 16 | given.secondary
    register_4 = primary.index << 16 | given.primary
    cpu.set_control_register(1, primary.designation)
    cpu.set_control_register(3, insert(cpu.cr[3], 32, 63, register_3))
    cpu.set_control_register(4, insert(cpu.cr[4], 32, 63, register_4))
    cpu.set_control_register(5, insert(cpu.cr[5], 32, 63, primary.origin))
    cpu.set_control_register(7, secondary[0])
    if has_instances:
        cpu.set_control_register(3, insert(cpu.cr[3], 0, 31, secondary[1]))
        cpu.set_control_register(4, insert(cpu.cr[4], 0, 31, primary.instance))
    cpu.cc = 0


def _fetch(cpu: Cpu, address: int, has_instances: bool) -> _Parameters:
    data = access.load(cpu, address, 16 if has_instances else 8)
    if has_instances:
        first, second = int.from_bytes(data[:8], "big"), int.from_bytes(data[8:], "big")
        return _Parameters(
            key_mask=field(first, 32, 47),
            secondary=field(first, 48, 63),
            index=field(second, 32, 47),
            primary=field(second, 48, 63),
            secondary_instance=field(first, 0, 31),
            primary_instance=field(second, 0, 31),
        )
    word = int.from_bytes(data, "big")
    return _Parameters(field(word, 0, 15), field(word, 16, 31), field(word, 32, 47), field(word, 48, 63), 0, 0)


def _available(cpu: Cpu, asn: int, instance: int | None, condition_code: int) -> tuple[SpaceEntry, int]:
    """The entry of *asn* and the address-space-control element that goes with it.

    :raises _NotLoaded: if it is not available.
    """
    try:
        entry = translate_asn(cpu, asn)
        if instance is not None and instance != entry.instance:
            raise _NotLoaded(condition_code)
        return entry, with_subspace(cpu, entry)
    except ProgramInterruption as condition:
        if condition.code not in _FAILS:
            raise
        raise _NotLoaded(condition_code) from None


def _primary(cpu: Cpu, given: _Parameters, controls: int, has_instances: bool) -> _Primary:
    if controls & _FORCE_TRANSLATION or given.primary != field(cpu.cr[4], 48, 63):
        entry, designation = _available(cpu, given.primary, given.primary_instance if has_instances else None, 1)
        if (cpu.cr[1] | entry.designation) & SPACE_SWITCH_EVENT:
            raise _NotLoaded(3)
        found = designation, entry.origin, entry.authorization_index, given.primary_instance
    else:
        found = cpu.cr[1], field(cpu.cr[5], 32, 63), field(cpu.cr[4], 32, 47), field(cpu.cr[4], 0, 31)
    designation, origin, index, instance = found
    return _Primary(designation, origin, given.index if controls & _USE_GIVEN_INDEX else index, instance)


def _secondary(cpu: Cpu, given: _Parameters, primary: _Primary, controls: int, has_instances: bool) -> tuple[int, int]:
    """The address-space-control element and the instance number of the secondary space."""
    if given.secondary == given.primary:
        return primary.designation, primary.instance
    is_current = given.secondary == field(cpu.cr[3], 48, 63)
    if is_current and controls & _SKIP_AUTHORIZATION and not controls & _FORCE_TRANSLATION:
        return cpu.cr[7], field(cpu.cr[3], 0, 31)
    entry, designation = _available(cpu, given.secondary, given.secondary_instance if has_instances else None, 2)
    if not controls & _SKIP_AUTHORIZATION and not entry.is_authorized(cpu, primary.index, SECONDARY_AUTHORITY):
        raise _NotLoaded(2)
    return designation, given.secondary_instance
