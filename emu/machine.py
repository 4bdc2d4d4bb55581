# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine: one configuration of CPUs, storage, keys, page states, clock and devices, run in turn.

Everything is deterministic: CPUs run one after the other, in slices of executed work, and virtual time is that work.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu import cpu as control
from emu import execution, interruption
from emu import psw as psw_bits
from emu.access import NotModelled, fetch_instruction
from emu.addresses import PAGE_SIZE
from emu.cpu import Cpu, CpuState
from emu.devices.channel_subsystem import ChannelSubsystem
from emu.devices.messages import SpecialMessages
from emu.devices.sclp import Sclp
from emu.engine.code import CodePages
from emu.engine.engine import Engine, Exit
from emu.engine.library import EngineError
from emu.facilities import DEFAULT_FACILITIES
from emu.hypervisor import NEVER, FirstTouchHypervisor, FrameShortage, HostFailure, Hypervisor
from emu.isa.diagnose import LoadRequested
from emu.lowcore import PREFIX_AREA_SIZE
from emu.page_states import PageStates, Profile
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.storage import Storage
from emu.storage_keys import StorageKeys
from emu.timing import CONTROL_INSTRUCTION_WORK, Timing

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from emu.events import Observer
    from emu.isa.declaration import Instruction
    from emu.operator import Operator
    from emu.psw import Psw

_T = TypeVar("_T")

SLICE: Final = 100_000
"""Units of work that a CPU gets before it is the next one's turn."""
LONE_SLICE: Final = 50_000_000
"""The same if there is no other CPU to wait for its turn."""
_NO_LIMIT: Final = 1 << 62
MEGABYTE: Final = 1 << 20
_BRANCHES_TO_THEMSELVES: Final = (bytes.fromhex("a7f40000"), bytes.fromhex("c0f400000000"))
"""BRC and BRCL on all conditions, to themselves."""
_PROGRAM_LOOP: Final = 16
"""Program interruptions in a row, with nothing executed between, that make a loop."""
_INTERRUPTION_LOOP: Final = 1000
"""The same for other interruptions, of which there are more kinds that can be pending at a time."""


class StopKind(Enum):
    """Why the machine stopped."""

    DISABLED_WAIT = "disabled wait"
    ALL_STOPPED = "all CPUs stopped"
    POWERED_OFF = "powered off"
    LOAD_REQUESTED = "the guest asked to be loaded again"
    NOTHING_TO_WAIT_FOR = "enabled wait without any event to come"
    CHECK_STOP = "check-stop"
    PROGRAM_LOOP = "program-interruption loop"
    NOT_MODELLED = "not modelled"
    INTERRUPTION_LOOP = "interruption loop"
    ENDLESS_LOOP = "endless loop"
    ENGINE_FAILURE = "the engine failed"
    HOST_FAILURE = "the host failed"
    BUDGET = "instruction budget used up"
    REQUESTED = "stop requested"


@dataclass(frozen=True, slots=True)
class Stop:
    """How a run ended: on which CPU, with which PSW, and in words."""

    kind: StopKind
    cpu: int
    psw: Psw
    text: str


