# SPDX-License-Identifier: GPL-2.0-or-later
"""ESSA, the instruction of guest page hinting (page-hinting reference, chapter 1).

The transitions are data in :mod:`emu.page_states`; here is what the instruction does around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.facilities import Facility
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRF_C
from emu.page_states import (
    CONTENT_MASK,
    TRANSITIONS,
    USAGE_MASK,
    Content,
    OperationRequest,
    Profile,
    Usage,
    transition,
)
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.storage_keys import CHANGE

if TYPE_CHECKING:
    from collections.abc import Callable

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
    after = transition(configuration.profile, before, request, bool(configuration.keys.bytes[page] & CHANGE))
    asked = _asked_of_host(configuration.profile, request, before, after)
    if asked is not None:
        asked(cpu, page)
    states[page] = after
    if (before ^ after) & USAGE_MASK and configuration.profile is Profile.ZVM and after & USAGE_MASK == Usage.UNUSED:
        # From now on an access must be noticed.
        configuration.translations.page_changed(page)
    cpu.gr[operands.r1] = before
    configuration.counts.operation_requests[request] += 1
    for observer in configuration.observers:
        observer.state_changed(cpu, page, request, before, after)


def _list_for_release(cpu: Cpu, page: int) -> None:
    cpu.configuration.hypervisor.list_for_release(cpu.address, page)


def _bring_in(cpu: Cpu, page: int) -> None:
    cpu.configuration.hypervisor.bring_in(page)


def _drop(cpu: Cpu, page: int) -> None:
    cpu.configuration.hypervisor.drop(page)


def _asked_of_host(profile: Profile, request: int, before: int, after: int) -> Callable[[Cpu, int], None] | None:
    """What the host is asked to do by *request* on a page that is not resident, if it is anything."""
    if not before & CONTENT_MASK:
        return None
    becomes_zero = before & CONTENT_MASK == Content.PRESERVED and after & CONTENT_MASK == Content.ZERO
    if profile is Profile.KVM:
        # KVM's host looks at the list later; until then the content stays where it is (reference 6.2, 6.4).
        is_worthless = request in (OperationRequest.SET_UNUSED, OperationRequest.SET_VOLATILE)
        return _list_for_release if is_worthless or becomes_zero else None
    if not after & CONTENT_MASK:
        return _bring_in
    return _drop if becomes_zero else None


NOT_PLAIN: Final = 0xFF
"""In the table of plain transitions: the model must execute this one."""


def plain_transitions(profile: Profile, facilities: frozenset[int]) -> bytes:
    """The transitions that ask nothing of the host and meet no exception, for those who execute ESSA elsewhere.

    The state after stands at ``request << 7 | changed << 6 | state before``; :data:`NOT_PLAIN` where there is none.
    """
    table = bytearray([NOT_PLAIN]) * (len(OperationRequest) << 7)
    for (before, request, changed), after in TRANSITIONS.get(profile, {}).items():
        is_recognised = _request_exception(request, facilities) is None
        if is_recognised and _asked_of_host(profile, request, before, after) is None:
            table[request << 7 | changed << 6 | before] = after
    return bytes(table)


def _check(cpu: Cpu, request: int) -> None:
    """Recognise the exceptions that do not depend on the page, in the order of reference 1.5."""
    configuration = cpu.configuration
    if configuration.profile is Profile.OFF:
        raise ProgramInterruption(ProgramInterruptionCode.OPERATION)
    if cpu.problem_state:
        raise ProgramInterruption(ProgramInterruptionCode.PRIVILEGED_OPERATION)
    code = _request_exception(request, configuration.facilities)
    if code is not None:
        raise ProgramInterruption(code)


def _request_exception(request: int, facilities: frozenset[int]) -> ProgramInterruptionCode | None:
    """The exception that *request* meets on a machine with these *facilities*, whatever the page."""
    if request > OperationRequest.SET_STABLE_NO_DAT:
        return ProgramInterruptionCode.SPECIFICATION
    if request == OperationRequest.SET_STABLE_NO_DAT and Facility.ESSA_NO_TRANSLATE not in facilities:
        return ProgramInterruptionCode.SPECIFICATION
    if request == OperationRequest.SET_POTENTIALLY_VOLATILE and Facility.STORAGE_KEY_REMOVAL in facilities:
        return ProgramInterruptionCode.SPECIAL_OPERATION
    return None
