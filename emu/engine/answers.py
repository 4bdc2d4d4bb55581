# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers to Unicorn's question where a page is, for the engine that runs freely and for the careful one.

Unicorn asks from inside a callback, through which no exception passes.  So what comes of a question is kept here until
Unicorn has stopped: a refusal, or an exception that nobody expects.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from emu import access
from emu.addresses import LOW_PAGES_END, PAGE_SIZE
from emu.bits import MASK_64
from emu.engine.exits import BUDGET_USED, EXECUTED_ALONE, SHORTAGE, BudgetUsed, Condition, ExecutedAlone, Shortage
from emu.engine.fetched_operands import resolve_fetch
from emu.engine.interception import is_executed_by_model
from emu.engine.library import EXECUTABLE, FillAccess
from emu.engine.quirks.look_behind import is_look_behind
from emu.engine.reported import SINK_ADDRESS
from emu.engine.tlb import PREFIX_PAGES, Answer, Tlb
from emu.hypervisor import FrameShortage
from emu.instruction_length import instruction_length
from emu.isa.execute import is_execute
from emu.looking_ahead import leaves_no_trace
from emu.program_interruption import ProgramInterruption
from emu.psw import ADDRESS_24
from emu.teid import Access

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.code import ShownCode
    from emu.engine.compiled_instructions import CompiledInstructions
    from emu.engine.library import Unicorn
    from emu.engine.quirks.register_file import EngineRegisters
    from emu.engine.record import Record

ACCESS: Final[dict[int, Access]] = {
    FillAccess.READ: Access.FETCH,
    FillAccess.WRITE: Access.STORE,
    FillAccess.FETCH: Access.INSTRUCTION_FETCH,
}
SINK: Final[Answer] = (SINK_ADDRESS, EXECUTABLE)
"""A page of zeros; the translations must be flushed before an access of the guest asks for that address."""
_WHOLE_INSTRUCTIONS: Final = range(PAGE_SIZE - 5)
"""Offsets in a page at which an instruction, the longest has six bytes, does not reach into the next page."""

Refusal = BudgetUsed | Condition | ExecutedAlone | Shortage


class FillAnswers(ABC):
    """What all questions of one Unicorn instance have in common."""

    def __init__(self, cpu: Cpu, unicorn: Unicorn) -> None:
        self._cpu = cpu
        self._unicorn = unicorn
        self.refusal: Refusal | None = None
        """Why the last question was refused; the length of an instruction is not known here."""
        self._error: BaseException | None = None

    def clear(self) -> None:
        """Forget the last refusal, before Unicorn runs."""
        self.refusal = None

    @property
    def has_error(self) -> bool:
        """Whether :meth:`raise_error` will raise something."""
        return self._error is not None

    def raise_error(self) -> None:
        """Raise what a question has raised that nobody expected, if there is such a thing."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def callback(self, _: Any, address: int, kind: int, entry: Any, __: Any) -> bool:
        """Unicorn's question: where is the page at *address*, for this kind of access?"""
        if self._unicorn.probed is not None:
            # No question of the guest's: whatever is to come of those, code is dropped now.
            entry[0].address, entry[0].permissions = self._unicorn.probed & -PAGE_SIZE, EXECUTABLE
            return True
        if self._unicorn.is_unhooking:
            return False
        return self._is_answered(address, kind, entry)

    def _is_answered(self, address: int, kind: int, entry: Any) -> bool:
        """Answer a question of the guest's in *entry*; give whether it was not refused."""
        try:
            answer = self._answer(address, kind)
        except BaseException as raised:  # noqa: BLE001 - it must not be lost in Unicorn
            self._keep(raised, kind)
        else:
            if answer is not None:
                entry[0].address, entry[0].permissions = answer
                return True
        return False

    def _keep(self, raised: BaseException, kind: int) -> None:
        """Keep what was *raised*; :meth:`raise_error` raises again what nobody expects."""
        if isinstance(raised, ProgramInterruption):
            self.refusal = self._refused(raised, kind)
        elif isinstance(raised, FrameShortage):
            self.refusal = SHORTAGE
        else:
            self._error = raised

    @property
    def is_refused(self) -> bool:
        """Whether the instruction ends with what was refused, or raised."""
        return self.refusal is not None or self._error is not None

    def _answer(self, address: int, kind: int) -> Answer | None:
        if kind == FillAccess.FETCH and is_look_behind(self._cpu, address):
            self._sink_shown()
            return SINK
        if address > self._cpu.address_limit:
            return self._answer_beyond(address, kind)
        if address < LOW_PAGES_END and access.needs_byte_checks(self._cpu, address, ACCESS[kind]):
            return self._answer_by_byte(address, kind)
        return self._answer_by_page(address, kind)

    @abstractmethod
    def _answer_by_page(self, address: int, kind: int) -> Answer | None:
        """The answer for a page; None if it is refused.

        :raises ProgramInterruption: if it is refused because of an exception.
        :raises FrameShortage: if the host must make room first.
        """

    @abstractmethod
    def _answer_by_byte(self, address: int, kind: int) -> Answer | None:
        """The same where rules are finer than a page."""

    @abstractmethod
    def _answer_beyond(self, address: int, kind: int) -> Answer | None:
        """The same for a page behind the last one that the addressing mode has (PoP 3, "Address Wraparound")."""

    @abstractmethod
    def _refused(self, condition: ProgramInterruption, kind: int) -> Refusal:
        """What an exception means for the instruction that asks."""

    @abstractmethod
    def _sink_shown(self) -> None:
        """Note that the page of zeros was shown."""


