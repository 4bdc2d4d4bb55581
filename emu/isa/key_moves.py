# SPDX-License-Identifier: GPL-2.0-or-later
"""Moves between address spaces and with an access key of their own (PoP chapter 10).

All of them move at most a limited number of bytes and say by condition code 3 that there is more to move.  Operands
are checked whole before a byte is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import access
from emu.access import NotModelled
from emu.bits import bit, field
from emu.control_registers import CR0_SECONDARY_SPACE
from emu.isa.authority import require_dat, require_psw_key, require_zero_key
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import SS_D, SSE, SSF
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl

if TYPE_CHECKING:
    from emu.cpu import Cpu

_SHORT_LIMIT: Final = 256
_LONG_LIMIT: Final = 4096
_KEY_VALID: Final = bit(14, 16)
_SPACE_VALID: Final = bit(15, 16)


def _addresses(cpu: Cpu, operands: Operands) -> tuple[int, int]:
    return (
        cpu.effective_address(operands.b1, operands.d1),
        cpu.effective_address(operands.b2, operands.d2),
    )


def _key_in(cpu: Cpu, register: int) -> int:
    """The access key in bits 56-59 of a register, which the program must be authorised to use."""
    key = field(cpu.gr[register], 56, 59)
    require_psw_key(cpu, key)
    require_zero_key(cpu, key)
    return key


def _move(
    cpu: Cpu,
    operands: Operands,
    length: int,
    limit: int,
    *,
    to_key: int | None = None,
    from_key: int | None = None,
    to_space: AddressSpaceControl | None = None,
    from_space: AddressSpaceControl | None = None,
) -> int:
    """Move the operand, but not more than *limit* bytes of it; give the condition code that says if that was all."""
    first, second = _addresses(cpu, operands)
    moved = min(length, limit)
    if moved:
        data = access.load(cpu, second, moved, key=from_key, space=from_space)
        access.store(cpu, first, data, key=to_key, space=to_space)
    return 3 if length > limit else 0


def _require_two_spaces(cpu: Cpu) -> None:
    """Recognise special operation unless primary and secondary space can both be reached."""
    require_dat(cpu)
    if not cpu.cr[0] & CR0_SECONDARY_SPACE or cpu.space not in (
        AddressSpaceControl.PRIMARY,
        AddressSpaceControl.SECONDARY,
    ):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIAL_OPERATION)


@instruction(0xDA, "MVCP", SS_D, "MOVE TO PRIMARY")
def mvcp(cpu: Cpu, operands: Operands) -> None:
    """Move from the secondary space, with the key in R3, to the primary space; the length is in R1.

    :raises ProgramInterruption: special operation; privileged operation; access exceptions.
    """
    _require_two_spaces(cpu)
    key = _key_in(cpu, operands.r3)
    cpu.cc = _move(
        cpu,
        operands,
        cpu.length_in(operands.r1),
        _SHORT_LIMIT,
        to_space=AddressSpaceControl.PRIMARY,
        from_key=key,
        from_space=AddressSpaceControl.SECONDARY,
    )


@instruction(0xDB, "MVCS", SS_D, "MOVE TO SECONDARY")
def mvcs(cpu: Cpu, operands: Operands) -> None:
    """Move from the primary space to the secondary space, with the key in R3; the length is in R1.

    :raises ProgramInterruption: special operation; privileged operation; access exceptions.
    """
    _require_two_spaces(cpu)
    key = _key_in(cpu, operands.r3)
    cpu.cc = _move(
        cpu,
        operands,
        cpu.length_in(operands.r1),
        _SHORT_LIMIT,
        to_key=key,
        to_space=AddressSpaceControl.SECONDARY,
        from_space=AddressSpaceControl.PRIMARY,
    )


@instruction(0xD9, "MVCK", SS_D, "MOVE WITH KEY")
def mvck(cpu: Cpu, operands: Operands) -> None:
    """Move, fetching with the key in R3; the length is in R1."""
    key = _key_in(cpu, operands.r3)
    cpu.cc = _move(cpu, operands, cpu.length_in(operands.r1), _SHORT_LIMIT, from_key=key)


@instruction(0xE50E, "MVCSK", SSE, "MOVE WITH SOURCE KEY")
def mvcsk(cpu: Cpu, operands: Operands) -> None:
    """Move, fetching with the key in GR1; bits 56-63 of GR0 are one less than the length."""
    key = _key_in(cpu, 1)
    _move(cpu, operands, field(cpu.gr[0], 56, 63) + 1, _SHORT_LIMIT, from_key=key)


@instruction(0xE50F, "MVCDK", SSE, "MOVE WITH DESTINATION KEY")
def mvcdk(cpu: Cpu, operands: Operands) -> None:
    """Move, storing with the key in GR1; bits 56-63 of GR0 are one less than the length."""
    key = _key_in(cpu, 1)
    _move(cpu, operands, field(cpu.gr[0], 56, 63) + 1, _SHORT_LIMIT, to_key=key)


@dataclass(frozen=True, slots=True)
class OperandAccessControl:
    """Half of what MVCOS finds in GR0: with which key, and in which space, an operand is accessed.

    *has_space* tells a space that GR0 specifies from one that the PSW implies.
    """

    key: int
    space: AddressSpaceControl
    has_space: bool

    @classmethod
    def of(cls, cpu: Cpu, control: int) -> OperandAccessControl:
        """Read the sixteen bits *control*; what they leave open comes from the PSW."""
        has_key, has_space = bool(control & _KEY_VALID), bool(control & _SPACE_VALID)
        key = field(control, 0, 3, 16) if has_key else cpu.key
        space = AddressSpaceControl(field(control, 8, 9, 16)) if has_space else cpu.space
        return cls(key, space, has_space)


# The engine would translate both operands in the space of the PSW.
@instruction(0xC80, "MVCOS", SSF, "MOVE WITH OPTIONAL SPECIFICATIONS", reason=Reason.SENSITIVE)
def mvcos(cpu: Cpu, operands: Operands) -> None:
    """Move up to 4096 bytes, each operand with the key and space that GR0 asks for; the length is in R3.

    :raises ProgramInterruption: special operation with DAT off, if the first operand specifies the home space in the
        problem state, and for the secondary space without secondary-space control; privileged operation for a key,
        specified or implied by the PSW, outside the PSW-key mask; access exceptions.
    :raises NotModelled: for a space that access registers specify.
    """
    require_dat(cpu)
    controls = [
        OperandAccessControl.of(cpu, field(cpu.gr[0], 32, 47)),
        OperandAccessControl.of(cpu, field(cpu.gr[0], 48, 63)),
    ]
    to, source = controls
    if to.has_space and to.space is AddressSpaceControl.HOME and cpu.problem_state:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIAL_OPERATION)
    for control in controls:
        if control.space is AddressSpaceControl.SECONDARY and not cpu.cr[0] & CR0_SECONDARY_SPACE:
            raise ProgramInterruption(ProgramInterruptionCode.SPECIAL_OPERATION)
    for control in controls:
        require_psw_key(cpu, control.key)
        require_zero_key(cpu, control.key)
    if AddressSpaceControl.ACCESS_REGISTER in (to.space, source.space):
        raise NotModelled("access-register mode (MVCOS)")
    cpu.cc = _move(
        cpu,
        operands,
        cpu.length_in(operands.r3),
        _LONG_LIMIT,
        to_key=to.key,
        from_key=source.key,
        to_space=to.space,
        from_space=source.space,
    )
