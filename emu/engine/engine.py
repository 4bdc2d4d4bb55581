# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine of one CPU: Unicorn for general instructions, and the way back into Python for everything else.

Unicorn runs with its problem-state bit always on, so that every control instruction traps, and with its TLB in
virtual mode, so that every translation is asked for.  Two instances serve a CPU: one runs freely, with a budget; the
other (:mod:`emu.engine.careful`) executes single instructions where pages are too coarse a grain.
"""

from __future__ import annotations

import ctypes
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from unicorn import unicorn_const as uc_const

from emu import access
from emu import control_registers as control
from emu.access import resolve
from emu.addresses import PAGE_SIZE
from emu.bits import MASK_64
from emu.engine import compiled, interception
from emu.engine.blocks import EXECUTE_OPCODE, KEEPS_CC, NO_REAL_ADDRESS, BlockState
from emu.engine.code import CodeFull, CodePages
from emu.engine.condition_code import COMPARE_LOGICAL, keeps_condition_code
from emu.engine.environment import EngineRegisters
from emu.engine.fills import RememberedFills
from emu.engine.hot import HotInstructions
from emu.engine.library import (
    ERROR_EXCEPTION,
    EngineError,
    FillAccess,
    TlbFillCallback,
    Unicorn,
)
from emu.engine.lost_address import lost_address
from emu.engine.mending import mend
from emu.engine.overflow import FIXED_POINT_OVERFLOW_MASK, can_overflow
from emu.engine.record import StopReason
from emu.engine.shown import ShownCode
from emu.hypervisor import FrameShortage
from emu.instruction_length import instruction_length
from emu.isa.execute import execute_target, execute_target_address, is_execute
from emu.lowcore import PREFIX_AREA_SIZE
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl
from emu.teid import Access

if TYPE_CHECKING:
    from emu.addresses import AbsoluteAddress
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.careful import CarefulEngine

FRAMES: Final = 1 << 40
"""Where the host's frame pool lies in the engine's physical memory."""
CODE: Final = 1 << 48
"""Where the code pages lie there."""
_WRITABLE: Final = uc_const.UC_PROT_READ | uc_const.UC_PROT_WRITE
SINK_ADDRESS: Final = 0
"""A page of the engine's own: Unicorn stores data-exception codes at its idea of real 0x90."""
_SINK_DATA_EXCEPTION: Final = 0x90
_PREFIX_PAGES: Final = range(PREFIX_AREA_SIZE >> 12)
_WHOLE_INSTRUCTIONS: Final = range(PAGE_SIZE - 5)
"""Offsets in a page at which an instruction, the longest has six bytes, does not reach into the next page."""
LOW_PAGES_END: Final = 0x2000
_INTERRUPTIBLE: Final = frozenset((0x0E, 0x0F))
"""MVCL and CLCL (PoP 5, "Interruptible Instructions")."""

ACCESS: Final = {
    FillAccess.READ: Access.FETCH,
    FillAccess.WRITE: Access.STORE,
    FillAccess.FETCH: Access.INSTRUCTION_FETCH,
}


class Exit(Enum):
    """Why the engine came back."""

    LIMIT = "the budget is used up, or the single step was made"
    DECLARED = "an instruction that Python executes"
    SUPERVISOR_CALL = "SUPERVISOR CALL"
    CONDITION = "a program-interruption condition"
    CAREFUL = "the next instruction must be executed alone"
    SHORTAGE = "the host must make room before the next instruction is executed"


