# SPDX-License-Identifier: GPL-2.0-or-later
"""ESSA, the instruction of guest page hinting (page-hinting reference, chapter 1).

The transitions are data in :mod:`emu.page_states`; here is what the instruction does around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.facilities import Facility
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRF_C
from emu.page_states import (
    CONTENT_MASK,
    USAGE_MASK,
    Content,
    OperationRequest,
    Profile,
    Usage,
)
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.storage_keys import CHANGE

if TYPE_CHECKING:
    from emu.cpu import Cpu


# Not declared privileged: that this guest has no ESSA comes before the problem state (reference 1.5).
@instruction(0xB9AB, "ESSA", RRF_C, "EXTRACT AND SET STORAGE ATTRIBUTES")
def essa(cpu: Cpu, operands: Operands) -> None:
    """Put the state of the page at absolute address R2 in R1, and change the state as request code M3 says.

    R1 gets the state before the change, as a byte; bits 52-63 of the address are ignored.  The condition code and
    the page's reference and change bits stay (reference 1.1 to 1.4).

    :raises ProgramInterruption: operation if this guest has no ESSA; privileged operation; specification for an
        undefined request code, or for code 7 without facility 147; special operation for code 4, which asks for the
        change bit, without storage keys; addressing.
    """
    configuration = cpu.configuration
    request = operands.m3
    _check(cpu, request)
    address = cpu.address_in(operands.r2)
    configuration.storage.require(address)
    page = address >> 12
    states = configuration.states.bytes
    before = states[page]
    after = configuration.states.transition(page, request, bool(configuration.keys.bytes[page] & CHANGE))
    if before & CONTENT_MASK:
        _ask_host(cpu, page, request, before, after)
    states[page] = after
    if (before ^ after) & USAGE_MASK and configuration.profile is Profile.ZVM and after & USAGE_MASK == Usage.UNUSED:
        # From now on an access must be noticed.
        configuration.translations.page_changed(page)
    cpu.gr[operands.r1] = before
    configuration.counts.operation_requests[request] += 1
    for observer in configuration.observers:
        observer.state_changed(cpu, page, request, before, after)


def _ask_host(cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
    """Have the host do what *request* means for a page that is not resident, if it is anything."""
    hypervisor = cpu.configuration.hypervisor
    becomes_zero = before & CONTENT_MASK == Content.PRESERVED and after & CONTENT_MASK == Content.ZERO
    if cpu.configuration.profile is Profile.KVM:
        # KVM's host looks at the list later; until then the content stays where it is (reference 6.2, 6.4).
        if becomes_zero or request in (OperationRequest.SET_UNUSED, OperationRequest.SET_VOLATILE):
            hypervisor.list_for_release(cpu.address, page)
    elif not after & CONTENT_MASK:
        hypervisor.bring_in(page)
    elif becomes_zero:
        hypervisor.drop(page)


def _check(cpu: Cpu, request: int) -> None:
    """Recognise the exceptions that do not depend on the page, in the order of reference 1.5."""
    configuration = cpu.configuration
    if configuration.profile is Profile.OFF:
        raise ProgramInterruption(ProgramInterruptionCode.OPERATION)
    if cpu.problem_state:
        raise ProgramInterruption(ProgramInterruptionCode.PRIVILEGED_OPERATION)
    if request > OperationRequest.SET_STABLE_NO_DAT:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    if request == OperationRequest.SET_STABLE_NO_DAT and Facility.ESSA_NO_TRANSLATE not in configuration.facilities:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    if (
        request == OperationRequest.SET_POTENTIALLY_VOLATILE
        and Facility.STORAGE_KEY_REMOVAL in configuration.facilities
    ):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIAL_OPERATION)
