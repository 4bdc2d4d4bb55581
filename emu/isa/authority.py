# SPDX-License-Identifier: GPL-2.0-or-later
"""Authorisation of semi-privileged instructions (PoP chapter 5, "Authorization Mechanisms"), and operand boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.bits import bit
from emu.control_registers import CR0_EXTRACTION_AUTHORITY
from emu.facilities import Facility
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu


def require_psw_key(cpu: Cpu, key: int) -> None:
    """Recognise privileged operation unless *key* may be used: the PSW-key mask in CR3 rules the problem state."""
    if cpu.problem_state and not cpu.cr[3] & bit(32 + key):
        raise ProgramInterruption(ProgramInterruptionCode.PRIVILEGED_OPERATION)


def require_extraction_authority(cpu: Cpu) -> None:
    """Recognise privileged operation in the problem state without extraction authority (CR0 bit 36)."""
    if cpu.problem_state and not cpu.cr[0] & CR0_EXTRACTION_AUTHORITY:
        raise ProgramInterruption(ProgramInterruptionCode.PRIVILEGED_OPERATION)


def require_dat(cpu: Cpu) -> None:
    """Recognise special operation if DAT is off."""
    if not cpu.dat:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIAL_OPERATION)


def require_zero_key(cpu: Cpu, key: int) -> None:
    """Recognise special operation for a *key* other than zero when the storage-key-removal facility is installed."""
    if key and Facility.STORAGE_KEY_REMOVAL in cpu.configuration.facilities:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIAL_OPERATION)


def require_boundary(address: int, boundary: int) -> None:
    """Recognise specification unless *address* is on a *boundary* of so many bytes."""
    if address % boundary:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
