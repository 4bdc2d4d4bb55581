# SPDX-License-Identifier: GPL-2.0-or-later
"""Recording a trace of a machine that runs freely.

Compiled code writes what the engines execute into a ring; what Python executes, and what the host and devices do, the
recorder adds there, in order.  When the ring is full it becomes a chunk of the trace.  The machine is the same to the
bit as without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine.trace_ring import (
    LOW_CORE_BYTES,
    LOW_CORE_FIRST,
    RowKind,
    SharedRing,
    first_word,
)
from emu.events import Observer
from emu.isa.execute import is_execute
from emu.isa.storage_operands import Use
from emu.lowcore import PROGRAM_ILC, SVC_ILC
from emu.teid import Access
from emu.traces.filtered_writer import FilteredWriter
from emu.traces.filters import EVERYTHING, Filter
from emu.traces.schema import (
    CLASSES_BY_WORD,
    LEVELS,
    NOTHING,
    STREAMS,
    AccessKind,
    DeviceEvent,
    FlowKind,
    Register,
    code_column,
)
from emu.tracing.accesses import AccessedPart, content_at, described_parts, merged, parts_of, target_of
from emu.tracing.lone_instruction import LoneInstruction
from emu.tracing.rows import RowReader, split_instructions

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.engine.engine import Engine
    from emu.engine.engine_trace import EngineTrace
    from emu.machine import Machine
    from emu.program_interruption import ProgramInterruption
    from emu.psw import AddressSpaceControl, Psw
    from emu.traces.writer import ChunkWriter

CONSOLE: Final = "console"
_LEAST_ROWS: Final = 1 << 10
_LENGTHS: Final = {"program": PROGRAM_ILC, "svc": SVC_ILC}
"""Where the instruction-length code lies that some of them store."""


class TraceRecorder(Observer):
    """Records *machine* from now on; :meth:`end` ends it."""

    # Compiled code writes these into the ring itself.
    wants_interruptions = wants_states = wants_keys = wants_host = False

    def __init__(
        self,
        machine: Machine,
        writer: ChunkWriter,
        level: str,
        wanted: Filter = EVERYTHING,
        *,
        chunk: int | None = None,
    ) -> None:
        """Record what belongs to *level*, one of :data:`emu.traces.schema.LEVELS`, with *writer*.

        :param wanted: what of it is left; it may name instructions only if they are recorded.
        :param chunk: how many instructions a chunk should have at most, about; None: as many as there is room for.

        :raises EngineError: if the engine is not as it is known.
        """
        self._machine = machine
        self._configuration = configuration = machine.configuration
        self._writer = writer if wanted == EVERYTHING else FilteredWriter(writer, wanted)
        self._level = level
        self._names = frozenset(LEVELS[level])
        self._ring = SharedRing()
        if chunk is not None:
            self._ring.fields.row_limit = min(self._ring.fields.row_limit, max(chunk, _LEAST_ROWS))
        self._ring.fields.follows_flow = "flow" in self._names
        self._ring.fields.follows_registers = "registers" in self._names
        self._ring.fields.follows_fetches = "translations" in self._names
        self._reader = RowReader(follows_flow="flow" in self._names)
        self._alone: LoneInstruction | None = None
        self._is_lost = False
        """Whether the writer has failed."""
        self._abandoned: dict[int, LoneInstruction] = {}
        """By CPU: what was not executed after all, but may have stored something."""
        configuration.follower = self
        self._engines: list[Engine] = list(machine.engines)
        self._traces: list[EngineTrace] = []
        try:
            for engine in self._engines:
                self._traces.append(engine.trace(self._ring, self, is_flow_followed="flow" in self._names))
        except BaseException:
            self._let_go()
            raise
        self._first, self._time = configuration.executed, configuration.timing.work
        self._states = self._registers()
        configuration.observers.append(self)

    def refresh(self) -> None:
        """Take the registers as they are: somebody has changed them from outside."""
        for trace in self._traces:
            trace.forget_changes()

    def end(self) -> None:
        """Record no more; what was recorded is with the writer."""
        try:
            if not self._is_lost:
                self.take()
        finally:
            self._let_go()
            self._configuration.observers.remove(self)

    def _let_go(self) -> None:
        self._configuration.follower = None
        for engine in self._engines:
            engine.end_trace()

    # Chunks

    def take(self) -> None:
        """See :class:`emu.engine.engine_trace.RingReader`."""
        configuration, ring = self._configuration, self._ring
        end, time = configuration.executed, configuration.timing.work
        for trace in self._traces:
            trace.note_changes(end)
            trace.forget_given_up()
        rows = ring.rows[: ring.fields.row_count]
        octets = ring.octets[: ring.fields.octet_count]
        found = self._reader.streams(rows, octets, end)
        streams = {name: stream for name, stream in found.items() if name in self._names}
        if "states" in self._names:
            streams["states"] = self._states
        # What cannot be written is not tried again.
        self._is_lost = True
        self._writer.chunk(self._first, end, streams, octets.tobytes(), time=self._time, end_time=time)
        self._is_lost = False
        self._first, self._time, self._states = end, time, self._registers()
        ring.clear()

    def _registers(self) -> np.ndarray[Any, Any]:
        """What the registers of all CPUs hold, as rows of the stream of states."""
        rows = [
            (cpu.address, register, value)
            for cpu, trace in zip(self._machine.cpus, self._traces, strict=True)
            for register, value in [
                *enumerate(trace.words),
                (Register.INSTRUCTION_ADDRESS, cpu.instruction_address),
            ]
        ]
        return np.array(rows, dtype=STREAMS["states"])

    # What Python executes

    def begins(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :class:`emu.observing.ExecutionFollower`."""
        self._make_room()
        ring = self._ring
        number = self._configuration.executed
        time = self._configuration.timing.work
        if not ring.fields.follows_flow:
            self._alone = LoneInstruction(slice(0, 0), number, time)
            return
        self._traces[cpu.address].note_changes(number)
        row = ring.fields.row_count
        self._note_alone(cpu, address, instruction, number, time)
        if instruction and is_execute(instruction):
            address, instruction = target_of(cpu, instruction, address)
            if instruction:
                self._note_alone(cpu, address, instruction, number, time, FlowKind.TARGET)
        described: list[AccessedPart] | None = []
        if ring.fields.follows_registers and instruction:
            described = described_parts(cpu, instruction, address, fetches=self.follows_fetches)
        rows = slice(row, ring.fields.row_count)
        contents = self._traces[cpu.address].given_up()
        if cpu.address in self._abandoned:
            abandoned = self._abandoned.pop(cpu.address)
            if abandoned.number == number:
                contents += [*abandoned.contents, *((part.logical, part.before) for part in merged(abandoned.stores))]
        self._alone = LoneInstruction(rows, number, time, described, contents, cpu.cpu_timer_origin, self._timers(cpu))

    def _note_alone(
        self,
        cpu: Cpu,
        address: int,
        instruction: bytes,
        number: int,
        work: int,
        kind: FlowKind = FlowKind.EXECUTED,
    ) -> None:
        ring = self._ring
        place = ring.keep(instruction)
        first = first_word(RowKind.ALONE, cpu.address, first=len(instruction), second=kind, third=place)
        ring.append(first, number, work, address)
        ring.append(first_word(RowKind.ALONE_MASK, cpu.address), cpu.psw.mask)

    @property
    def follows_fetches(self) -> bool:
        """See :class:`emu.observing.ExecutionFollower`."""
        return bool(self._ring.fields.follows_fetches)

    @property
    def wants_each_access(self) -> bool:
        """See :class:`emu.observing.ExecutionFollower`."""
        return self._alone is not None and self._alone.described is None

    def accesses(
        self,
        cpu: Cpu,
        address: int,
        length: int,
        kind: Access,
        space: AddressSpaceControl | None,
        *,
        is_real: bool,
    ) -> None:
        """See :class:`emu.observing.ExecutionFollower`."""
        if self._alone is not None and self._ring.fields.follows_registers:
            use = Use.STORE if kind is Access.STORE else Use.FETCH
            self._alone.by_model += parts_of(cpu, address, length, use, space, is_real=is_real)

    def abandoned(self, cpu: Cpu) -> None:
        """See :class:`emu.observing.ExecutionFollower`."""
        if self._alone is not None:
            self._ring.rows[self._alone.rows, 0] = 0
            self._abandoned[cpu.address] = self._alone
            self._alone = None

    def ended(self, cpu: Cpu) -> None:
        """See :class:`emu.observing.ExecutionFollower`."""
        alone, self._alone = self._alone, None
        assert alone is not None
        if self._ring.fields.follows_registers:
            if self._configuration.executed != alone.number:
                parts = merged(alone.by_model) or alone.described or []
            else:
                # It may be one that is interruptible, and has done a part.
                parts = merged(alone.stores)
            code, first = self._condition_code(cpu, alone), self._ring.fields.row_count
            for part in parts:
                self._note_access(cpu, alone.number, part.of(alone.contents), code)
            if alone.interruptions:
                self._ring.move(first, alone.interruptions[0])
                alone.interruptions = [each + self._ring.fields.row_count - first for each in alone.interruptions]
        ended = self._configuration.executed
        if alone.interruptions:
            # An instruction that is completed may have been counted before it was interrupted, or after.
            self._ring.rows[alone.interruptions, 2] += np.uint64(ended) - self._ring.rows[alone.interruptions, 1]
            self._ring.rows[alone.interruptions, 1] = ended
        if not self._ring.fields.follows_registers:
            return
        self._traces[cpu.address].note_changes(ended)
        for other in self._traces:
            # SIGNAL PROCESSOR changes those of other CPUs.
            if other is not self._traces[cpu.address]:
                other.note_changes(ended, by=alone.number)
        self._note_timers(cpu, alone)

    def _timers(self, cpu: Cpu) -> list[int]:
        return [self._configuration.timing.cpu_timer(cpu), cpu.clock_comparator, cpu.tod_programmable]

    def _note_timers(self, cpu: Cpu, alone: LoneInstruction) -> None:
        """Note what the model alone changes; that the CPU timer runs is no change."""
        was_timer_set = cpu.cpu_timer_origin != alone.timer_origin
        for number, (before, after) in enumerate(zip(alone.timers, self._timers(cpu), strict=True)):
            if was_timer_set if number == 0 else before != after:
                first = first_word(RowKind.REGISTER, cpu.address, first=Register.CPU_TIMER + number)
                self._ring.append(first, alone.number, before, after)

    def _condition_code(self, cpu: Cpu, alone: LoneInstruction) -> int:
        """The one that the instruction has left, before an interruption that it gives."""
        if not alone.interruptions:
            return cpu.registers.condition_code
        place = int(self._ring.rows[alone.interruptions[0], 3])
        return int(self._ring.octets[place + 2]) >> 4 & 3

    def _note_access(self, cpu: Cpu, number: int, part: AccessedPart, code: int) -> None:
        ring, length = self._ring, len(part.before)
        kinds = []
        if part.use & Use.FETCH and ring.fields.follows_fetches:
            kinds.append((AccessKind.FETCH, NOTHING, ring.keep(part.before)))
        if part.use & Use.STORE and (part.use is not Use.COMPARE or code == 0):
            before, after = ring.keep(part.before), ring.keep(content_at(cpu, part.absolute, length))
            kinds.append((AccessKind.STORE, before, after))
        for kind, before, after in kinds:
            first = first_word(RowKind.ACCESS, cpu.address, first=kind, second=length)
            ring.append(first, number, part.logical, part.absolute)
            ring.append(RowKind.ACCESS_BYTES, before, after)

    def undone(self, cpu: Cpu) -> None:
        """See :class:`emu.observing.ExecutionFollower`."""
        if self._alone is not None:
            self._alone.by_model = [part for part in self._alone.by_model if part.use is not Use.STORE]

    def finished(self, cpu: Cpu, address: int, code: bytes) -> None:
        """See :class:`emu.observing.ExecutionFollower`."""
        if "flow" not in self._names:
            return
        self._make_room()
        instructions = [*split_instructions(code)]
        number = self._configuration.executed - len(instructions)
        work = self._configuration.timing.work - len(instructions)
        for done, instruction in enumerate(instructions):
            self._note_alone(cpu, address, instruction, number + done, work + done)
            address += len(instruction)

    def _now(self) -> tuple[int, int]:
        """How many instructions have ended, and how much work was done; there is room for what happens now."""
        configuration = self._configuration
        for cpu, engine in zip(self._machine.cpus, self._engines, strict=True):
            reached = engine.reached()
            if reached is not None:
                executed, work = reached
                return configuration.executed - cpu.executed + executed, work
        if self._alone is None:
            self._make_room()
        return configuration.executed, configuration.timing.work

    def _make_room(self) -> None:
        if self._ring.is_full:
            self.take()

    # What is announced

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        number, time = self._now()
        page = self._configuration.hypervisor.content(cpu.prefix >> PAGE_SHIFT) or bytes(PAGE_SIZE)
        low_core = page[LOW_CORE_FIRST : LOW_CORE_FIRST + LOW_CORE_BYTES]
        place = self._ring.keep(old.to_bytes() + cpu.psw.to_bytes() + low_core)
        length = int.from_bytes(low_core[_LENGTHS[kind] - LOW_CORE_FIRST :][:2], "big") if kind in _LENGTHS else 0
        class_ = CLASSES_BY_WORD[kind]
        column = code_column(class_, code)
        first = first_word(RowKind.INTERRUPTION, cpu.address, first=class_, second=length & 6, third=column)
        # What the instruction has changed comes before the interruption that it gives.
        self._traces[cpu.address].take_masks(old.mask, cpu.psw.mask)
        if self._alone is not None:
            self._alone.interruptions.append(self._ring.fields.row_count)
        self._ring.append(first, number, time, place)

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        """See :meth:`Observer.state_changed`."""
        number, time = self._now()
        if self._alone is not None:
            time = self._alone.time
        first = first_word(RowKind.STATE, cpu.address, first=request, second=before, third=after)
        self._ring.append(first, number, time, page)
        self._ring.append(RowKind.STATE_ADDRESS, cpu.instruction_address)

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.key_changed`."""
        number, time = self._now()
        first = first_word(RowKind.KEY, cpu.address, first=before, second=after)
        self._ring.append(first, number, time, page)

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        number, time = self._now()
        self._ring.append(first_word(RowKind.HOST, first=before, second=after), number, time, page)

    def console_written(self, data: bytes) -> None:
        """See :meth:`Observer.console_written`."""
        self._note_device(0, DeviceEvent.OUTPUT, data)

    def io_begins(self, subchannel: int, what: str) -> None:
        """See :meth:`Observer.io_begins`."""
        self._note_device(1 + subchannel, DeviceEvent.STARTED, what.encode())

    def io_ended(self, subchannel: int, what: str) -> None:
        """See :meth:`Observer.io_ended`."""
        self._note_device(1 + subchannel, DeviceEvent.ENDED, what.encode())

    def _note_device(self, device: int, kind: DeviceEvent, data: bytes) -> None:
        """Note what the *device* has done: 0 is the console, n is that on subchannel n - 1."""
        number, time = self._now()
        place = self._ring.keep(data)
        self._ring.append(first_word(RowKind.DEVICE, first=kind, third=device), number, time, place)
        self._ring.append(RowKind.DEVICE_LENGTH, len(data))
