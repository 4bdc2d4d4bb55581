# SPDX-License-Identifier: GPL-2.0-or-later
"""Running freely: bursts of Unicorn with a budget, and what is made of the way in which each ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_64
from emu.engine.exits import (
    BUDGET_USED,
    EXECUTED_ALONE,
    Condition,
    Declared,
    ExecutedAlone,
    RunExit,
    SupervisorCall,
)
from emu.engine.interception import (
    is_completed,
    is_executed_by_model,
    is_in_table,
    is_intercepted_target,
    is_missing,
    is_refused,
)
from emu.engine.library import ERROR_EXCEPTION, EngineError
from emu.engine.record_limits import MOST_LEFT, SHORT_ADDRESSES, StopReason
from emu.engine.reported import reported
from emu.engine.tables import block_tag, fetch_mode
from emu.instruction_length import instruction_length
from emu.isa.declaration import Reason, decode
from emu.isa.execute import executes_target, is_execute
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import EXTENDED_ADDRESSING, EXTERNAL_MASK

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.answers import FreeAnswers
    from emu.engine.code import ShownCode
    from emu.engine.compiled_instructions import CompiledInstructions
    from emu.engine.engine_trace import EngineTrace
    from emu.engine.fills import RememberedFills
    from emu.engine.library import Unicorn
    from emu.engine.new_blocks import NewBlocks
    from emu.engine.quirks.register_file import EngineRegisters
    from emu.engine.record import Record
    from emu.engine.stop_places import StopPlaces
    from emu.engine.tlb import Tlb

_REFUSALS: Final = (
    ProgramInterruptionCode.EXECUTE,
    ProgramInterruptionCode.DATA,
    ProgramInterruptionCode.SPECIFICATION,
)
"""Exceptions that may be none, of a target that is no EXECUTE without its facility, and of what only the model does."""
_OF_MODEL: Final = (Reason.CONTROL, Reason.DATA)
"""An instruction of such a reason that traps is the model's, in any form."""


