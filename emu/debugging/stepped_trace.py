# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace recorded step by step, by what the model announces: slow, and what every other recorder is held against.

It tells all that it is told by observers, finds changed registers by looking at all of them after each instruction, and
accesses by watching all of storage (:mod:`emu.debugging.stepped_accesses`).  Translations are an affair of the engine,
and not recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.debugging.all_registers import changes_between, registers_of
from emu.debugging.stepped_accesses import SteppedAccesses
from emu.debugging.trace_rows import TraceRows
from emu.events import Observer
from emu.isa.execute import execute_target_address, is_execute, modified_target
from emu.running.stopping import looking
from emu.traces import schema
from emu.traces.schema import FlowKind, Register
from emu.traces.writer import CHUNK_INSTRUCTIONS

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw
    from emu.traces.writer import ChunkWriter

_MOST_INSTRUCTIONS: Final = 64
"""Of a block, which otherwise would go on as long as no branch is taken."""
_OF_INSTRUCTIONS: Final = frozenset({"program", "svc"})
NO_TARGET: Final = -1, 0, b""


@dataclass(frozen=True, slots=True)
class _AnnouncedInterruption:
    """An interruption that was announced."""

    cpu: Cpu
    kind: str
    code: int
    old: Psw
    new: Psw
    time: int
    executed: int
    """Instructions that had been counted then."""
    low_core: bytes

    @property
    def length(self) -> int:
        """Of the instruction: what is stored as the instruction-length code, which is half of it."""
        place = {"program": 0x8D, "svc": 0x89}.get(self.kind)
        return 0 if place is None else self.low_core[place - schema.LOW_CORE]


class SteppedTrace(Observer):
    """Writes what a machine does; the machine runs step by step for it."""

    wants_instructions = True

    def __init__(
        self, machine: Machine, writer: ChunkWriter, level: str = "registers", chunk: int = CHUNK_INSTRUCTIONS
    ) -> None:
        """Record from the present state on, between two instructions; :meth:`finish` must be called in the end.

        :param level: one of :data:`emu.traces.schema.LEVELS`.
        :param chunk: how many instructions a chunk has.
        """
        self._machine = machine
        self._streams = frozenset(schema.LEVELS[level])
        self._chunk = chunk
        self._rows = TraceRows(writer, machine.executed, machine.timing.work)
        self._flow = _Flow(self._rows)
        self._seen: list[list[int]] = []
        self._targets = [NO_TARGET] * len(machine.cpus)
        """Of each CPU whose next instruction is an EXECUTE: where that lies, where its target, and what is executed."""
        self.refresh()
        self._timers = [cpu.cpu_timer_origin for cpu in machine.cpus]
        self._executed = machine.executed
        self._time = machine.timing.work
        self._interruptions: list[_AnnouncedInterruption] = []
        """Those that the present instruction gives, and what follows from them."""
        self._accesses = SteppedAccesses(machine, self._rows, fetches=level == "all") if self._has("accesses") else None
        self._write_states()

    def _has(self, stream: str) -> bool:
        return stream in self._streams

    def refresh(self) -> None:
        """Take the registers as they are: somebody has changed them from outside."""
        self._seen = [registers_of(cpu) for cpu in self._machine.cpus]
        for cpu in self._machine.cpus:
            self._look_ahead(cpu)

    def finish(self) -> None:
        """Write what is left, and watch no more."""
        self._flow.end_row()
        # Of an instruction that has ended the run.
        self._write_interruptions()
        self._write_chunk()
        if self._accesses is not None:
            self._accesses.end()

    def _write_chunk(self) -> None:
        self._flow.end_row()
        self._rows.write(self._machine.executed, self._machine.timing.work)
        self._write_states()

    def _write_states(self) -> None:
        if self._has("states"):
            for cpu in self._machine.cpus:
                for number, value in enumerate(registers_of(cpu)):
                    self._rows.add("states", cpu.address, number, value)

    # What is told

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`Observer.retired`."""
        number, executed = self._executed, self._machine.executed
        if self._has("flow"):
            self._note_flow(cpu, address, instruction, ended=executed > number)
        if self._has("registers"):
            self._note_registers(number)
        if self._accesses is not None:
            self._accesses.write(cpu, number)
        self._write_interruptions()
        self._executed, self._time = executed, self._machine.timing.work
        self._look_ahead(cpu)
        if executed - self._rows.first >= self._chunk:
            self._write_chunk()

    def _note_flow(self, cpu: Cpu, address: int, instruction: bytes, *, ended: bool) -> None:
        mode = schema.mode_of(self._seen[cpu.address][Register.PSW_MASK])
        kind = FlowKind.EXECUTED if ended else FlowKind.NOT_EXECUTED
        self._flow.note(self._executed, self._time, cpu.address, address, mode, instruction, kind)
        if instruction and is_execute(instruction):
            of, place, target = self._targets[cpu.address]
            self._flow.end_row()
            if of == address:
                self._flow.note(self._executed, self._time, cpu.address, place, mode, target, FlowKind.TARGET)
        if self._interruptions or self._machine.timing.work != self._time + 1:
            self._flow.end_row()

    def _look_ahead(self, cpu: Cpu) -> None:
        """Look at the target of the next instruction if that is an EXECUTE, which may change what leads there."""
        address = cpu.instruction_address
        instruction = looking.code(cpu, address)
        self._targets[cpu.address] = NO_TARGET
        if instruction and is_execute(instruction):
            place = execute_target_address(cpu, instruction, address)
            target, register = looking.code(cpu, place), instruction[1] >> 4
            if target:
                modified = modified_target(target, cpu.gr[register] if register else 0)
                self._targets[cpu.address] = address, place, modified

    def _note_registers(self, number: int) -> None:
        for cpu in self._machine.cpus:
            before, now = self._seen[cpu.address], registers_of(cpu)
            if self._interruptions and self._interruptions[0].cpu is cpu:
                # What the interruption loads is no change that the instruction makes.
                now[Register.PSW_MASK] = self._interruptions[0].old.mask
            changes = changes_between(before, now)
            if self._timers[cpu.address] != cpu.cpu_timer_origin:
                timer = Register.CPU_TIMER
                changes[timer] = before[timer], now[timer]
                self._timers[cpu.address] = cpu.cpu_timer_origin
            for register, (old, new) in sorted(changes.items()):
                self._rows.add_event("registers", number, cpu.address, register, old, new)
            now[Register.PSW_MASK] = cpu.psw.mask
            self._seen[cpu.address] = now

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        time, executed = self._machine.timing.work, self._machine.executed
        taken = _AnnouncedInterruption(cpu, kind, code, old, cpu.psw, time, executed, self._low_core(cpu))
        # That of a PSW which an interruption or LOAD PSW has loaded comes between two instructions.
        is_of_instruction = kind in _OF_INSTRUCTIONS and not (old.has_early_exception() and not taken.length)
        if is_of_instruction or self._interruptions:
            self._interruptions.append(taken)
            return
        self._flow.end_row()
        self._write_interruption(taken, self._machine.executed, taken.time)
        self._time = self._machine.timing.work
        self._seen[cpu.address] = registers_of(cpu)
        self._look_ahead(cpu)

    def _low_core(self, cpu: Cpu) -> bytes:
        return looking.storage(self._machine.configuration, cpu.prefix + schema.LOW_CORE, schema.LOW_CORE_LENGTH)

    def _write_interruptions(self) -> None:
        """Write those of the instruction, which may have been counted before they were taken, or after."""
        number = self._machine.executed
        for taken in self._interruptions:
            self._write_interruption(taken, number, taken.time + number - taken.executed)
        self._interruptions.clear()

    def _write_interruption(self, taken: _AnnouncedInterruption, number: int, time: int) -> None:
        class_ = schema.CLASSES_BY_WORD[taken.kind]
        self._rows.add_event(
            "interruptions",
            number,
            time,
            taken.cpu.address,
            class_,
            taken.length,
            schema.code_column(class_, taken.code),
            taken.old.mask,
            taken.old.address,
            taken.new.mask,
            taken.new.address,
            self._rows.piece(taken.low_core),
        )

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        """See :meth:`Observer.state_changed`."""
        # As of all that happens in an instruction, it is the time before that.
        number, time, address = self._machine.executed, self._time, cpu.instruction_address
        self._rows.add_event("page_states", number, time, cpu.address, request, before, after, page, address)
        self._content_changed(page)

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        self._rows.add_event("host", self._machine.executed, self._machine.timing.work, before, after, page)
        self._content_changed(page)

    def _content_changed(self, page: int) -> None:
        if self._accesses is not None:
            self._accesses.forget(page)

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.key_changed`."""
        self._rows.add_event("keys", self._machine.executed, cpu.address, before, after, page)

    def console_written(self, data: bytes) -> None:
        """See :meth:`Observer.console_written`."""
        self._note_device(0, schema.DeviceEvent.OUTPUT, data)

    def io_begins(self, subchannel: int, what: str) -> None:
        """See :meth:`Observer.io_begins`."""
        self._note_device(1 + subchannel, schema.DeviceEvent.STARTED, what.encode())

    def io_ended(self, subchannel: int, what: str) -> None:
        """See :meth:`Observer.io_ended`."""
        self._note_device(1 + subchannel, schema.DeviceEvent.ENDED, what.encode())

    def _note_device(self, device: int, kind: schema.DeviceEvent, data: bytes) -> None:
        number, time = self._machine.executed, self._machine.timing.work
        self._rows.add_event("devices", number, time, device, kind, self._rows.piece(data), len(data))