class Engine:
    """The engine of one CPU."""

    def __init__(self, configuration: Configuration[Cpu], code: CodePages) -> None:
        mend()
        self._configuration = configuration
        self._code = code
        self._unicorn = Unicorn()
        self.registers = EngineRegisters(self._unicorn)
        self._cpu: Cpu
        self._careful: CarefulEngine | None = None
        self._state = BlockState(self.registers, interception.candidates())
        self._record = self._state.fields
        self._shown = ShownCode(self._state, code)
        self._watched: set[int] = set()
        """Addresses of EXECUTE instructions with a callback of their own."""
        self._trapped: dict[tuple[int, int], bytes] = {}
        """Instructions at (address, mode) that trapped, as the guest has them."""
        self._held: dict[int, int] = {}
        """Pages that a fill made since the last flush, remembered or not, leads to, and where they lie as data; or, if
        only their code was asked for, where that lies."""
        self._written: set[int] = set()
        """Those of them that may be written."""
        self._buffer_due = False
        """Unicorn's own buffer is to be flushed before it runs again; what is remembered stays good."""
        self._condition: ProgramInterruption | None = None
        self._reason: Exit | None = None
        self._refused_page: int | None = None
        """A page of code that some engine may write."""
        self._error: BaseException | None = None
        self._flush_due = False
        self.instruction_length = 0
        """Length of the instruction that a condition or SVC belongs to."""
        self.supervisor_call_number = 0
        self.overflowed = False
        storage, unicorn = configuration.storage, self._unicorn
        unicorn.uc.mem_map(SINK_ADDRESS, PAGE_SIZE)
        readable = uc_const.UC_PROT_READ
        unicorn.map(
            FRAMES, storage.hypervisor.frame_bytes, readable | uc_const.UC_PROT_WRITE, storage.hypervisor.frame_address
        )
        unicorn.map(CODE, code.bytes, readable | uc_const.UC_PROT_EXEC, code.address)
        self._fill_function = TlbFillCallback(self._fill)
        function = ctypes.cast(self._fill_function, ctypes.c_void_p).value or 0
        self._fills = RememberedFills(self._state, function, code.address - CODE)
        unicorn.hook(uc_const.UC_HOOK_TLB_FILL, compiled.callbacks().fill, self._state.address)
        unicorn.hook(uc_const.UC_HOOK_BLOCK, compiled.callbacks().block, self._state.address)
        unicorn.hook(uc_const.UC_HOOK_INTR, compiled.callbacks().exception, self._state.address)
        self._hot = HotInstructions(self._state, configuration, code, FRAMES)

    def attach(self, cpu: Cpu) -> None:
        """Say which CPU this is the engine of."""
        self._cpu = cpu

    # The translation-lookaside buffer

    def flush(self) -> None:
        """Forget every translation."""
        if self._held or self._flush_due:
            self._flush_due = False
            self._held.clear()
            self._written.clear()
            self._fills.forget()
            self._unicorn.flush_tlb()
        if self._careful is not None:
            self._careful.flush()

    def context_changed(self) -> None:
        """Use no translation of the context that the CPU was in, unless it comes back to it."""
        self._buffer_due = True
        self._fills.context_changed()
        if self._careful is not None:
            self._careful.flush()

    def find(self, address: int, length: int, access: Access, *, is_real: bool) -> int | None:
        """See :meth:`emu.engine_protocol.TranslationBuffer.find`."""
        if self._flush_due or (address & (PAGE_SIZE - 1)) + length > PAGE_SIZE:
            return None
        kind = FillAccess.WRITE if access is Access.STORE else FillAccess.READ
        place = self._fills.find(address, kind, self._cpu, is_real=is_real)
        return place - FRAMES if place else None

    def note(self, address: int, absolute: AbsoluteAddress, access: Access, *, is_real: bool) -> None:
        """See :meth:`emu.engine_protocol.TranslationBuffer.note`."""
        # The rules for the low pages are finer than a page.
        if not self._flush_due and address >= LOW_PAGES_END:
            kind = FillAccess.WRITE if access is Access.STORE else FillAccess.READ
            self._hold(address, kind, absolute >> 12, is_real=is_real)

    def may_write(self, page: int) -> bool:
        """Whether a translation made since the last flush lets *page* be written."""
        return page in self._written or (self._careful is not None and self._careful.may_write(page))

    def forget_page(self, page: int) -> None:
        """Forget the translations that lead to absolute *page*."""
        place = self._held.pop(page, None)
        if place is not None:
            self._written.discard(page)
            self._fills.forget_page(place)
            slot = self._code.find(page)
            if slot is not None:
                self._fills.forget_page(CODE + slot * PAGE_SIZE)
            self._unicorn.flush_tlb()
        if self._careful is not None and self._careful.holds(page):
            self._careful.flush()

    def forget_writable(self, page: int) -> None:
        """Let the next store into absolute *page* ask again, since it is about to hold code."""
        if page in self._written:
            self._written.discard(page)
            self._fills.forget_place(self._held[page] | _WRITABLE)
            self._unicorn.flush_tlb()
        if self._careful is not None and self._careful.may_write(page):
            self._careful.flush()

    def flush_later(self) -> None:
        """Forget every translation before this engine runs again; it must not happen inside a fill."""
        self._flush_due = True

    def end_soon(self) -> None:
        """Come back before the next block, if this engine is running: the host wants to do something.

        The budget is used up at once; what has been executed is still the difference of the two fields.
        """
        record = self._record
        left = record.left
        if left <= record.bound:
            record.bound -= left
            record.left = record.goal = 0

    def forget_code(self, page: int) -> None:
        """Drop what was translated of absolute *page*."""
        slot = self._code.find(page)
        if slot is not None:
            self._fills.forget_place(CODE + slot * PAGE_SIZE | uc_const.UC_PROT_EXEC)
            self.code_changed(slot, 0, PAGE_SIZE)
        if self._careful is not None:
            self._careful.forget_code(page)

    def forget_all_code(self) -> None:
        """Drop everything that was translated."""
        self._unicorn.uc.ctl_flush_tb()
        self._shown.clear()
        self._trapped.clear()
        self.flush()

    def _fill(self, _: Any, address: int, kind: int, entry: Any, __: Any) -> bool:
        """Unicorn's question: where is the page at *address*, for this kind of access?"""
        try:
            answered = self._answer(address, kind, entry)
            # Unicorn has noted a length for this fill, which a later exception must not take for its own.
            self.registers.interruption[1] = 0
        except ProgramInterruption as condition:
            if kind == FillAccess.FETCH:
                # The engine translates ahead: only executing up to there shows whether this fetch happens.
                self._reason = Exit.CAREFUL
            else:
                self._condition, self._reason = condition, Exit.CONDITION
        except FrameShortage:
            self._reason = Exit.SHORTAGE
        except BaseException as error:  # noqa: BLE001 - it must not be lost in Unicorn; run() raises it again
            self._error = error
        else:
            return answered
        return False

    def _answer(self, address: int, kind: int, entry: Any) -> bool:
        if self._unicorn.probed is not None:
            show(entry[0], self._unicorn.probed)
            return True
        cpu = self._cpu
        if kind == FillAccess.FETCH and is_look_behind(cpu, address):
            self._buffer_due = True
            show(entry[0], SINK_ADDRESS)
            return True
        if address < LOW_PAGES_END and needs_byte_checks(cpu, address, kind):
            self._reason = Exit.CAREFUL
            return False
        absolute = resolve(cpu, address, ACCESS[FillAccess(kind)])
        page = absolute >> 12
        answer = entry[0]
        if kind == FillAccess.FETCH:
            if page - (cpu.prefix >> 12) in _PREFIX_PAGES and self._is_for_python(address, absolute):
                # Kernels leave through a LOAD PSW there, beside what each interruption stores: were it a page of code,
                # every interruption would have to drop it.
                self._reason = Exit.CAREFUL
                return False
            return self._show_code(address, page, answer)
        held = self._hold(address, kind, page)
        if held is None:
            # Executed alone, so that the very next instruction sees what it stored.
            self._reason = Exit.CAREFUL
            return False
        answer.address, answer.permissions = held
        return True

    def _hold(self, address: int, kind: int, page: int, *, is_real: bool = False) -> tuple[int, int] | None:
        """Remember that *address* leads to absolute *page* for this kind of data access.

        Give the engine-physical place of the page and what is permitted there; None for a store into a page of code,
        which must be noticed each time.
        """
        storage = self._configuration.storage
        permissions = uc_const.UC_PROT_READ
        if kind == FillAccess.WRITE:
            if storage.code_pages[page]:
                return None
            self._written.add(page)
            permissions = _WRITABLE
        place = self._held[page] = FRAMES + storage.hypervisor.frame(page)
        self._remember(address, kind, page, place | permissions, is_real=is_real)
        return place, permissions

    def _is_for_python(self, address: int, absolute: int) -> bool:
        """Whether the next instruction is the one that is fetched, from *absolute*, and is executed in Python."""
        pc = self.registers.psw[1]
        if pc - (address & -PAGE_SIZE) not in _WHOLE_INSTRUCTIONS or self.registers.execute_value:
            return False
        start = (absolute & -PAGE_SIZE) + (pc & (PAGE_SIZE - 1))
        storage = self._configuration.storage
        instruction = storage.read(start, instruction_length(storage.read(start, 1)[0]))
        return not is_execute(instruction) and interception.is_executed_in_python(instruction, pc, None)

    def _show_code(self, address: int, page: int, answer: Any) -> bool:
        if self._code.find(page) is None and self._configuration.translations.is_writable(page):
            # It must not be written behind our back; the flush cannot be made from inside a fill.
            self._refused_page = page
            return False
        try:
            slot = self._code.slot(page)
        except CodeFull:
            self._reason = Exit.CAREFUL
            self._error = CodeFull()
            return False
        self._show(address >> 12, self._record.mode, slot)
        place = CODE + slot * PAGE_SIZE
        self._held.setdefault(page, place)
        self._remember(address, FillAccess.FETCH, page, place | uc_const.UC_PROT_EXEC)
        answer.address, answer.permissions = place, uc_const.UC_PROT_EXEC
        return True

    def _remember(self, address: int, kind: int, page: int, answer: int, *, is_real: bool = False) -> None:
        """Remember the *answer* to a fill for *address*, which lies in absolute *page*."""
        self._configuration.translations.reached[page] = 1
        is_prefixed = page in _PREFIX_PAGES or page - (self._cpu.prefix >> 12) in _PREFIX_PAGES
        real_page = NO_REAL_ADDRESS if is_prefixed else page << 12
        self._fills.remember(address, kind, self._cpu, answer, real_page=real_page, is_real=is_real)

    # Running

    def run(self, goal: int, limit: int, quiet: int = 0) -> Exit:
        """Run until something else is due or *goal* units of work are done, but never over *limit* instructions.

        The engine stops between blocks only, so it may stop short of *limit*, and go past *goal* by part of a block.
        Executed instructions are added to the CPU's count, and their work to virtual time.

        :param quiet: units of work for which nothing else follows from enabling for interruptions.
        :raises NotModelled: when an access needs a part of the architecture that is left out.
        """
        record, registers = self._record, self.registers
        if registers.psw[0] & FIXED_POINT_OVERFLOW_MASK:
            return Exit.CAREFUL
        record.mode = self._fetch_mode() if self._cpu.dat else 0
        if self._flush_due:
            self.flush()
        if self._buffer_due:
            self._buffer_due = False
            self._unicorn.flush_tlb()
        start, interruption, psw = self._unicorn.start, registers.interruption, registers.psw
        done = work = 0
        while True:
            nearer, farther = goal - work if goal > work else 1, limit - done
            record.goal, record.limit = nearer, farther
            record.bound = record.left = min(farther, nearer)
            record.reason = 0
            self._reason = self._condition = None
            self._refused_page = None
            interruption[0] = interruption[1] = interruption[3] = 0
            self._fills.enter(self._cpu)
            self._hot.enter(self._cpu, quiet - work)
            error = start(psw[1])
            beyond = self._hot.leave(self._cpu)
            executed, ended = self._after(error)
            done += executed
            work += executed + beyond
            self._cpu.executed += executed
            self._configuration.timing.work += executed + beyond
            if ended is not None:
                return ended

    def _fetch_mode(self) -> int:
        return 3 if self._cpu.space is AddressSpaceControl.HOME else 1

    def _after(self, error: int) -> tuple[int, Exit | None]:
        """How many instructions ended in this burst, and why it ended; None means: go on."""
        record = self._record
        executed = (record.bound - record.left) & MASK_64
        if record.reason == StopReason.EXCEPTION:
            ended, self.instruction_length, self._condition = classify(self._unicorn, self.registers)
            self.supervisor_call_number = self.registers.interruption[2]
            if not self.instruction_length:
                self._find_lost_instruction()
            return executed - self._not_executed(), ended
        if self._error is not None:
            failure, self._error = self._error, None
            if isinstance(failure, CodeFull):
                self._configuration.translations.forget_all_code()
                return executed - self._not_executed(), None
            raise failure
        if error == ERROR_EXCEPTION:
            executed -= self._not_executed()
            self.instruction_length = self.registers.interruption[1]
            if self._reason is Exit.CONDITION and not self.instruction_length:
                # Unicorn does not say it of the target of an EXECUTE.
                self.instruction_length = instruction_length(self._code_bytes(self.registers.psw[1], 1)[0])
            if record.block_count & KEEPS_CC:
                self._restore_condition_code()
            if self._refused_page is not None:
                self._configuration.translations.forget_writable(self._refused_page)
            return executed, self._reason
        if error:
            raise EngineError(f"Unicorn stopped with error {error} at {self.registers.psw[1]:#x}")
        reason = record.reason
        if reason == StopReason.LIMIT:
            return executed, Exit.LIMIT
        if reason in (StopReason.CANDIDATE, StopReason.UNKNOWN_CODE):
            self._look_at_block(record.block_address, record.block_size)
            return executed, None
        if reason == StopReason.EXECUTE_TARGET:
            return self._look_at_target(executed)
        if reason == StopReason.ODD_ADDRESS:
            return executed - self._not_executed(), Exit.CAREFUL
        raise EngineError(f"Unicorn stopped for no reason at {self.registers.psw[1]:#x}")

    def _restore_condition_code(self) -> None:
        """An access exception: if it is that of a CLC, undo what Unicorn did to the condition code."""
        at = self.registers.psw[1]
        start = self._record.block_address
        if start <= at < start + self._record.block_size and self._code_bytes(at, 1)[0] == COMPARE_LOGICAL:
            saved = self._record.saved_cc
            self.registers.restore_condition_code(saved[0], saved[1:])

    def _find_lost_instruction(self) -> None:
        record = self._record
        code = self._condition.data_exception_code if self._condition is not None else None
        address = lost_address(self.registers, code or 0, record.block_address, record.block_size, self._code_bytes)
        self.registers.psw[1] = address
        self.instruction_length = instruction_length(self._code_bytes(address, 1)[0])

    def take_condition(self) -> ProgramInterruption:
        """The condition of an exit of that kind."""
        condition, self._condition = self._condition, None
        assert condition is not None
        return condition

    def _not_executed(self) -> int:
        """Instructions of the current block that were counted but not executed: those from the PSW address on."""
        record = self._record
        end = record.block_address + record.block_size
        at = self.registers.psw[1]
        executed = (record.bound - record.left) & MASK_64
        if not executed or not record.block_address <= at < end:
            return 0
        count = 0
        while at < end:
            at += instruction_length(self._code_bytes(at, 1)[0])
            count += 1
        return min(count, executed)

    # Interception

    def trapped_instruction(self) -> bytes | None:
        """The instruction at the PSW address, which the engine has fetched; None if it is not known here.

        It is the guest's own, not the trap in its place.  Its fetch was checked when the engine asked for the page.
        """
        where = (self.registers.psw[1], self._record.mode)
        found = self._trapped.get(where)
        if found is None:
            address, mode = where
            offset = address & (PAGE_SIZE - 1)
            slot = self._shown.find(address >> 12, mode)
            if slot is None or offset > PAGE_SIZE - 6:
                return None
            frame = self._configuration.storage.frame_view(self._code.page(slot))
            found = bytes(frame[offset : offset + instruction_length(frame[offset])])
            self._trapped[where] = found
        return found

    def _code_bytes(self, address: int, length: int) -> bytes:
        """Code as this engine executes it; the pages have been shown to it."""
        mode, contents = self._record.mode, self._code.contents
        found = b""
        while len(found) < length:
            at = address + len(found)
            offset = at & (PAGE_SIZE - 1)
            slot = self._shown.slot(at >> 12, mode)
            found += contents(slot)[offset : offset + length - len(found)]
        return found

    def _look_at_block(self, address: int, size: int) -> None:
        """A block runs for the first time: put traps where needed, or let it run."""
        mode = self._record.mode
        for page in {address >> 12, (address + size - 1) >> 12}:
            slot = self._shown.find(page, mode)
            if slot is not None:
                # Another page may have taken its place among those that the callback sees.
                self._shown.show(page, mode, slot)
        code = self._code_bytes(address, size)
        offset = count = 0
        trapped = keeps_cc = False
        cc_is_kept = True
        while offset < size:
            length = instruction_length(code[offset])
            instruction = code[offset : offset + length]
            if instruction[0] == COMPARE_LOGICAL and cc_is_kept:
                keeps_cc = True
            elif interception.is_intercepted(instruction, address + offset):
                self._put_trap(address + offset, interception.trap(instruction))
                trapped = True
            elif is_execute(instruction) and length == 6:
                if self._must_not_execute(instruction, address + offset):
                    self._put_trap(address + offset, interception.trap(instruction))
                    trapped = True
            elif code[offset] == EXECUTE_OPCODE and address + offset not in self._watched:
                self._watch_execute(address + offset)
                trapped = True
            cc_is_kept = cc_is_kept and keeps_condition_code(instruction)
            offset += length
            count += 1
        if not trapped:
            self._state.remember_block(address, size, count, keeps_cc=keeps_cc)

    def _must_not_execute(self, instruction: bytes, address: int) -> bool:
        """Whether the target of the EXECUTE RELATIVE LONG *instruction* is none for the engine's short cuts."""
        try:
            target = execute_target(self._cpu, instruction, address)
        except ProgramInterruption:
            return False
        return interception.reads_register_0(target) or interception.is_intercepted_target(target, address)

    def _show_target(self, address: int) -> None:
        """Let the callback of an EXECUTE see the code at *address*, which is its target."""
        page = resolve(self._cpu, address, Access.INSTRUCTION_FETCH) >> 12
        code = self._code
        if code.find(page) is None and self._configuration.translations.is_writable(page):
            return
        mode = self._fetch_mode() if self._cpu.dat else 0
        self._show(address >> 12, mode, code.slot(page))

    def _watch_execute(self, address: int) -> None:
        """Have the target address of the EXECUTE at *address* looked at each time, which costs nanoseconds."""
        self._watched.add(address)
        self._unicorn.hook(
            uc_const.UC_HOOK_CODE, compiled.callbacks().execute, self._state.address, first=address, last=address
        )
        slot = self._shown.slot(address >> 12, self._record.mode)
        self.code_changed(slot, address & (PAGE_SIZE - 1), instruction_length(EXECUTE_OPCODE))

    def _put_trap(self, address: int, trap: bytes) -> None:
        mode = self._record.mode
        offset = address & (PAGE_SIZE - 1)
        first = trap[: PAGE_SIZE - offset]
        for at, part in ((address, first), (address + len(first), trap[len(first) :])):
            if part:
                slot = self._shown.slot(at >> 12, mode)
                self._code.patch(slot, at & (PAGE_SIZE - 1), part, begins=at == address)
                for engine in self._configuration.translations.buffers:
                    engine.code_changed(slot, at & (PAGE_SIZE - 1), len(part))

    def code_changed(self, slot: int, offset: int, length: int) -> None:
        """Drop what was translated of *length* bytes of the code page in *slot*."""
        self._fills.leave()
        self._unicorn.drop_code(CODE + slot * PAGE_SIZE + offset, length)
        self._shown.forget_blocks(slot)
        self._trapped.clear()

    def _show(self, virtual_page: int, mode: int, slot: int) -> None:
        """Show the code in *slot* at *virtual_page*; what trapped there before may be something else now."""
        if self._shown.find(virtual_page, mode) != slot:
            self._trapped.clear()
        self._shown.show(virtual_page, mode, slot)

    def _look_at_target(self, executed: int) -> tuple[int, Exit | None]:
        """The target of an EXECUTE is about to run: let it, or take it over."""
        pending = self.registers.execute_value
        raw = pending.to_bytes(8, "big")
        target = raw[: instruction_length(raw[0])]
        if not interception.is_intercepted_target(target, self.registers.psw[1]):
            self._record.allowed_target = pending
            return executed, None
        self.registers.execute_value = 0
        return executed - 1, Exit.DECLARED

    # Single instructions

    def step(self, instruction: bytes) -> Exit:
        """Execute exactly the *instruction* at the PSW address; DECLARED says that Python must do it.

        :attr:`overflowed` says afterwards whether a fixed-point overflow is to be reported.
        """
        self.overflowed = False
        target = None
        if is_execute(instruction):
            try:
                target = execute_target(self._cpu, instruction, self.registers.psw[1])
                self._show_target(execute_target_address(self._cpu, instruction, self.registers.psw[1]))
            except ProgramInterruption:
                return Exit.DECLARED
            except CodeFull:
                self._configuration.translations.forget_all_code()
        if interception.is_executed_in_python(instruction, self.registers.psw[1], target):
            return Exit.DECLARED
        if self._careful is None:
            from emu.engine.careful import CarefulEngine

            self._careful = CarefulEngine(self._configuration, self._cpu, self.registers)
        hides_register_0 = target is not None and interception.reads_register_0(target)
        is_interruptible = (target or instruction)[0] in _INTERRUPTIBLE
        ended = self._careful.step(target, hides_register_0=hides_register_0, is_interruptible=is_interruptible)
        if ended is Exit.LIMIT and self.registers.psw[0] & FIXED_POINT_OVERFLOW_MASK:
            self.overflowed = can_overflow(target or instruction) and self.registers.condition_code == 3
        self._condition = self._careful.condition
        self.instruction_length = self._careful.instruction_length
        self.supervisor_call_number = self._careful.supervisor_call_number
        return ended


