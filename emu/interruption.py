# SPDX-License-Identifier: GPL-2.0-or-later
"""Interruptions: storing the old PSW and the low-core fields, loading the new PSW (PoP chapter 6).

Everything is stored at real addresses of the CPU that takes the interruption, without key checks and without
low-address protection, as the manual says of interruption storing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import lowcore, machine_checks
from emu.addresses import PAGE_SHIFT
from emu.control_registers import CR0_AFP
from emu.facilities import Facility
from emu.hypervisor import FrameShortage
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode
from emu.psw import Psw
from emu.room import supply
from emu.status_fields import doublewords, register_fields
from emu.storage_keys import CHANGE, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from emu.addresses import RealAddress
    from emu.cpu import Cpu

EXTERNAL_INTERRUPT_KEY: Final = 0x0040
EXTERNAL_CLOCK_COMPARATOR: Final = 0x1004
EXTERNAL_CPU_TIMER: Final = 0x1005
EXTERNAL_MALFUNCTION_ALERT: Final = 0x1200
EXTERNAL_EMERGENCY_SIGNAL: Final = 0x1201
EXTERNAL_CALL: Final = 0x1202
EXTERNAL_SERVICE_SIGNAL: Final = 0x2401
EXTERNAL_VMCF: Final = 0x4001
"""Not the manual's: the Virtual Machine Communication Facility of the hypervisor below."""

_EXTENDED_ORIGIN: Final = ~0x3FF
"""The bits of the machine-check extended-save-area designation that are its address."""
_FPC_DXC: Final = 0xFF00
"""The DXC field of the floating-point-control register."""

_IDENTIFIED_BY_ASN: Final = frozenset(
    {
        ProgramInterruptionCode.AFX_TRANSLATION,
        ProgramInterruptionCode.ASX_TRANSLATION,
        ProgramInterruptionCode.PRIMARY_AUTHORITY,
        ProgramInterruptionCode.SECONDARY_AUTHORITY,
        ProgramInterruptionCode.SPACE_SWITCH_EVENT,
    }
)
"""Conditions whose identification is a word at real location 172; locations 168-171 stay as they are."""

MOST_PROGRAM_INTERRUPTIONS: Final = 16
"""So many in a row, with nothing executed between, are no loop yet."""
MOST_INTERRUPTIONS: Final = 1000
"""The same of other interruptions, of which there are more kinds that can be pending at a time."""
INTERRUPTION_WORK: Final = 64
"""Units of work that an interruption costs."""


class CheckStop(Exception):  # noqa: N818 - a state of the CPU, and not an error of the program
    """The CPU cannot take an interruption that it must take: it enters the check-stop state."""

    def __init__(self, cpu: Cpu, reason: str) -> None:
        super().__init__(reason)
        self.cpu = cpu


def _no_prefix_area(cpu: Cpu, reason: ProgramInterruption) -> CheckStop:
    return CheckStop(cpu, f"the prefix area at {cpu.prefix:#x} cannot be accessed: {reason}")


def _prepare(cpu: Cpu, absolute: int) -> None:
    """Make the page of *absolute* present, for the accesses to it that are part of an interruption.

    Reference and change recording take place for them, too (PoP 3, "Storage Key").  Unlike an instruction, an
    interruption is not begun again for want of a frame: the host makes room at once.

    :raises ProgramInterruption: addressing, or what the state of the page gives.
    """
    cpu.configuration.storage.require(absolute)
    make_present(cpu, absolute >> PAGE_SHIFT)
    cpu.configuration.keys.bytes[absolute >> PAGE_SHIFT] |= REFERENCE | CHANGE


def make_present(cpu: Cpu, page: int) -> None:
    """Have the host supply a frame for absolute *page*, and make room for it if there is none.

    :raises ProgramInterruption: what the state of the page gives.
    """
    while True:
        try:
            cpu.configuration.hypervisor.frame(page)
        except FrameShortage:
            supply(cpu)
        else:
            return


def _swap(
    cpu: Cpu,
    kind: str,
    code: int,
    old: Psw,
    old_at: RealAddress,
    new_at: RealAddress,
    condition: ProgramInterruption | None = None,
    fields: Iterable[tuple[RealAddress, int, int]] = (),
) -> None:
    """Exchange PSWs, and store *fields*: real address, length and value of each.

    None of them overlaps the new PSW, so it may be fetched first.
    """
    storage, area = cpu.configuration.storage, cpu.prefix
    try:
        _prepare(cpu, area)
        new = Psw.from_bytes(storage.read(area + new_at, 16))
        for address, length, value in fields:
            storage.write_integer(area + address, length, value)
        storage.write(area + old_at, old.to_bytes())
    except ProgramInterruption as reason:
        raise _no_prefix_area(cpu, reason) from None
    cpu.load_psw(new)
    cpu.configuration.timing.work += INTERRUPTION_WORK
    if kind == "svc":
        count_call(cpu, code)
    elif kind == "external":
        count_external(cpu, code)
    for observer in cpu.configuration.observers:
        observer.interrupted(cpu, kind, code, old, condition)