class StopRun(Exception):  # noqa: N818 - it carries a Stop out of the run loop
    """Raised inside the machine to end the run with *stop*."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.text)
        self.stop = stop


class Machine:
    """A configuration and everything in it."""

    def __init__(
        self,
        memory: int,
        *,
        cpus: int = 1,
        profile: Profile = Profile.ZVM,
        facilities: frozenset[int] = DEFAULT_FACILITIES,
        hypervisor: Callable[[int, PageStates, StorageKeys, Profile], Hypervisor] = FirstTouchHypervisor,
    ) -> None:
        """Make a stopped, cleared machine.

        :param memory: bytes of absolute storage, a multiple of 1 MB.
        :param cpus: how many CPUs, with the CPU addresses 0 to *cpus* - 1.
        :param facilities: the facility bits that STFLE shows; an instruction of any other is an operation exception.
        :param hypervisor: makes the host that supplies frames, of the memory size and what is kept of every page.
        :raises ValueError: if a size is impossible.
        """
        if memory <= 0 or memory % MEGABYTE:
            raise ValueError(f"the memory size must be a multiple of 1 MB, not {memory} bytes")
        if not 1 <= cpus <= 248:
            raise ValueError(f"a configuration has 1 to 248 CPUs, not {cpus}")
        self.memory = memory
        self.profile = profile
        self.facilities = facilities
        self.states = PageStates(memory >> 12, profile)
        self.keys = StorageKeys(memory >> 12)
        self.hypervisor = hypervisor(memory, self.states, self.keys, profile)
        self.storage = Storage(memory, self.hypervisor)
        self.storage.code_written = self.code_written
        self.code = CodePages(self.storage)
        self.reached = np.zeros(memory >> 12, dtype=np.uint8)
        """For each page, whether a translation of some CPU's may lead to it."""
        self.timing = Timing()
        self.observers: list[Observer] = []
        self.engines = [Engine(self) for _ in range(cpus)]
        self.cpus = [Cpu(self, number, engine.registers, engine) for number, engine in enumerate(self.engines)]
        for engine, cpu in zip(self.engines, self.cpus, strict=True):
            engine.attach(cpu)
            cpu.reset(initial=True)
        self.sclp = Sclp(self)
        self.messages = SpecialMessages(self)
        self.channels = ChannelSubsystem(self)
        self.unmodelled: Counter[str] = Counter()
        """Instructions met that nothing here implements, by their leading bytes."""
        self.instruction_counts: Counter[str] = Counter()
        """How often each declared instruction was executed, by mnemonic."""
        self.operation_requests: Counter[int] = Counter()
        """How often ESSA was executed to its end, by operation request code."""
        self.program_interruptions: Counter[int] = Counter()
        """Program interruptions taken, by code."""
        self._last_program: tuple[int, int, int] = (0, 0, 0)
        self._last_interruption: tuple[int, int, int] = (0, 0, 0)
        self._check_stop_reason = ""
        self.stop_requested = False
        """Set it, even from a signal handler, to end :meth:`run` between two instructions."""
        self.turn = 0
        """The address of the CPU whose turn it is."""
        self.turn_end = SLICE
        """The work at which it becomes the next CPU's turn."""
        self._attend_at = 0
        """The work at which the host is called next."""
        self.operator: Operator | None = None
        """Who types on the console; nobody if it is None.  Put one in its place before the guest runs."""
        self._tried: tuple[object, ...] = ()
        self._tried_in_vain = 0
        self.hypervisor.attach(self)

    # What instruction functions and devices call

    @property
    def executed(self) -> int:
        """Instructions ended on all CPUs."""
        return sum(cpu.executed for cpu in self.cpus)

    def flush_all(self) -> None:
        """Drop the translations of every CPU."""
        for engine in self.engines:
            engine.flush()
        self.reached.fill(0)

    def page_changed(self, page: int) -> None:
        """Drop translations wherever absolute *page* can be reached: its key, state or frame is about to matter."""
        if self.reached[page]:
            for engine in self.engines:
                engine.forget_page(page)
            self.reached[page] = 0

    def code_written(self, page: int) -> None:
        """Forget what the engines translated of absolute *page*, which is being written."""
        for engine in self.engines:
            engine.forget_code(page)
        self.code.release(page)
        self.storage.code_pages[page] = 0

    def forget_all_code(self) -> None:
        """Forget everything that the engines translated; there is no more room for it."""
        for page in self.code.pages():
            self.code_written(page)
        for engine in self.engines:
            engine.forget_all_code()

    def load_storage(self, address: int, data: bytes) -> None:
        """Store *data* at absolute *address* from outside, as loading a program does, between instructions.

        :raises ProgramInterruption: addressing, or what a page's state gives.
        :raises HostFailure: if the host cannot make room.
        """
        done = 0
        while done < len(data):
            start = address + done
            part = data[done : done + PAGE_SIZE - start % PAGE_SIZE]
            self._with_room(partial(self.storage.write, start, part))
            done += len(part)

    def read_storage(self, address: int, length: int) -> bytes:
        """The *length* bytes, in one page, at absolute *address*, touched from outside as a device does.

        :raises ProgramInterruption: addressing, or what the page's state gives.
        :raises HostFailure: if the host cannot make room.
        """
        return self._with_room(partial(self.storage.read, address, length))

    def _with_room(self, access: Callable[[], _T]) -> _T:
        """Try *access*, between instructions, until the host has made room for it."""
        attempt = 0
        while True:
            try:
                return access()
            except FrameShortage:
                self.hypervisor.supply(attempt)
                attempt += 1

    # What the host calls

    def frames_taken(self, pages: NDArray[np.int32]) -> None:
        """Drop every translation: the host has taken the frames of *pages*, and wants to see references again."""
        for page in pages[self.storage.code_flags[pages] != 0]:
            self.code_written(int(page))
        self.flush_all()

    def pinned_pages(self) -> list[int]:
        """The pages that must stay where they are: the prefix areas of the CPUs."""
        return [(cpu.prefix >> 12) + page for cpu in self.cpus for page in range(PREFIX_AREA_SIZE >> 12)]

    def call_host_soon(self) -> None:
        """Call :meth:`Hypervisor.attend` as soon as may be; this is called from anywhere, even inside an access."""
        self._attend_at = 0
        for engine in self.engines:
            engine.end_soon()

    def supply(self, cpu: Cpu) -> None:
        """Have the host make frames free for what *cpu* does next.

        :raises HostFailure: if it cannot.
        """
        tried = (cpu.address, cpu.executed, cpu.instruction_address, tuple(cpu.gr))
        self._tried_in_vain = self._tried_in_vain + 1 if tried == self._tried else 0
        self._tried = tried
        self.hypervisor.supply(self._tried_in_vain)

    def count(self, instruction: Instruction) -> None:
        """Note that a declared instruction is executed."""
        self.instruction_counts[instruction.mnemonic] += 1
        self.timing.work += CONTROL_INSTRUCTION_WORK

    def uncount(self, instruction: Instruction) -> None:
        """Take that back: it will be executed again."""
        self.instruction_counts[instruction.mnemonic] -= 1
        self.timing.work -= CONTROL_INSTRUCTION_WORK

    def not_modelled(self, instruction: bytes) -> None:
        """Note an instruction that nothing here implements."""
        self.unmodelled[instruction.hex()] += 1

    def stop(self, kind: StopKind, cpu: Cpu, text: str | None = None) -> StopRun:
        """The exception that ends the run in *kind*; raise it."""
        return StopRun(Stop(kind, cpu.address, cpu.psw, text or kind.value))

    def note_program_interruption(self, cpu: Cpu, condition: ProgramInterruption, address: int) -> None:
        """Count a program interruption, and recognise a loop of them.

        :raises StopRun: if this CPU has taken many in a row without ending any instruction.
        """
        self.program_interruptions[condition.code] += 1
        self.hypervisor.refused(condition)
        where, executed, count = self._last_program
        count = count + 1 if (where, executed) == (cpu.address, cpu.executed) else 1
        self._last_program = (cpu.address, cpu.executed, count)
        if count > _PROGRAM_LOOP:
            raise self.stop(
                StopKind.PROGRAM_LOOP, cpu, f"program-interruption loop at {address:#x}: {condition}, over and over"
            )

    # Running

    def run(self, max_instructions: int | None = None) -> Stop:
        """Run until the machine stops or *max_instructions* more instructions have ended; say why it stopped."""
        limit = self.executed + (_NO_LIMIT if max_instructions is None else max_instructions)
        try:
            while True:
                remaining = limit - self.executed
                if remaining <= 0:
                    raise self.stop(StopKind.BUDGET, self.cpus[self.turn], "instruction budget used up")
                self._obey_stop_request()
                if self.timing.work >= self._attend_at:
                    self._call_host()
                stepped = any(observer.wants_instructions for observer in self.observers)
                self._advance(self._next_cpu(), 1 if stepped else remaining)
        except StopRun as ended:
            return ended.stop

    def step(self, cpu: Cpu | None = None) -> Stop | None:
        """Execute one instruction, or take one interruption, on *cpu*, or on the CPU whose turn it is."""
        try:
            if self.timing.work >= self._attend_at:
                self._call_host()
            self._advance(cpu or self._next_cpu(), 1)
        except StopRun as ended:
            return ended.stop
        return None

    def _obey_stop_request(self) -> None:
        """End the run if that is requested.

        :raises StopRun: then.
        """
        if self.stop_requested:
            self.stop_requested = False
            raise self.stop(StopKind.REQUESTED, self.cpus[self.turn])

    def _call_host(self) -> None:
        """Let channel subsystem and host do what is due between two instructions.

        :raises StopRun: if it fails.
        """
        self._attend_at = NEVER
        try:
            self.channels.perform()
            due = self.hypervisor.attend(self.timing.work)
            if self.operator is not None:
                due = min(due, self.operator.attend(self.timing.work))
            # It may have asked to be called again in the meantime.
            self._attend_at = min(self._attend_at, due)
        except HostFailure as reason:
            raise self.stop(StopKind.HOST_FAILURE, self.cpus[self.turn], str(reason)) from None

    def _advance(self, cpu: Cpu, instructions: int) -> None:
        """Let *cpu* go on, for at most so many instructions; one is executed alone.

        :raises StopRun: for whatever ends the run.
        """
        try:
            while not self._try_to_advance(cpu, instructions):
                self.supply(cpu)
                if instructions != 1:
                    break
        except HostFailure as reason:
            raise self.stop(StopKind.HOST_FAILURE, cpu, str(reason)) from None
        except interruption.CheckStop as reason:
            self._check_stop(reason)
        except LoadRequested as reason:
            raise self.stop(StopKind.LOAD_REQUESTED, cpu, str(reason)) from None
        except NotModelled as reason:
            raise self.stop(StopKind.NOT_MODELLED, cpu, f"not modelled: {reason}") from None
        except EngineError as reason:
            raise self.stop(StopKind.ENGINE_FAILURE, cpu, str(reason)) from None

    def _try_to_advance(self, cpu: Cpu, instructions: int) -> bool:
        """The same, but False if an instruction was abandoned because no frame was free."""
        try:
            if self._make_ready(cpu):
                if instructions == 1:
                    self._single(cpu)
                else:
                    self._slice(cpu, instructions)
        except FrameShortage:
            return False
        return True

    def _check_stop(self, reason: interruption.CheckStop) -> None:
        reason.cpu.state = CpuState.CHECK_STOP
        for cpu in self.cpus:
            if cpu is not reason.cpu:
                cpu.pending.malfunction_alert.append(reason.cpu.address)
        self._check_stop_reason = str(reason)

    def _next_cpu(self) -> Cpu:
        """The CPU whose turn it is; time moves on if all of them wait.

        :raises StopRun: if no CPU can ever run again.
        """
        if self.timing.work >= self.turn_end:
            self._give_turn((self.turn + 1) % len(self.cpus))
        is_event_reached = False
        while True:
            for offset in range(len(self.cpus)):
                cpu = self.cpus[(self.turn + offset) % len(self.cpus)]
                if self._can_run(cpu):
                    if offset:
                        self._give_turn(cpu.address)
                    return cpu
            if is_event_reached:
                # Such as a clock comparator that the clock is never past.
                raise self._nobody_runs()
            is_event_reached = self._pass_time()
            self._obey_stop_request()

    def _give_turn(self, address: int) -> None:
        self.turn = address
        self.turn_end = self.timing.work + (SLICE if len(self.cpus) > 1 else LONE_SLICE)

    def end_turn(self) -> None:
        """Let it be the next CPU's turn after the current instruction: the program has nothing better to do."""
        self.turn_end = 0

    def _can_run(self, cpu: Cpu) -> bool:
        if cpu.restart_pending or (cpu.stop_pending and cpu.state is CpuState.OPERATING):
            return True
        if cpu.state is not CpuState.OPERATING:
            return False
        return not cpu.is_waiting or self._enabled_interruption(cpu) is not None

    def _pass_time(self) -> bool:
        """Every CPU waits: go to the earliest moment at which a clock comparator or CPU timer ends a wait.

        With an operator it is he who says how much time passes, and something typed may end the wait.  Give whether
        that moment has come.

        :raises StopRun: if nothing ends it.
        """
        waiting = [cpu for cpu in self.cpus if cpu.state is CpuState.OPERATING]
        events = [units for cpu in waiting for units in self._timer_events(cpu)]
        passed = event = min(events, default=None)
        if self.operator is not None and (events or any(self._hears_of_input(cpu) for cpu in waiting)):
            passed = self.operator.wait(passed)
        if passed is None:
            raise self._nobody_runs()
        self.timing.work += passed
        return passed == event

    def _hears_of_input(self, cpu: Cpu) -> bool:
        """Whether the service signal for something typed would end the wait of *cpu*."""
        is_enabled = bool(cpu.system_mask & psw_bits.EXTERNAL_MASK and cpu.cr[0] & control.CR0_SERVICE_SIGNAL)
        return is_enabled and self.sclp.reads_input

    def _timer_events(self, cpu: Cpu, mask: int | None = None) -> list[int]:
        """Units of work until each timer interruption for which *cpu* is enabled, or would be with that system mask."""
        if not (cpu.system_mask if mask is None else mask) & psw_bits.EXTERNAL_MASK:
            return []
        events = []
        if cpu.cr[0] & control.CR0_CLOCK_COMPARATOR:
            events.append(self.timing.units_to_clock_comparator(cpu))
        if cpu.cr[0] & control.CR0_CPU_TIMER:
            events.append(self.timing.units_to_cpu_timer(cpu))
        return events

    def _nobody_runs(self) -> StopRun:
        for cpu in self.cpus:
            if cpu.state is CpuState.CHECK_STOP:
                return self.stop(StopKind.CHECK_STOP, cpu, f"check-stop: {self._check_stop_reason}")
        for cpu in self.cpus:
            if cpu.state is CpuState.OPERATING:
                enabled = psw_bits.IO_MASK | psw_bits.EXTERNAL_MASK | psw_bits.MACHINE_CHECK_MASK
                if cpu.psw.is_enabled(enabled):
                    return self.stop(StopKind.NOTHING_TO_WAIT_FOR, cpu)
                return self.stop(StopKind.DISABLED_WAIT, cpu, f"disabled wait at {cpu.instruction_address:#x}")
        return self.stop(StopKind.ALL_STOPPED, self.cpus[0])

    def _make_ready(self, cpu: Cpu) -> bool:
        """Do what comes before the next instruction of *cpu*: stop, restart, interruptions. True if it may execute."""
        if cpu.stop_pending:
            if cpu.store_status_pending:
                from emu.isa.signaling import store_status

                store_status(cpu, 0)
                cpu.store_status_pending = False
            cpu.stop_pending = False
            if cpu.state is CpuState.OPERATING:
                cpu.state = CpuState.STOPPED
        if cpu.restart_pending:
            cpu.restart_pending = False
            cpu.state = CpuState.OPERATING
            interruption.restart(cpu)
            execution.check_loaded_psw(cpu)
        if cpu.state is not CpuState.OPERATING:
            return False
        deliver = self._enabled_interruption(cpu)
        if deliver is not None:
            self._note_interruption(cpu)
            deliver()
            execution.check_loaded_psw(cpu)
            return self._can_run(cpu) and self._enabled_interruption(cpu) is None
        return not cpu.is_waiting

    def _note_interruption(self, cpu: Cpu) -> None:
        """Recognise a loop of interruptions, each of whose new PSWs is enabled for the next.

        :raises StopRun: if this CPU has taken very many in a row without ending any instruction.
        """
        where, executed, count = self._last_interruption
        count = count + 1 if (where, executed) == (cpu.address, cpu.executed) else 1
        self._last_interruption = (cpu.address, cpu.executed, count)
        if count > _INTERRUPTION_LOOP:
            raise self.stop(
                StopKind.INTERRUPTION_LOOP,
                cpu,
                f"interruption loop: {count} in a row, the last new PSW at {cpu.instruction_address:#x}",
            )

    def _enabled_interruption(self, cpu: Cpu, mask: int | None = None) -> Callable[[], None] | None:
        """The pending interruption of highest priority that *cpu* is enabled for, as the action that takes it.

        With *mask* it is the one that it would be enabled for with that system mask.

        PoP chapter 6, "Priority of Interruptions": external interruptions, then input/output; program interruptions
        and supervisor calls belong to instructions.
        """
        if mask is None:
            mask = cpu.system_mask
        if mask & psw_bits.EXTERNAL_MASK:
            external = self._enabled_external(cpu)
            if external is not None:
                return external
        if mask & psw_bits.IO_MASK and self.channels.pending(cpu.cr[6]) is not None:
            return partial(self.channels.interrupt, cpu)
        return None

    def _enabled_external(self, cpu: Cpu) -> Callable[[], None] | None:
        """The pending external interruption of highest priority that CR0 lets through."""
        cr0, pending, timing = cpu.cr[0], cpu.pending, self.timing
        if pending.malfunction_alert and cr0 & control.CR0_MALFUNCTION_ALERT:
            return lambda: interruption.external(
                cpu, interruption.EXTERNAL_MALFUNCTION_ALERT, cpu_address=pending.malfunction_alert.pop(0)
            )
        if pending.emergency_signal and cr0 & control.CR0_EMERGENCY_SIGNAL:
            return lambda: self._take_emergency_signal(cpu)
        if pending.external_call is not None and cr0 & control.CR0_EXTERNAL_CALL:
            return lambda: self._take_external_call(cpu)
        if cr0 & control.CR0_CLOCK_COMPARATOR and timing.clock_comparator_due(cpu):
            return lambda: interruption.external(cpu, interruption.EXTERNAL_CLOCK_COMPARATOR)
        if cr0 & control.CR0_CPU_TIMER and timing.cpu_timer_due(cpu):
            return lambda: interruption.external(cpu, interruption.EXTERNAL_CPU_TIMER)
        if cr0 & control.CR0_SERVICE_SIGNAL and self.sclp.is_signal_pending:
            return lambda: interruption.external(
                cpu, interruption.EXTERNAL_SERVICE_SIGNAL, parameter=self.sclp.take_signal()
            )
        if cr0 & control.CR0_VMCF and self.messages.waiting:
            return lambda: self.messages.take(cpu)
        return None

    @staticmethod
    def _take_emergency_signal(cpu: Cpu) -> None:
        sender = min(cpu.pending.emergency_signal)
        cpu.pending.emergency_signal.discard(sender)
        interruption.external(cpu, interruption.EXTERNAL_EMERGENCY_SIGNAL, cpu_address=sender)

    @staticmethod
    def _take_external_call(cpu: Cpu) -> None:
        sender, cpu.pending.external_call = cpu.pending.external_call, None
        interruption.external(cpu, interruption.EXTERNAL_CALL, cpu_address=sender or 0)

    def _slice(self, cpu: Cpu, remaining: int) -> None:
        """Let *cpu* run to the end of its turn, or until something happens to it; at most *remaining* instructions."""
        engine, timing = self.engines[cpu.address], self.timing
        limit = cpu.executed + remaining
        while timing.work < self.turn_end and cpu.executed < limit and not self.stop_requested:
            goal = min(self.turn_end, self._attend_at) - timing.work
            if goal <= 0:
                # The host is to be called, which the run loop does.
                return
            if cpu.system_mask & psw_bits.EXTERNAL_MASK:
                goal = min((goal, *self._timer_events(cpu)))
            before = cpu.executed
            ended = engine.run(goal, limit - before, self._quiet_units(cpu))
            if ended is Exit.DECLARED:
                self._execute_declared(cpu, cpu.instruction_address)
            elif ended is not Exit.LIMIT:
                self._handle(cpu, engine, ended)
            elif cpu.executed == before:
                # The next block is longer than what is left: go on instruction by instruction.
                self._single(cpu)
            if cpu.stop_pending or cpu.restart_pending or cpu.state is not CpuState.OPERATING:
                break
            mask = cpu.system_mask & (psw_bits.WAIT | psw_bits.EXTERNAL_MASK | psw_bits.IO_MASK)
            if mask & psw_bits.WAIT or (mask and self._enabled_interruption(cpu) is not None):
                break
        if len(self.cpus) == 1 and timing.work >= self.turn_end:
            self._recognise_endless_loop(cpu)

    def _quiet_units(self, cpu: Cpu) -> int:
        """Units of work for which nothing would happen to *cpu* were it to enable itself for interruptions.

        Zero if something would happen at once.  While it is enabled for everything, the goal of the engine sees to it.
        """
        enabled = psw_bits.EXTERNAL_MASK | psw_bits.IO_MASK
        if cpu.system_mask & enabled == enabled:
            return NEVER
        if cpu.problem_state:
            return 0
        if self._enabled_interruption(cpu, enabled) is not None:
            return 0
        return min(self._timer_events(cpu, enabled), default=NEVER)

    def _recognise_endless_loop(self, cpu: Cpu) -> None:
        """Name the loop that no interruption can ever end: a branch to itself, disabled.

        :raises StopRun: if that is what *cpu* is in.
        """
        enabled = psw_bits.IO_MASK | psw_bits.EXTERNAL_MASK | psw_bits.MACHINE_CHECK_MASK
        if cpu.system_mask & enabled:
            return
        try:
            instruction = fetch_instruction(cpu, cpu.instruction_address)
        except (ProgramInterruption, NotModelled):
            return
        if instruction in _BRANCHES_TO_THEMSELVES:
            raise self.stop(
                StopKind.ENDLESS_LOOP, cpu, f"endless loop: disabled branch to itself at {cpu.instruction_address:#x}"
            )

    def _handle(self, cpu: Cpu, engine: Engine, ended: Exit) -> None:
        """Do what the engine could not."""
        address = cpu.instruction_address
        if ended is Exit.SUPERVISOR_CALL:
            cpu.instruction_address = cpu.wrap(address + engine.instruction_length)
            self._retire(cpu)
            interruption.supervisor_call(cpu, engine.supervisor_call_number, engine.instruction_length)
            execution.check_loaded_psw(cpu)
        elif ended is Exit.CONDITION:
            condition = engine.take_condition()
            cpu.next_address = cpu.wrap(address + engine.instruction_length)
            execution.deliver(cpu, condition, address, engine.instruction_length)
        elif ended is Exit.CAREFUL:
            self._single(cpu)
        elif ended is Exit.SHORTAGE:
            raise FrameShortage

    def _execute_declared(self, cpu: Cpu, address: int) -> None:
        instruction = self.engines[cpu.address].trapped_instruction()
        if instruction is None:
            try:
                instruction = fetch_instruction(cpu, address)
            except ProgramInterruption as condition:
                execution.deliver(cpu, condition, address, 2)
                return
        if execution.is_execute(instruction):
            # Its target may be the engine's all the same.
            self._single(cpu)
        else:
            self._run_declared(cpu, instruction, address)

    def _run_declared(self, cpu: Cpu, instruction: bytes, address: int) -> None:
        if execution.run_declared(cpu, instruction, address):
            self._retire(cpu)

    def _retire(self, cpu: Cpu) -> None:
        cpu.executed += 1
        self.timing.work += 1

    def _single(self, cpu: Cpu) -> None:
        """Execute exactly one instruction of *cpu* and tell the observers."""
        address = cpu.instruction_address
        instruction = b""
        if address & 1:
            # PoP 6, "Specification Exception": an odd instruction address is found when the fetch is tried.
            execution.deliver(cpu, ProgramInterruption(ProgramInterruptionCode.SPECIFICATION), address, 2)
        else:
            try:
                instruction = fetch_instruction(cpu, address)
            except ProgramInterruption as condition:
                execution.deliver(cpu, condition, address, 2)
            else:
                self._single_fetched(cpu, address, instruction)
        for observer in self.observers:
            if observer.wants_instructions:
                observer.retired(cpu, address, instruction)

    def _single_fetched(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        engine = self.engines[cpu.address]
        ended = engine.step(instruction)
        if ended is Exit.DECLARED:
            self._run_declared(cpu, instruction, address)
        elif ended is not Exit.LIMIT:
            self._handle(cpu, engine, ended)
        elif engine.overflowed:
            cpu.next_address = cpu.instruction_address
            overflow = ProgramInterruption(ProgramInterruptionCode.FIXED_POINT_OVERFLOW)
            execution.deliver(cpu, overflow, address, len(instruction))
