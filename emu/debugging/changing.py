# SPDX-License-Identifier: GPL-2.0-or-later
"""Changing a machine from outside, between two instructions: storage, keys, page states, and interruptions at will."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import interruption, room
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE, AbsoluteAddress
from emu.bits import MASK_32, MASK_64
from emu.cpu import CpuState
from emu.inspection.storage import Space, locate
from emu.isa.declaration import Operands
from emu.isa.page_hinting import essa
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.running import execution
from emu.running.run_loop import enter_check_stop
from emu.running.stopping import looking
from emu.running.stops import StopRun
from emu.storage_keys import KEY_BITS

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.page_states import OperationRequest


_LARGEST: Final = {
    "program": (0xFFFF, MASK_64),
    "svc": (0xFF, 0),
    "external": (0xFFFF, MASK_32),
    "io": (MASK_32, MASK_32),
    "machine-check": (MASK_64, 0),
    "restart": (0, 0),
}
"""The largest code and the largest parameter of each class of interruptions, by their fields in the prefix area."""


def store(cpu: Cpu, address: int, data: bytes, space: Space = Space.LOGICAL) -> None:
    """Store *data* at *address* in *space*; no key and no protection is asked, but the pages are touched.

    :raises NoStorageError: if some of it does not exist; nothing is stored then.
    :raises ProgramInterruption: if a page is unused or discarded.
    """
    parts: list[tuple[AbsoluteAddress, bytes]] = []
    done = 0
    while done < len(data):
        size = min(len(data) - done, PAGE_SIZE - (address + done & PAGE_OFFSET_MASK))
        parts.append((locate(cpu, address + done, space), data[done : done + size]))
        done += size
    for absolute, part in parts:
        room.load_storage(cpu.configuration.storage, absolute, part)
        # A table may have been stored into, which a remembered translation came from.
        cpu.configuration.page_changed(absolute >> PAGE_SHIFT)
    cpu.configuration.translations.flush_all()


def set_key(cpu: Cpu, absolute: int, key: int) -> None:
    """Make *key*, as ISKE shows it, the storage key of the page of *absolute*.

    :raises NoStorageError: if that lies outside the memory.
    :raises ValueError: if it is no key.
    """
    page = locate(cpu, absolute, Space.ABSOLUTE) >> PAGE_SHIFT
    if key & ~KEY_BITS:
        raise ValueError(f"expected a storage key, an even number from 00 to fe, not {key:02x}")
    configuration = cpu.configuration
    before = configuration.keys.bytes[page]
    configuration.keys.bytes[page] = key
    configuration.page_changed(page)
    for observer in configuration.observers:
        observer.key_changed(cpu, page, before, key)


def request_state(cpu: Cpu, absolute: int, request: OperationRequest) -> int:
    """Do to the page of *absolute* what ESSA with *request* does, as if *cpu* had executed it; give the state before.

    No instruction is counted, and no register changes.

    :raises NoStorageError: if that lies outside the memory.
    :raises ProgramInterruption: if this guest has no ESSA, or not this request.
    """
    page = locate(cpu, absolute, Space.ABSOLUTE) >> PAGE_SHIFT
    registers = cpu.gr[:2].tolist()
    operands = Operands(0, 4, {"r1": 0, "r2": 1, "m3": request})
    is_problem_state, limit = cpu.problem_state, cpu.address_limit
    if page << PAGE_SHIFT > limit:
        raise ValueError(f"expected a page that the addressing mode reaches, up to {limit:x}; not {absolute:x}")
    cpu.problem_state = False
    try:
        cpu.gr[1] = page << PAGE_SHIFT
        room.with_room(cpu.configuration.hypervisor, lambda: essa(cpu, operands))
        return cpu.gr[0]
    finally:
        cpu.gr[0], cpu.gr[1] = registers
        cpu.problem_state = is_problem_state


def inject(cpu: Cpu, kind: str, code: int = 0, parameter: int | None = None) -> None:
    """Have *cpu* take an interruption now, whatever its masks say.

    :param kind: program, svc, external, io, machine-check or restart.
    :param code: the interruption code; of svc its number, of io the subsystem-identification word.
    :param parameter: of program the translation-exception identification, of external and io their parameter.
    Where its prefix area cannot be accessed the CPU is in the check-stop state then.

    :raises ValueError: if there is no such interruption, which changes nothing, or no program can go on behind it.
    """
    most, most_of_parameter = _LARGEST.get(kind, (0, 0))
    _require("code", kind, code, most)
    _require("parameter", kind, parameter or 0, most_of_parameter)
    try:
        _take(cpu, kind, code, parameter)
        cpu.state = CpuState.OPERATING
        execution.check_loaded_psw(cpu)
    except interruption.CheckStop as reason:
        enter_check_stop(reason)
    except StopRun as reason:
        raise ValueError(f"the new PSW leads nowhere: {reason}") from None


def _require(what: str, kind: str, value: int, most: int) -> None:
    if kind in _LARGEST and not 0 <= value <= most:
        raise ValueError(f"expected a {what} of {kind} from 0 to {most:x}, not {value:x}")


def _take(cpu: Cpu, kind: str, code: int, parameter: int | None) -> None:
    match kind:
        case "program":
            condition = ProgramInterruption(_program_code(code), translation_exception=parameter)
            address = cpu.instruction_address
            length = len(looking.code(cpu, address))
            cpu.next_address = cpu.wrap(address + length)
            interruption.program(cpu, condition, address, length)
        case "svc":
            interruption.supervisor_call(cpu, code, 2)
        case "external":
            interruption.external(cpu, code, parameter=parameter)
        case "io":
            interruption.input_output(cpu, subsystem=code, parameter=parameter or 0, identification=0)
        case "machine-check":
            interruption.machine_check(cpu, code)
        case "restart":
            interruption.restart(cpu)
        case _:
            raise ValueError(f"expected program, svc, external, io, machine-check or restart, not {kind!r}")


def _program_code(code: int) -> ProgramInterruptionCode:
    try:
        return ProgramInterruptionCode(code)
    except ValueError:
        raise ValueError(f"expected the code of a program interruption, not {code:#x}") from None