def count_call(cpu: Cpu, number: int) -> None:
    """Count the supervisor call with this *number*, for summaries."""
    cpu.configuration.counts.supervisor_calls[number] += 1


def count_external(cpu: Cpu, code: int) -> None:
    """Count the external interruption with this *code*, for summaries."""
    cpu.configuration.counts.external_interruptions[code] += 1


def program(cpu: Cpu, condition: ProgramInterruption, address: int, length: int) -> None:
    """Take a program interruption for the instruction of *length* bytes at *address*.

    A nullifying condition leaves the old PSW at the instruction, every other behind it.
    """
    mask = cpu.psw.mask
    if condition.ending is Ending.NULLIFICATION:
        old = Psw(mask, address)
    elif condition.ending is Ending.COMPLETION:
        old = Psw(mask, cpu.next_address)
    else:
        old = Psw(mask, cpu.wrap(address + length))
    _swap_for_program(cpu, condition, old, length)


def program_early(cpu: Cpu, condition: ProgramInterruption, length: int) -> None:
    """Take the early specification exception of the current PSW, which becomes the old PSW as it is.

    *length* is that of the instruction which replaced a part of the PSW, or zero if the whole of it was loaded.
    """
    _swap_for_program(cpu, condition, cpu.psw, length)


def _swap_for_program(cpu: Cpu, condition: ProgramInterruption, old: Psw, length: int) -> None:
    if condition.data_exception_code is not None and cpu.cr[0] & CR0_AFP:
        # PoP 6, "Data-Exception Code (DXC)"; a vector-exception code goes there, too.
        cpu.registers.fpc = cpu.registers.fpc & ~_FPC_DXC | condition.data_exception_code << 8
    fields = program_fields(cpu, condition, length)
    places = lowcore.PROGRAM_OLD_PSW, lowcore.PROGRAM_NEW_PSW
    _swap(cpu, "program", condition.stored_code, old, *places, condition, fields)


def count_program(cpu: Cpu, condition: ProgramInterruption) -> int:
    """Count a program interruption; give how many this CPU has taken now without ending any instruction between."""
    configuration = cpu.configuration
    configuration.counts.program_interruptions[condition.code] += 1
    configuration.hypervisor.refused(condition)
    repetition = configuration.repetition
    where, executed, count = repetition.program
    count = _times_in_a_row(cpu, where, executed, count)
    repetition.program = cpu.address, cpu.executed, count
    return count


def count_in_a_row(cpu: Cpu) -> int:
    """Count an interruption that is no program's; give how many this CPU has taken now, as :func:`count_program`."""
    repetition = cpu.configuration.repetition
    where, executed, count = repetition.interruption
    count = _times_in_a_row(cpu, where, executed, count)
    repetition.interruption = cpu.address, cpu.executed, count
    return count


def _times_in_a_row(cpu: Cpu, where: int, executed: int, count: int) -> int:
    """What *count* becomes with one more, if the last one was taken by CPU *where* after so many instructions."""
    return count + 1 if where == cpu.address and executed == cpu.executed else 1


def program_fields(cpu: Cpu, condition: ProgramInterruption, length: int) -> Iterator[tuple[RealAddress, int, int]]:
    """What a program interruption stores besides the old PSW: real address, length and value of each field."""
    yield lowcore.PROGRAM_ILC, 4, length << 16 | condition.stored_code
    if condition.translation_exception is not None:
        if condition.code in _IDENTIFIED_BY_ASN:
            yield lowcore.TRANSLATION_EXCEPTION_ASN, 4, condition.translation_exception
        else:
            yield lowcore.TRANSLATION_EXCEPTION, 8, condition.translation_exception
    if condition.exception_access is not None:
        yield lowcore.EXCEPTION_ACCESS, 1, condition.exception_access
    if condition.operand_access is not None:
        yield lowcore.OPERAND_ACCESS, 1, condition.operand_access
    if condition.data_exception_code is not None:
        yield lowcore.DATA_EXCEPTION_CODE, 4, condition.data_exception_code
    if condition.monitor_class is not None:
        yield lowcore.MONITOR_CLASS, 2, condition.monitor_class
        yield lowcore.MONITOR_CODE, 8, condition.monitor_code or 0
    event = condition.program_event
    if event is not None:
        yield lowcore.PER_CODE, 2, event.code << 8 | event.mode
        yield lowcore.PER_ADDRESS, 8, event.address
        # An access register has taken part in no access.
        yield lowcore.PER_ACCESS, 1, 0
    yield lowcore.BREAKING_EVENT_ADDRESS, 8, cpu.registers.breaking_event_address


