# SPDX-License-Identifier: GPL-2.0-or-later
"""What the stepper shows of a machine, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.bits import MASK_64
from emu.cpu import CpuState
from emu.debugging.backward import ChangedBy
from emu.debugging.registers import find_register
from emu.debugging.watched import OfKey, OfPage, OfRegister, OfUsage
from emu.inspection import psw as psw_words
from emu.inspection.storage import NoStorageError, Space, look
from emu.isa.declaration import decode
from emu.machine import StopKind
from emu.page_states import USAGE_MASK, Usage, name
from emu.running.stopping import looking
from emu.symbols.listing import instruction_text
from tools.reports.trace_lines import request_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu
    from emu.debugging.backward import Change
    from emu.debugging.session import Session
    from emu.debugging.watched import Watched
    from emu.machine import Stop

_LINE: Final = 16
_PRINTABLE: Final = range(0x20, 0x7F)


def next_instruction(session: Session, cpu: Cpu) -> str:
    """The instruction that *cpu* executes next, with its symbol, and what it is about to do if it is ESSA."""
    address, is_problem_state = cpu.instruction_address, cpu.problem_state
    where = f"{address:016x} {session.symbols.label(address, is_problem_state=is_problem_state)}".rstrip()
    instruction = looking.code(cpu, address)
    if not instruction:
        return f"cpu {cpu.address}: {where} (no instruction there)"
    text = instruction_text(instruction, address, session.symbols, is_problem_state=is_problem_state)
    line = session.symbols.line(address, is_problem_state=is_problem_state)
    return f"cpu {cpu.address}: {where} {text}{_request(cpu, instruction)}{f'  {line}' if line else ''}"


def check_stop(cpu: Cpu) -> str:
    """That *cpu* is in the check-stop state, and why."""
    return f"cpu {cpu.address}: in the check-stop state: {cpu.configuration.check_stop_reason}"


def _request(cpu: Cpu, instruction: bytes) -> str:
    """What ESSA asks for, and of which page."""
    decoded = decode(instruction)
    if decoded is None or decoded[0].mnemonic != "ESSA":
        return ""
    operands = decoded[1]
    page, states = cpu.address_in(operands.r2) >> PAGE_SHIFT, cpu.configuration.states.bytes
    state = f", {name(states[page])}" if page < len(states) else ""
    return f"  request {operands.m3} {request_name(operands.m3)}, page {page:x}{state}"


def stop_lines(session: Session, stop: Stop) -> Iterator[str]:
    """How the machine stopped; at a stop of the list, also where it is."""
    if stop.kind is not StopKind.STOP_POINT:
        psw = session.symbols.psw_text(stop.psw)
        yield f"stopped: {stop.text} (CPU {stop.cpu}, PSW {psw})"
        return
    for hit in stop.hits:
        yield f"stop {hit.number}: {hit.on}"
        event = hit.event
        if event.page is not None:
            yield f"  page {event.page:x} ({event.page << PAGE_SHIFT:x}): {_change(hit.on, event.before, event.after)}"
        elif event.address is not None:
            yield f"  {'stored' if event.is_store else 'fetched'} {event.length} bytes at {event.address:x}"
    cpu = session.machine.cpus[stop.cpu]
    yield next_instruction(session, cpu)


def _change(on: object, before: int, after: int) -> str:
    if type(on).__name__ == "StorageKeyChange":
        return f"key {before:02x} -> {after:02x}"
    return f"{name(before)} -> {name(after)}"


def change_line(session: Session, watched: Watched, change: Change) -> str:
    """Which instruction has made what of *watched*, and when."""
    before, after = (_value(watched, each) for each in (change.before, change.after))
    return f"{change.position.instruction:,} {_changed_by(session, change)}: {before} -> {after}"


def _changed_by(session: Session, change: Change) -> str:
    """Who has made *change*, in words: the instruction, if it was one."""
    text = instruction_text(change.instruction, change.address, session.symbols) if change.instruction else ""
    where = f"{change.address:016x} {session.symbols.label(change.address)}".rstrip()
    at = f"cpu {change.cpu}: {where} {text}".rstrip()
    match change.by:
        case ChangedBy.INSTRUCTION:
            return at
        case ChangedBy.INTERRUPTION:
            taken = change.interruption
            assert taken is not None
            return f"{at}, by the {taken.interruption} interruption {taken.code:04x}"
        case ChangedBy.OUTSIDE:
            return "from outside, by whoever debugs it"
        case _:
            return f"by the {change.by.value}, at {at}"


def _value(watched: Watched, value: int | bytes) -> str:
    if isinstance(value, bytes):
        return value.hex(" ", 4)
    if isinstance(watched, OfPage):
        return name(value)
    if isinstance(watched, OfUsage):
        return Usage(value & USAGE_MASK).name.lower().replace("_", " ")
    if isinstance(watched, OfRegister) and find_register(watched.name).bits == 128:
        return f"{value >> 64:016x} {value & MASK_64:016x}"
    return f"{value:02x}" if isinstance(watched, OfKey) else f"{value:016x}"


def psw_line(session: Session, cpu: Cpu) -> str:
    """The PSW of *cpu*, and what it is doing."""
    wait = ", waiting" if cpu.is_waiting else ""
    return f"cpu {cpu.address}: {session.symbols.psw_text(cpu.psw)} cc={cpu.cc}, {cpu.state.value}{wait}"


def psw_details(cpu: Cpu) -> str:
    """The PSW of *cpu* in words."""
    return f"  {psw_words.in_words(cpu.psw)}"


def registers(cpu: Cpu, letters: str, values: list[int], digits: int, width: int) -> Iterator[str]:
    """*values*, as many in a line as fit the *width* of the terminal: one, two, four or eight."""
    head = f"cpu {cpu.address}: "
    size = len(f"{letters}00 ") + digits + 1
    fit = next((number for number in (4, 2) if len(head) + number * size - 1 <= width), 1)
    for first in range(0, len(values), fit):
        text = " ".join(
            f"{letters}{number:<2} {values[number]:0{digits}x}"
            for number in range(first, min(first + fit, len(values)))
        )
        yield head + text


def storage(cpu: Cpu, address: int, length: int, space: Space, width: int, *, text: bool = True) -> Iterator[str]:
    """The *length* bytes at *address*, each line from a multiple of its length on, so that it lies in one page.

    :raises NoStorageError: if the first of them does not exist.
    """
    per_line = _LINE if width >= _WIDE else _LINE // 2
    end = address + length
    while address < end:
        part = min(end - address, per_line - address % per_line)
        (piece,) = look(cpu, address, part, space)
        shown = piece.data.hex(" ", 4)
        if piece.mark:
            yield f"{address:016x}  {shown}  ({piece.mark})"
        else:
            # Words from a multiple of four on.
            letters = f"  {_letters(piece.data)}" if text and part == per_line else ""
            yield f"{address:016x}  {shown}{letters}"
        address += part


_WIDE: Final = 76


def _letters(data: bytes) -> str:
    """The characters of *data*, in ASCII, a dot for what is none."""
    return "".join(chr(byte) if byte in _PRINTABLE else "." for byte in data)


def listing(session: Session, cpu: Cpu, address: int, instructions: int) -> Iterator[str]:
    """So many *instructions* from *address* on, with symbols and source lines."""
    is_problem_state = cpu.problem_state
    last_line = None
    for _ in range(instructions):
        label = session.symbols.label(address, is_problem_state=is_problem_state)
        line = session.symbols.line(address, is_problem_state=is_problem_state)
        instruction = looking.code(cpu, address)
        if not instruction:
            raise NoStorageError(f"{address:x}: no instruction can be fetched there")
        text = instruction_text(instruction, address, session.symbols, is_problem_state=is_problem_state)
        mark = "=>" if address == cpu.instruction_address else "  "
        source = f"  {line}" if line is not None and line != last_line else ""
        where = f"{address:016x} {label}".rstrip()
        yield f"{mark} {where} ({instruction.hex()}) {text}{source}"
        last_line = line
        address = cpu.wrap(address + len(instruction))


def is_running(cpu: Cpu) -> bool:
    """Whether *cpu* executes instructions."""
    return cpu.state is CpuState.OPERATING and not cpu.is_waiting
