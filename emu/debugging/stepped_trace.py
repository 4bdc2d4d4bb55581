# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace recorded step by step, by what the model announces: slow, and what every other recorder is held against.

It tells all that it is told by observers, finds changed registers by looking at all of them after each instruction, and
accesses by watching all of storage (:mod:`emu.debugging.stepped_accesses`).  Translations are an affair of the engine,
and not recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.debugging.all_registers import changes_between, registers_of
from emu.debugging.stepped_accesses import SteppedAccesses
from emu.debugging.trace_rows import TraceRows
from emu.events import Observer
from emu.isa.execute import is_execute, modified_target
from emu.isa.relative_operands import relative_operand
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
        self._seen = [registers_of(cpu) for cpu in machine.cpus]
        self._timers = [cpu.cpu_timer_origin for cpu in machine.cpus]
        self._executed = machine.executed
        self._time = machine.timing.work
        self._interruptions: list[tuple[Cpu, str, int, Psw, Psw]] = []
        """Those that the present instruction gives."""
        self._is_between = False
        self._accesses = SteppedAccesses(machine, self._rows, fetches=level == "all") if self._has("accesses") else None
        self._write_states()

    def _has(self, stream: str) -> bool:
        return stream in self._streams

    def refresh(self) -> None:
        """Take the registers as they are: somebody has changed them from outside."""
        self._seen = [registers_of(cpu) for cpu in self._machine.cpus]

    def finish(self) -> None:
        """Write what is left, and watch no more."""
        # Of an instruction that has ended the run.
        for interruption in self._interruptions:
            self._write_interruption(*interruption, self._machine.executed)
        self._interruptions.clear()
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
        for interruption in self._interruptions:
            self._write_interruption(*interruption, executed)
        self._interruptions.clear()
        self._executed, self._time, self._is_between = executed, self._machine.timing.work, False
        if executed - self._rows.first >= self._chunk:
            self._write_chunk()

    def _note_flow(self, cpu: Cpu, address: int, instruction: bytes, *, ended: bool) -> None:
        mode = schema.mode_of(self._seen[cpu.address][Register.PSW_MASK])
        kind = FlowKind.EXECUTED if ended else FlowKind.NOT_EXECUTED
        self._flow.note(self._executed, self._time, cpu.address, address, mode, instruction, kind)
        if ended and is_execute(instruction):
            found = self._target(cpu, address, instruction)
            self._flow.end_row()
            self._flow.note(self._executed, self._time, cpu.address, found[0], mode, found[1], FlowKind.TARGET)
        if self._interruptions or self._machine.timing.work != self._time + 1:
            self._flow.end_row()

    def _target(self, cpu: Cpu, address: int, instruction: bytes) -> tuple[int, bytes]:
        """Where the target of an EXECUTE lies, and what was executed, found from the registers as they were before."""
        before = self._seen[cpu.address]
        relative = relative_operand(instruction, address)
        place = relative if relative is not None else int.from_bytes(instruction[2:4], "big") & 0xFFF
        if relative is None:
            for register in (instruction[1] & 0x0F, instruction[2] >> 4):
                place += before[register] if register else 0
        limit = _LIMITS[schema.mode_of(before[Register.PSW_MASK]) & schema.ADDRESSING_MODE]
        target = looking.code(cpu, place & limit)
        first = instruction[1] >> 4
        return place & limit, modified_target(target, before[first] if first else 0) if target else target

    def _note_registers(self, number: int) -> None:
        for cpu in self._machine.cpus:
            before, now = self._seen[cpu.address], registers_of(cpu)
            if self._interruptions and self._interruptions[0][0] is cpu:
                # What the interruption loads is no change that the instruction makes.
                now[Register.PSW_MASK] = self._interruptions[0][3].mask
            for register, (old, new) in changes_between(before, now).items():
                self._rows.add("registers", number, cpu.address, register, old, new)
            if self._timers[cpu.address] != cpu.cpu_timer_origin:
                timer = Register.CPU_TIMER
                self._rows.add("registers", number, cpu.address, timer, before[timer], now[timer])
                self._timers[cpu.address] = cpu.cpu_timer_origin
            now[Register.PSW_MASK] = cpu.psw.mask
            self._seen[cpu.address] = now

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        # An interruption that loads an invalid PSW causes another one before any instruction.
        is_early = self._is_between and old.has_early_exception()
        if kind in _OF_INSTRUCTIONS and not is_early:
            self._interruptions.append((cpu, kind, code, old, cpu.psw))
            return
        self._flow.end_row()
        self._write_interruption(cpu, kind, code, old, cpu.psw, self._machine.executed)
        self._is_between = True
        self._time = self._machine.timing.work
        self._seen[cpu.address] = registers_of(cpu)

    def _write_interruption(self, cpu: Cpu, kind: str, code: int, old: Psw, new: Psw, number: int) -> None:
        low_core = looking.storage(self._machine.configuration, cpu.prefix + schema.LOW_CORE, schema.LOW_CORE_LENGTH)
        place = {"program": 0x8D, "svc": 0x89}.get(kind)
        self._rows.add(
            "interruptions",
            number,
            self._machine.timing.work,
            cpu.address,
            schema.CLASSES_BY_WORD[kind],
            0 if place is None else low_core[place - schema.LOW_CORE],
            code & 0xFFFF_FFFF,
            old.mask,
            old.address,
            new.mask,
            new.address,
            self._rows.piece(low_core),
        )

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        """See :meth:`Observer.state_changed`."""
        # As of all that happens in an instruction, it is the time before that.
        number, time, address = self._machine.executed, self._time, cpu.instruction_address
        self._rows.add("page_states", number, time, cpu.address, request, before, after, page, address)
        self._content_changed(page)

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        self._rows.add("host", self._machine.executed, self._machine.timing.work, before, after, page)
        self._content_changed(page)

    def _content_changed(self, page: int) -> None:
        if self._accesses is not None:
            self._accesses.forget(page)

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.key_changed`."""
        self._rows.add("keys", self._machine.executed, cpu.address, before, after, page)

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
        self._rows.add("devices", number, time, device, kind, self._rows.piece(data), len(data))


_LIMITS: Final[dict[int, int]] = {
    schema.Mode.ADDRESSING_24: 0xFF_FFFF,
    schema.Mode.ADDRESSING_31: 0x7FFF_FFFF,
    schema.Mode.ADDRESSING_64: 0xFFFF_FFFF_FFFF_FFFF,
}


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
            self._rows.add("flow", number, time, self._block(address, mode, code), 0, 0, cpu, kind)
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
            self._rows.add("flow", self._number, self._time, block, 0, self._count, self._cpu, FlowKind.EXECUTED)
            self._code.clear()
            self._count = 0
            self._is_open = False

    def _block(self, address: int, mode: int, code: bytes) -> int:
        key = address, mode, code
        if key not in self._ids:
            self._ids[key] = len(self._ids)
            self._rows.add("blocks", self._ids[key], address, mode, self._rows.piece(code), len(code))
        return self._ids[key]