class _Flow:
    """Makes blocks of instructions that follow each other, and rows of them."""

    def __init__(self, rows: TraceRows) -> None:
        self._rows = rows
        self._ids: dict[tuple[int, int, bytes], int] = {}
        self._is_open = False
        self._number = self._time = self._cpu = self._address = self._mode = self._count = 0
        self._code = bytearray()

    def note(self, number: int, time: int, cpu: int, address: int, mode: int, code: bytes, kind: FlowKind) -> None:
        """Note an instruction."""
        if kind is not FlowKind.EXECUTED:
            self.end_row()
            self._rows.add_event("flow", number, time, self._block(address, mode, code), 0, 0, cpu, kind)
            return
        goes_on = (
            self._is_open
            and (cpu, mode) == (self._cpu, self._mode)
            and address == self._address + len(self._code)
            and number == self._number + self._count
            and time == self._time + self._count
            and self._count < _MOST_INSTRUCTIONS
        )
        if not goes_on:
            self.end_row()
            self._number, self._time, self._cpu, self._address, self._mode = number, time, cpu, address, mode
            self._is_open = True
        self._code += code
        self._count += 1

    def end_row(self) -> None:
        """Let the next instruction begin a row."""
        if self._is_open:
            block = self._block(self._address, self._mode, bytes(self._code))
            self._rows.add_event("flow", self._number, self._time, block, 0, self._count, self._cpu, FlowKind.EXECUTED)
            self._code.clear()
            self._count = 0
            self._is_open = False

    def _block(self, address: int, mode: int, code: bytes) -> int:
        key = address, mode, code
        if key not in self._ids:
            self._ids[key] = len(self._ids)
            self._rows.add("blocks", self._ids[key], address, mode, self._rows.piece(code), len(code))
        return self._ids[key]