class FreeRun:
    """The free-running engine of one CPU."""

    def __init__(
        self,
        configuration: Configuration[Cpu],
        cpu: Cpu,
        unicorn: Unicorn,
        registers: EngineRegisters,
        record: Record,
        *,
        tlb: Tlb,
        fills: RememberedFills,
        code: ShownCode,
        answers: FreeAnswers,
        blocks: NewBlocks,
        instructions: CompiledInstructions,
        places: StopPlaces,
    ) -> None:
        self._configuration = configuration
        self._cpu = cpu
        self._unicorn = unicorn
        self._registers = registers
        self._record = record
        self._tlb = tlb
        self._fills = fills
        self._code = code
        self._answers = answers
        self._blocks = blocks
        self._instructions = instructions
        self._places = places
        self.trace: EngineTrace | None = None
        """While the machine is traced."""
        self._is_running = False

    def run(self, goal: int, limit: int, quiet: int) -> RunExit:
        """See :meth:`emu.engine.engine.Engine.run`."""
        record, registers, cpu, timing = self._record, self._registers, self._cpu, self._configuration.timing
        self._blocks.make_room()
        mode = self.fetch_mode
        if record.mode != mode:
            record.mode = mode
            record.block_tag = block_tag(record.generation, mode)
        record.candidates_address = self._places.candidates_address(mode)
        if record.has_shown_sink:
            record.has_shown_sink = 0
            self._tlb.flush_buffer_later()
        self._tlb.make_ready()
        start, interruption, psw = self._unicorn.start, registers.interruption, registers.psw
        done = work = 0
        disabled = ~cpu.system_mask & EXTERNAL_MASK
        while work < goal and done < limit:
            record.limit = limit - done
            # An instruction is at least one unit of work: while nothing else is counted, blocks begin soonest.
            record.goal = goal - work
            record.bound = record.left = min(record.limit, record.goal, MOST_LEFT)
            if registers.execute_value:
                # The target is still to come: its EXECUTE counts in this burst.
                record.left -= 1
            record.reason = 0
            self._answers.clear()
            interruption[0] = interruption[1] = interruption[3] = 0
            self._fills.enter(cpu)
            self._instructions.enter(cpu, quiet - work)
            if self.trace is not None:
                self.trace.enter()
            self._is_running = True
            error = start(psw[1])
            self._is_running = False
            self._blocks.settle()
            beyond = self._instructions.leave(cpu)
            if self._answers.has_error:
                executed, ended = (record.bound - record.left & MASK_64) - self._not_executed(), None
            else:
                executed, ended = self._after(error)
            done += executed
            work += executed + beyond
            cpu.executed += executed
            timing.work += executed + beyond
            if self.trace is not None:
                self.trace.leave()
            self._answers.raise_error()
            if ended is not None:
                return ended
            if cpu.system_mask & disabled:
                # A compiled instruction has enabled the CPU for what is then due.
                goal = min(goal, quiet)
        return BUDGET_USED

    def reached(self) -> tuple[int, int] | None:
        """How many instructions of the CPU have ended, and how much work was done, while Unicorn runs; else None."""
        if not self._is_running:
            return None
        record = self._record
        done = (record.bound - record.left & MASK_64) - self._not_executed()
        return self._cpu.executed + done - record.extra_work, self._configuration.timing.work + done

    @property
    def fetch_mode(self) -> int:
        """Where instructions come from (see *mode* in :mod:`emu.engine.record`)."""
        is_64_bit = self._registers.psw[0] & EXTENDED_ADDRESSING
        return fetch_mode(0 if is_64_bit else SHORT_ADDRESSES, self._cpu.system_mask)

    def end_soon(self) -> None:
        """Come back before the next block, if a burst goes on.

        The budget is used up at once; what has been executed is still the difference of the two fields.
        """
        record = self._record
        self._answers.is_ending = True
        left = record.left
        if left <= record.bound:
            record.bound -= left
            record.left = 0
        record.goal = 0

    def rest(self, count: int) -> tuple[int, int] | None:
        """What is left after a run, whose next block was longer than the *count* instructions that were left.

        Give their number, and the address where they end; None if that is not how the run ended, or the careful engine
        would not count them so.
        """
        record = self._record
        start = self._registers.psw[1]
        if count <= 0 or self._answers.is_ending or record.block_address != start or not record.block_size:
            return None
        code = self._code.read(start, record.block_size, record.mode)
        offset = 0
        for _ in range(count):
            if offset >= len(code) or is_execute(code[offset : offset + 2]):
                return None
            offset += instruction_length(code[offset])
        return count, start + offset

    def _after(self, error: int) -> tuple[int, RunExit | None]:
        """How many instructions ended in this burst, and why it ended; None means: go on."""
        record = self._record
        executed = (record.bound - record.left) & MASK_64
        if record.reason == StopReason.EXCEPTION:
            ended = self._reported()
            return executed - self._not_executed(), ended
        if self._address_cut() and error == ERROR_EXCEPTION and self._answers.refusal is None:
            return executed, None
        if error == ERROR_EXCEPTION:
            return executed - self._not_executed(), self._refused()
        if error:
            raise EngineError(f"Unicorn stopped with error {error} at {self._registers.psw[1]:#x}")
        reason = record.reason
        if reason == StopReason.LIMIT:
            return executed, BUDGET_USED
        if reason == StopReason.TRACE_FULL:
            return executed, None
        if reason == StopReason.TRACED_ALONE:
            return executed, EXECUTED_ALONE
        if reason in (StopReason.CANDIDATE, StopReason.UNKNOWN_CODE):
            may_go_on = self._blocks.look_at(record.block_address, record.block_size)
            return executed, None if may_go_on else EXECUTED_ALONE
        if reason == StopReason.EXECUTE_TARGET:
            return self._look_at_target(executed)
        if reason in (StopReason.ODD_ADDRESS, StopReason.REFUSED_STORE, StopReason.REFUSED_ACCESS):
            return executed - self._not_executed(), EXECUTED_ALONE
        raise EngineError(f"Unicorn stopped for no reason at {self._registers.psw[1]:#x}")

    def _address_cut(self) -> bool:
        """Cut the instruction address to the addressing mode; give whether a block before has left it longer."""
        psw, cpu = self._registers.psw, self._cpu
        address = psw[1]
        psw[1] = cpu.wrap(address)
        return psw[1] != address

    def _not_executed(self) -> int:
        """Instructions of the current block that were counted but not executed: those from the PSW address on."""
        record = self._record
        end = record.block_address + record.block_size
        at = self._registers.psw[1]
        executed = (record.bound - record.left) & MASK_64
        # An odd address, in this block or not, is that of a block which was to begin.
        if not executed or at & 1 or not record.block_address <= at < end:
            return 0
        code = self._code.read(at, end - at, record.mode)
        if self._answers.is_fetch_refused and not is_execute(code):
            # The block has ended, and a branch in it has led into it again.
            return 0
        count = offset = 0
        while offset < len(code):
            offset += instruction_length(code[offset])
            count += 1
        return min(count, executed)

    def _length_at(self, address: int) -> int:
        return instruction_length(self._code.read(address, 1, self._record.mode)[0])

    # Exceptions

    def _reported(self) -> SupervisorCall | Condition | Declared | ExecutedAlone:
        """What an instruction that Unicorn has reported means."""
        ended = reported(self._unicorn, self._registers)
        if ended is None:
            return self._trapped()
        if isinstance(ended, Condition):
            return self._refused_by_unicorn(ended)
        return ended

    def _refused_by_unicorn(self, ended: Condition) -> Condition | Declared | ExecutedAlone:
        """The instruction at the PSW address has *ended* so; it may be that the model must execute it."""
        instruction = self._code.instruction(self._registers.psw[1], self._record.mode)
        if instruction is not None and is_missing(instruction, self._configuration.facilities):
            # Its registers are not permitted, which Unicorn looks at before it looks at what follows in the block.
            return Declared(instruction)
        if ended.condition.code not in _REFUSALS or is_completed(ended.condition):
            return ended
        if instruction is None or is_execute(instruction):
            return EXECUTED_ALONE
        return Declared(instruction) if is_refused(ended.condition, instruction) else ended

    def _trapped(self) -> Declared | ExecutedAlone:
        """The instruction at the PSW address has trapped: it is for the model, or must be looked at alone."""
        address = self._registers.psw[1]
        instruction = self._code.instruction(address, self._record.mode)
        if instruction is None:
            return EXECUTED_ALONE
        decoded = decode(instruction)
        if decoded is not None and decoded[0].reason in _OF_MODEL:
            return Declared(instruction)
        if executes_target(self._cpu, instruction):
            # The target has trapped.
            return EXECUTED_ALONE
        if decoded is None and (self._places.are_there or is_in_table(instruction)):
            # It may be one that a stop waits for, another of the same opcode before it in the block, or one in a page
            # that is hidden (emu.engine.hidden_code).
            return EXECUTED_ALONE
        if decoded is None or is_executed_by_model(instruction, address, self._cpu):
            return Declared(instruction)
        # A form that is not the model's, beside one of the same instruction that is.
        return EXECUTED_ALONE

    def _refused(self) -> RunExit | None:
        """What a translation that was refused means for the run."""
        ended: RunExit | None = self._answers.refusal
        # Unicorn does not say the length of the target of an EXECUTE.
        if isinstance(ended, Condition):
            ended = replace(ended, length=self._registers.interruption[1] or self._length_at(self._registers.psw[1]))
        page = self._answers.writable_page
        if page is not None:
            self._configuration.translations.forget_writable(page)
        return ended

    # Targets of EXECUTE

    def _look_at_target(self, executed: int) -> tuple[int, RunExit | None]:
        """The target of an EXECUTE is about to run: let it, or take it over."""
        pending = self._registers.execute_value
        raw = pending.to_bytes(8, "big")
        target = raw[: instruction_length(raw[0])]
        is_ours = is_intercepted_target(target, self._registers.psw[1], self._cpu) or self._places.wants(target)
        if not is_ours:
            self._record.allowed_target = pending
            return executed - 1, None
        self._registers.execute_value = 0
        return executed - 1, EXECUTED_ALONE
