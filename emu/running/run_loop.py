# SPDX-License-Identifier: GPL-2.0-or-later
"""The run loop: CPUs in turn, interruptions between instructions, and whatever is due in between.

Everything is deterministic: CPUs run one after the other, in slices of executed work, and virtual time is that work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import interruption
from emu import psw as psw_bits
from emu.access import NotModelled
from emu.configuration import SLICE
from emu.cpu import CpuState
from emu.device import CHECK_STOP
from emu.engine.exits import BudgetUsed
from emu.engine.library import EngineError
from emu.hypervisor import FrameShortage, HostFailure
from emu.isa.diagnose import LoadRequested
from emu.isa.signaling import store_status
from emu.pending import enabled_interruption, quiet_units, timer_events
from emu.room import supply
from emu.running import execution, recording
from emu.running.loops import note_interruption
from emu.running.single import execute_alone, handle
from emu.running.stopping.stop_list import StopList
from emu.running.stops import StopKind, StopRun
from emu.running.turns import find_cpu, nobody_runs, pass_time, pass_turn

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.engine import Engine
    from emu.running.stops import Stop

_OPERATING: Final = CpuState.OPERATING
"""Looked up once: Python 3.11 takes longer for a member of an enumeration than for the rest of a test."""
_NOT_PLAIN: Final = psw_bits.WAIT | psw_bits.PER
"""Bits of the PSW with which no instruction is executed, or more belongs to one."""
_NO_LIMIT: Final = 1 << 62
_REST: Final = 1 << 10
"""More instructions than a block of the engine has."""


class RunLoop:
    """Lets one configuration run."""

    def __init__(self, configuration: Configuration[Cpu], engines: list[Engine]) -> None:
        """Run the CPUs of *configuration*, each on the engine at the index of its address."""
        self._configuration = configuration
        self._engines = engines
        self.stops = StopList(configuration, engines)
        """The stops of the machine."""
        configuration.turns.end = SLICE
        self.stop_requested = False
        """Set it, even from a signal handler, to end :meth:`run` between two instructions."""

    def run(self, max_instructions: int | None = None) -> Stop:
        """Run until the machine stops or *max_instructions* more instructions have ended; say why it stopped."""
        configuration = self._configuration
        timing, turns = configuration.timing, configuration.turns
        stops = self.stops
        limit = configuration.executed + (_NO_LIMIT if max_instructions is None else max_instructions)
        try:
            stops.begin()
            while True:
                remaining = limit - configuration.executed
                if remaining <= 0:
                    return StopRun(StopKind.BUDGET, self._turn).stop
                if self.stop_requested:
                    self._obey_stop_request()
                if timing.work >= turns.next_call and not self._is_wait_over:
                    self._call()
                cpu = self._next_cpu()
                if stops.is_set:
                    stops.after(cpu)
                    stops.between(cpu)
                    remaining = min(remaining, stops.remaining())
                observers = configuration.observers
                is_observed = observers and any(observer.wants_instructions for observer in observers)
                self._advance(cpu, 1 if is_observed or stops.is_stepped else remaining)
        except StopRun as ended:
            return ended.stop
        finally:
            self._count_executed()
            stops.end()

    def step(self, cpu: Cpu | None = None, *, by_model: bool = False) -> Stop | None:
        """See :meth:`emu.machine.Machine.step`."""
        try:
            self.stops.begin()
            timing, turns = self._configuration.timing, self._configuration.turns
            if timing.work >= turns.next_call and not self._is_wait_over:
                self._call()
            before = timing.work
            cpu = cpu or self._next_cpu()
            if timing.work == before and not by_model and self._is_stepped_compiled(cpu):
                return None
            if self.stops.is_set:
                self.stops.after(cpu)
            if timing.work == before:
                if self.stops.is_set:
                    self.stops.between(cpu)
                self._advance(cpu, 1)
        except StopRun as ended:
            return ended.stop
        finally:
            self.stops.end()
        return None

    def _is_stepped_compiled(self, cpu: Cpu) -> bool:
        """Whether all of the step of *cpu* was an instruction that its engine could execute compiled, and did."""
        engine = self._engines[cpu.address]
        if cpu.instruction_address in engine.lone_step.others_at or engine.followed is not None:
            return False
        configuration, mask = self._configuration, cpu.system_mask
        if (
            self.stops.is_set
            or mask & _NOT_PLAIN
            or configuration.follower is not None
            or cpu.state is not _OPERATING
            or cpu.restart_pending
            or cpu.stop_pending
            or cpu.psw_loaded
            or enabled_interruption(cpu, mask) is not None
        ):
            return False
        return engine.lone_step.is_executed(mask)

    def _count_executed(self) -> None:
        """Have the configuration's counts as they should be, before others look at them."""
        for engine in self._engines:
            engine.count_executed()

    @property
    def _turn(self) -> Cpu:
        """The CPU whose turn it is, whether it can run or not."""
        return self._configuration.cpus[self._configuration.turns.cpu]

    @property
    def _is_wait_over(self) -> bool:
        """Whether an interruption is about to end a wait: time has moved on to it, and it comes before all else."""
        cpu = self._turn
        return cpu.is_waiting and cpu.state is CpuState.OPERATING and enabled_interruption(cpu) is not None

    def _obey_stop_request(self) -> None:
        """End the run if that is requested.

        :raises StopRun: then.
        """
        if self.stop_requested:
            self.stop_requested = False
            raise StopRun(StopKind.REQUESTED, self._turn)

    def _call(self) -> None:
        """Let devices, host and operator do what is due between two instructions.

        :raises StopRun: if the host fails.
        """
        configuration = self._configuration
        work = configuration.timing.work
        configuration.not_called()
        self._count_executed()
        try:
            for device in configuration.devices:
                device.perform()
            due = configuration.hypervisor.attend(work)
            if configuration.operator is not None:
                due = min(due, configuration.operator.type_input(work))
        except HostFailure as reason:
            raise StopRun(StopKind.HOST_FAILURE, self._turn, str(reason)) from None
        configuration.call_at(due)

    def _next_cpu(self) -> Cpu:
        """The CPU whose turn it is; time moves on if all of them wait.

        :raises StopRun: if no CPU can ever run again, or the only one is in an endless loop.
        """
        is_event_reached = False
        while True:
            # Also of a turn that has ended while all of them waited: a run that ends here goes on here.
            pass_turn(self._configuration)
            cpu = find_cpu(self._configuration)
            if cpu is not None:
                return cpu
            if is_event_reached:
                # Such as a clock comparator that the clock is never past.
                raise nobody_runs(self._configuration)
            is_event_reached = pass_time(self._configuration)
            self._obey_stop_request()

    def _advance(self, cpu: Cpu, instructions: int) -> None:
        """Let *cpu* go on, for at most so many instructions; one is executed alone, or an interruption is taken.

        :raises StopRun: for whatever ends the run.
        """
        try:
            while not self._try_to_advance(cpu, instructions):
                self.stops.abandoned()
                supply(cpu)
                self.stops.after(cpu)
                if instructions > 1:
                    break
        except HostFailure as reason:
            raise StopRun(StopKind.HOST_FAILURE, cpu, str(reason)) from None
        except interruption.CheckStop as reason:
            enter_check_stop(reason)
        except LoadRequested as reason:
            raise StopRun(StopKind.LOAD_REQUESTED, cpu, str(reason)) from None
        except NotModelled as reason:
            raise StopRun(StopKind.NOT_MODELLED, cpu, f"not modelled: {reason}") from None
        except EngineError as reason:
            raise StopRun(StopKind.ENGINE_FAILURE, cpu, str(reason)) from None

    def _try_to_advance(self, cpu: Cpu, instructions: int) -> bool:
        """The same, but False if an instruction was abandoned because no frame was free."""
        try:
            if self._make_ready(cpu, is_one_step=instructions == 1):
                if instructions == 1:
                    self._execute_alone(cpu)
                else:
                    self._slice(cpu, instructions)
        except FrameShortage:
            return False
        return True

    def _goes_on(self, before: int) -> bool:
        """Whether nothing else is due now, since no interruption was taken after *before*, or it took little time."""
        timing, turns = self._configuration.timing, self._configuration.turns
        return timing.work == before or timing.work < min(turns.end, turns.next_call, self.stops.due(before))

    def _execute_alone(self, cpu: Cpu) -> None:
        stops = self.stops
        if stops.is_set:
            stops.before(cpu)
        execute_alone(cpu, self._engines[cpu.address])
        if stops.is_set:
            stops.after(cpu)

    def _slice(self, cpu: Cpu, remaining: int) -> None:
        """Let *cpu* run to the end of its turn, or until something happens to it; at most *remaining* instructions."""
        engine, configuration = self._engines[cpu.address], self._configuration
        turns, timing, stops = configuration.turns, configuration.timing, self.stops
        limit = cpu.executed + remaining
        due = stops.due(timing.work)
        is_rest = False
        while timing.work < turns.end and cpu.executed < limit and not self.stop_requested:
            goal = min(turns.end, turns.next_call, due) - timing.work
            if goal <= 0:
                # The host is to be called, or a stop is due, which is for the run loop.
                return
            if cpu.system_mask & psw_bits.EXTERNAL_MASK:
                goal = min((goal, *timer_events(cpu)))
            before = cpu.executed
            if recording.is_alone(cpu) or (is_rest and min(goal, limit - before) < _REST):
                self._execute_alone(cpu)
            else:
                start = timing.work
                end = start + goal
                if stops.is_set:
                    stops.enter(cpu)
                ended = engine.run(goal, limit - before, quiet_units(cpu))
                is_rest = isinstance(ended, BudgetUsed)
                if not isinstance(ended, BudgetUsed):
                    # Where something else comes first, nothing of the instruction is done.
                    if timing.work < end and cpu.executed < limit:
                        if stops.is_set:
                            stops.before(cpu, ended)
                        handle(cpu, engine, ended)
                elif timing.work == start:
                    # Not even an interruption was taken: the next block is longer than what is left.
                    self._execute_alone(cpu)
                if stops.is_set:
                    stops.after(cpu)
            if cpu.stop_pending or cpu.restart_pending or cpu.state is not CpuState.OPERATING:
                break
            mask = cpu.system_mask & (psw_bits.WAIT | psw_bits.ANY_INTERRUPTION)
            if mask & psw_bits.WAIT or (mask and enabled_interruption(cpu) is not None):
                break

    def _make_ready(self, cpu: Cpu, *, is_one_step: bool) -> bool:
        """Do what comes before the next instruction of *cpu*, and give whether it may execute.

        An interruption is *one step*, too; that the CPU then stops, if it is to, belongs to it.

        Interruptions come in the manual's order: machine check, external, input/output, restart (PoP 6, "Priority of
        Interruptions"); a CPU that is to stop has taken all that it is enabled for before (PoP 4, "Stopped State").
        """
        work = self._configuration.timing.work
        is_ready = True
        if cpu.state is _OPERATING:
            request = enabled_interruption(cpu)
            if request is not None:
                if request.interruption != CHECK_STOP:
                    self.stops.before_interruption(cpu.address, request.interruption, request.code)
                    note_interruption(cpu)
                request.take()
                execution.check_loaded_psw(cpu)
                self.stops.after(cpu)
                if enabled_interruption(cpu) is not None or not self._goes_on(work):
                    return False
                is_ready = not is_one_step
        if cpu.restart_pending:
            if not is_ready:
                return False
            self.stops.before_interruption(cpu.address, "restart", 0)
            cpu.restart_pending = False
            cpu.state = CpuState.OPERATING
            interruption.restart(cpu)
            execution.check_loaded_psw(cpu)
            self.stops.after(cpu)
            if enabled_interruption(cpu) is not None or not self._goes_on(work):
                return False
            is_ready = not is_one_step
        if cpu.stop_pending:
            if cpu.store_status_pending:
                store_status(cpu, 0)
                cpu.store_status_pending = False
            cpu.stop_pending = False
            if cpu.state is CpuState.OPERATING:
                cpu.state = CpuState.STOPPED
        return is_ready and cpu.state is _OPERATING and not cpu.is_waiting


def enter_check_stop(reason: interruption.CheckStop) -> None:
    """Put a CPU that cannot take an interruption in the check-stop state, and alert the others."""
    reason.cpu.state = CpuState.CHECK_STOP
    configuration = reason.cpu.configuration
    for cpu in configuration.cpus:
        if cpu is not reason.cpu:
            cpu.pending.malfunction_alert.add(reason.cpu.address)
    configuration.check_stop_reason = str(reason)
