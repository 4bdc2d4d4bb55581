# SPDX-License-Identifier: GPL-2.0-or-later
"""ESSA, the instruction of guest page hinting (page-hinting reference, chapter 1).

The transitions are data in :mod:`emu.page_states`; here is what the instruction does around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.facilities import Facility
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRF_C
from emu.page_states import CONTENT_MASK, USAGE_MASK, Content, OperationRequest, Profile, Usage, transition
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
    machine = cpu.machine
    request = operands.m3
    _check(cpu, request)
    address = cpu.address_in(operands.r2)
    machine.storage.require(address)
    page = address >> 12
    states = machine.states.bytes
    before = states[page]
    after = transition(machine.profile, before, request, bool(machine.keys.bytes[page] & CHANGE))
    if before & CONTENT_MASK:
        _change_content(cpu, page, request, before, after)
    states[page] = after
    if (before ^ after) & USAGE_MASK and machine.profile is Profile.ZVM and after & USAGE_MASK == Usage.UNUSED:
        # From now on an access must be noticed.
        machine.page_changed(page)
    cpu.gr[operands.r1] = before
    for observer in machine.observers:
        observer.state_changed(cpu, page, request, before, after)


def _change_content(cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
    """Have the host do what *request* asks for on a page that is not resident."""
    hypervisor = cpu.machine.hypervisor
    is_preserved = before & CONTENT_MASK == Content.PRESERVED
    if cpu.machine.profile is Profile.KVM:
        # KVM's host looks at the list later; until then the content stays where it is (reference 6.2, 6.4).
        worthless = request in (OperationRequest.SET_UNUSED, OperationRequest.SET_VOLATILE)
        if worthless or (is_preserved and after & CONTENT_MASK == Content.ZERO):
            hypervisor.list_for_release(cpu.address, page)
    elif not after & CONTENT_MASK:
        hypervisor.bring_in(page)
    elif is_preserved and after & CONTENT_MASK == Content.ZERO:
        hypervisor.drop(page)


def _check(cpu: Cpu, request: int) -> None:
    """Recognise the exceptions that do not depend on the page, in the order of reference 1.5."""
    machine = cpu.machine
    if machine.profile is Profile.OFF:
        raise ProgramInterruption(ProgramInterruptionCode.OPERATION)
    if cpu.problem_state:
        raise ProgramInterruption(ProgramInterruptionCode.PRIVILEGED_OPERATION)
    if request > OperationRequest.SET_STABLE_NO_DAT or (
        request == OperationRequest.SET_STABLE_NO_DAT and Facility.ESSA_NO_TRANSLATE not in machine.facilities
    ):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    if request == OperationRequest.SET_POTENTIALLY_VOLATILE and Facility.STORAGE_KEY_REMOVAL in machine.facilities:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIAL_OPERATION)