def supervisor_call(cpu: Cpu, number: int, length: int) -> None:
    """Take the interruption of an SVC, or EXECUTE of one, of *length* bytes; the PSW is behind it already."""
    fields = ((lowcore.SVC_ILC, 4, length << 16 | number),)
    _swap(cpu, "svc", number, cpu.psw, lowcore.SVC_OLD_PSW, lowcore.SVC_NEW_PSW, fields=fields)


def external(cpu: Cpu, code: int, *, cpu_address: int = 0, parameter: int | None = None) -> None:
    """Take an external interruption with *code*; only a condition that has a *parameter* stores one."""
    fields = _external_fields(code, cpu_address, parameter)
    _swap(cpu, "external", code, cpu.psw, lowcore.EXTERNAL_OLD_PSW, lowcore.EXTERNAL_NEW_PSW, fields=fields)


def _external_fields(code: int, cpu_address: int, parameter: int | None) -> Iterator[tuple[RealAddress, int, int]]:
    """What an external interruption stores besides the old PSW: real address, length and value of each field."""
    yield lowcore.EXTERNAL_CPU_ADDRESS, 2, cpu_address
    yield lowcore.EXTERNAL_CODE, 2, code
    if parameter is not None:
        yield lowcore.EXTERNAL_PARAMETER, 4, parameter


def input_output(cpu: Cpu, *, subsystem: int, parameter: int, identification: int) -> None:
    """Take an I/O interruption."""
    fields = (
        (lowcore.SUBSYSTEM_IDENTIFICATION, 4, subsystem),
        (lowcore.IO_PARAMETER, 4, parameter),
        (lowcore.IO_IDENTIFICATION, 4, identification),
    )
    _swap(cpu, "io", subsystem, cpu.psw, lowcore.IO_OLD_PSW, lowcore.IO_NEW_PSW, fields=fields)


def machine_check(cpu: Cpu, conditions: int) -> None:
    """Take a machine-check interruption: store the registers, and *conditions* with the bits that say what is valid."""
    fields = machine_check_fields(conditions | machine_checks.PSW_AND_STORAGE_VALID | _save_registers(cpu))
    places = lowcore.MACHINE_CHECK_OLD_PSW, lowcore.MACHINE_CHECK_NEW_PSW
    _swap(cpu, "machine-check", conditions, cpu.psw, *places, fields=fields)


def machine_check_fields(code: int) -> tuple[tuple[RealAddress, int, int], ...]:
    """What a machine-check interruption with *code* stores besides old PSW and registers; see program_fields."""
    return (lowcore.ARCHITECTURAL_MODE, 1, 1), (lowcore.MACHINE_CHECK_CODE, 8, code)


def _save_registers(cpu: Cpu) -> int:
    """Store the registers, and give the validity bits of those that could be stored.

    What cannot be stored is not valid, which is no reason to stop: without the page of the save areas that is all.
    """
    storage, areas = cpu.configuration.storage, cpu.prefix + lowcore.STORE_STATUS_AREA
    try:
        _prepare(cpu, areas)
    except ProgramInterruption:
        return 0
    for offset, content in register_fields(cpu):
        storage.write(areas + offset, content)
    valid = machine_checks.REGISTERS_VALID
    extended = storage.read_integer(cpu.prefix + lowcore.EXTENDED_SAVE_AREA, 8) & _EXTENDED_ORIGIN
    if extended and Facility.VECTOR in cpu.configuration.facilities:
        try:
            _prepare(cpu, extended)
        except ProgramInterruption:
            return valid
        storage.write(extended, doublewords(cpu.vr))
        valid |= machine_checks.VECTORS_VALID
    return valid


def restart(cpu: Cpu) -> None:
    """Take a restart interruption."""
    old = cpu.psw
    _swap(cpu, "restart", 0, old, lowcore.RESTART_OLD_PSW, lowcore.RESTART_NEW_PSW)