class FreeAnswers(FillAnswers):
    """The answers for the engine that runs freely."""

    def __init__(
        self,
        configuration: Configuration[Cpu],
        cpu: Cpu,
        unicorn: Unicorn,
        registers: EngineRegisters,
        record: Record,
        tlb: Tlb,
        code: ShownCode,
        instructions: CompiledInstructions,
    ) -> None:
        super().__init__(cpu, unicorn)
        self._configuration = configuration
        self._registers = registers
        self._record = record
        self._tlb = tlb
        self._code = code
        self._instructions = instructions
        self.is_fetch_refused = False
        """The last question was for code, and was refused."""
        self.writable_page: int | None = None
        """A page that some CPU may write, and which therefore must not be executed from yet."""
        self.is_ending = False
        """The engine is to come back: an instruction that asks now is to be the last."""

    def clear(self) -> None:
        super().clear()
        self.is_fetch_refused = False
        self.writable_page = None
        self.is_ending = False

    def _is_answered(self, address: int, kind: int, entry: Any) -> bool:
        self._instructions.catch_up(self._cpu)
        is_answered = super()._is_answered(address, kind, entry)
        self._instructions.go_on()
        if is_answered and self.is_ending:
            # What is to come is to come before the next instruction, which may be of the same block.
            self.refusal = EXECUTED_ALONE
            is_answered = False
        if not is_answered:
            self.is_fetch_refused = kind == FillAccess.FETCH
        else:
            # Unicorn has noted a length for this question, which a later exception must not take for its own.
            self._registers.interruption[1] = 0
        return is_answered

    def _answer_by_page(self, address: int, kind: int) -> Answer | None:
        if kind == FillAccess.FETCH and (self._is_not_due() or self._is_ahead(address)):
            return None
        if kind == FillAccess.WRITE and self._may_go_on_in_low_storage(address):
            self.refusal = EXECUTED_ALONE
            return None
        if kind == FillAccess.READ:
            instruction = self._code.shown_instruction(self._cpu.instruction_address, self._record.mode)
            absolute = resolve_fetch(self._cpu, address, instruction)
        else:
            absolute = access.resolve(self._cpu, address, ACCESS[kind])
        if kind == FillAccess.FETCH:
            return self._answer_fetch(address, absolute)
        answer = self._tlb.hold(address, kind, absolute >> 12)
        if answer is None:
            # Executed alone, so that the very next instruction sees what it stored.
            self.refusal = EXECUTED_ALONE
        return answer

    def _answer_by_byte(self, address: int, kind: int) -> Answer | None:
        self.refusal = EXECUTED_ALONE
        return None

    def _may_go_on_in_low_storage(self, address: int) -> bool:
        """Whether an operand in the page at *address* may wrap to location zero, where each store is checked.

        If one is refused there, nothing must have been stored here (:mod:`emu.engine.checked_stores`).
        """
        is_last = address >= self._cpu.address_limit & -PAGE_SIZE
        return is_last and access.needs_byte_checks(self._cpu, 0, Access.STORE)

    def _answer_beyond(self, address: int, kind: int) -> Answer | None:
        # A branch has left the instruction address as it was computed: the run goes on at the address that is meant.
        if kind != FillAccess.FETCH or address != self._registers.psw[1] & -PAGE_SIZE:
            self.refusal = EXECUTED_ALONE
        return None

    def _is_not_due(self) -> bool:
        """Whether the fetch, of a block that is to begin, is none of this burst's; then it is refused.

        Nothing of the page may be touched: its reference bit is seen.
        """
        record, address = self._record, self._registers.psw[1]
        if record.block_address <= address < record.block_address + record.block_size:
            # Of the target of an EXECUTE.
            return False
        if address & 1:
            self.refusal = EXECUTED_ALONE
            return True
        work = record.bound - record.left & MASK_64
        if record.bound and (work >= record.goal or work - record.extra_work >= record.limit):
            self.refusal = BUDGET_USED
            return True
        return False

    def _is_ahead(self, address: int) -> bool:
        """Whether the fetch is of a page that is touched by a later instruction, if at all; then it is refused.

        The engine asks for all pages of a block before it begins.  Where that leaves no trace, it may.
        """
        address_now = self._cpu.wrap(self._registers.psw[1])
        if (address ^ address_now) < PAGE_SIZE or leaves_no_trace(self._cpu, address):
            return False
        self.refusal = EXECUTED_ALONE
        return True

    def _refused(self, condition: ProgramInterruption, kind: int) -> Refusal:
        # The engine translates ahead: only executing up to there shows whether this fetch happens.
        return EXECUTED_ALONE if kind == FillAccess.FETCH else Condition(condition, 0)

    def _sink_shown(self) -> None:
        self._tlb.flush_buffer_later()

    def _answer_fetch(self, address: int, absolute: int) -> Answer | None:
        page = absolute >> 12
        if address == ADDRESS_24 & -PAGE_SIZE and self._cpu.address_limit == ADDRESS_24:
            # A link there may be wrong: see emu.isa.corrections.linkage.
            self.refusal = EXECUTED_ALONE
            return None
        if page - (self._cpu.prefix >> 12) in PREFIX_PAGES and self._is_for_model(address, absolute):
            # Kernels leave through a LOAD PSW there, beside what each interruption stores: were it a page of code,
            # every interruption would have to drop it.
            self.refusal = EXECUTED_ALONE
            return None
        mode = self._record.mode
        is_next = (address ^ self._registers.psw[1]) < PAGE_SIZE
        was_seen = is_next or self._code.is_shown(address >> 12, mode, page)
        if not self._show(address, page, mode):
            # The flush cannot be made from inside a callback.
            self.writable_page = page
            return None
        # Where an EXECUTE was let run because of what was shown there before, it is to be looked at again.
        answer = self._tlb.hold_code(address, page) if was_seen else None
        if answer is None:
            self.refusal = EXECUTED_ALONE
        return answer

    def show_target(self, address: int, mode: int) -> None:
        """Let the callback of an EXECUTE see the code at *address*, which is its target.

        :raises ProgramInterruption: the access exceptions of fetching it.
        """
        self._show(address, access.resolve(self._cpu, address, Access.INSTRUCTION_FETCH) >> 12, mode)

    def _show(self, address: int, page: int, mode: int) -> bool:
        """Show the code of absolute *page* at *address*; False if some CPU may write it behind our back."""
        configuration = self._configuration
        if not configuration.storage.code_pages[page]:
            if configuration.translations.is_writable(page):
                return False
            configuration.storage.code_pages[page] = 1
        self._code.show(address >> 12, mode, page, configuration.hypervisor.frame(page))
        return True

    def _is_for_model(self, address: int, absolute: int) -> bool:
        """Whether the next instruction is the one that is fetched, from *absolute*, and is executed by the model."""
        pc = self._registers.psw[1]
        if pc - (address & -PAGE_SIZE) not in _WHOLE_INSTRUCTIONS or self._registers.execute_value:
            return False
        start = (absolute & -PAGE_SIZE) + (pc & (PAGE_SIZE - 1))
        storage = self._configuration.storage
        instruction = storage.read(start, instruction_length(storage.read(start, 1)[0]))
        return not is_execute(instruction) and is_executed_by_model(instruction, pc, self._cpu)