def classify(unicorn: Unicorn, registers: EngineRegisters) -> tuple[Exit, int, ProgramInterruption | None]:
    """What Unicorn reported: an SVC, a trap, or another condition; and the length of the instruction."""
    code, length, _, svc_length = registers.interruption
    if registers.svc_is_reported:
        return Exit.SUPERVISOR_CALL, svc_length, None
    if code <= ProgramInterruptionCode.PRIVILEGED_OPERATION:
        return Exit.DECLARED, length, None
    known = ProgramInterruptionCode(code)
    if known in (ProgramInterruptionCode.DATA, ProgramInterruptionCode.VECTOR_PROCESSING):
        stored = bytes(unicorn.uc.mem_read(SINK_ADDRESS + _SINK_DATA_EXCEPTION, 4))
        return Exit.CONDITION, length, ProgramInterruption(known, data_exception_code=int.from_bytes(stored, "big"))
    return Exit.CONDITION, length, ProgramInterruption(known)


def is_look_behind(cpu: Cpu, address: int) -> bool:
    """Whether the engine asks for a page that the guest does not fetch from.

    When an instruction that traps begins a page, Unicorn makes a block of no bytes of it and then looks up the page
    in which the byte before it lies (seen in 2.1.4).  The one genuine fetch from there is that of an EXECUTE's target.
    """
    pc = cpu.instruction_address
    if pc & (PAGE_SIZE - 1) or address != (pc - PAGE_SIZE) & MASK_64:
        return False
    try:
        return not is_execute(cpu.configuration.storage.read(resolve(cpu, pc, Access.INSTRUCTION_FETCH), 2))
    except ProgramInterruption:
        return False


def show(answer: Any, place: int) -> None:
    """Answer a question that no access of the guest asks; the translations must be flushed before the next one does."""
    answer.address = place & -PAGE_SIZE
    answer.permissions = uc_const.UC_PROT_EXEC


def needs_byte_checks(cpu: Cpu, address: int, kind: int) -> bool:
    """Whether low-address protection or fetch-protection override may apply to parts of the page at *address*."""
    cr0 = cpu.cr[0]
    if kind == FillAccess.WRITE:
        if not cr0 & control.CR0_LOW_ADDRESS_PROTECTION:
            return False
    elif address or not cr0 & control.CR0_FETCH_OVERRIDE or cpu.key == 0:
        return False
    if not cpu.dat:
        return True
    space = access.operand_space(cpu, ACCESS[FillAccess(kind)])
    return not access.space_designation(cpu, space) & access.PRIVATE_SPACE
