# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine of one CPU: Unicorn for general instructions, and the way back into Python for everything else.

Unicorn runs with its problem-state bit always on, so that every control instruction traps, and with its TLB in
virtual mode, so that every translation is asked for.  Two instances serve a CPU: one runs freely, with a budget
(:mod:`emu.engine.free_run`); the other executes single instructions where pages are too coarse a grain
(:mod:`emu.engine.careful`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from unicorn import unicorn_const as uc_const

from emu.addresses import PAGE_SHIFT
from emu.engine import compiled
from emu.engine.answers import FreeAnswers
from emu.engine.blocks import BlockState
from emu.engine.careful import CarefulEngine
from emu.engine.checked_stores import map_checked_frames
from emu.engine.code import FRAMES, ShownCode
from emu.engine.compiled_instructions import CompiledInstructions
from emu.engine.engine_trace import EngineTrace, RingReader, TracedBlocks
from emu.engine.exits import BUDGET_USED, EXECUTED_ALONE, STEPPED, Condition, Declared, RunExit, StepExit, Stepped
from emu.engine.fills import RememberedFill, RememberedFills
from emu.engine.following import FollowedRegister
from emu.engine.free_run import FreeRun
from emu.engine.held_pages import HeldPages
from emu.engine.hidden_code import map_trapping_page
from emu.engine.interception import intercept, is_executed_by_model, is_missing, is_refused
from emu.engine.library import CONTROL_FUNCTION, TlbFillCallback, Unicorn
from emu.engine.lone_step import LoneStep
from emu.engine.new_blocks import NewBlocks
from emu.engine.quirks.compare_and_swap import compares_and_swaps
from emu.engine.quirks.execute_targets import is_executed_at_once, reads_register_0
from emu.engine.quirks.overflow import FIXED_POINT_OVERFLOW_MASK, can_overflow
from emu.engine.quirks.register_file import EngineRegisters
from emu.engine.quirks.single_stores import stores_at_most_once
from emu.engine.reported import map_sink
from emu.engine.stop_places import ChosenPlaces, StopPlaces
from emu.engine.tlb import Tlb
from emu.engine.trace_ring import SharedRing
from emu.engine.watched_pages import WatchedPages
from emu.isa.declaration import Reason, decode
from emu.isa.execute import execute_target, execute_target_address, executes_target, is_execute
from emu.program_interruption import ProgramInterruption

if TYPE_CHECKING:
    from emu.addresses import AbsoluteAddress
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.teid import Access
    from emu.watched_areas import WatchedArea

_INTERRUPTIBLE: Final = frozenset((0x0E, 0x0F))
"""MVCL and CLCL (PoP 5, "Interruptible Instructions")."""
_MOST_KNOWN: Final = 1 << 16


class FindPlace(Protocol):
    """:meth:`emu.engine_protocol.TranslationBuffer.find`."""

    def __call__(self, address: int, length: int, access: Access, *, is_real: bool) -> int | None: ...


@lru_cache(maxsize=_MOST_KNOWN)
def is_plain(instruction: bytes, facilities: frozenset[int]) -> bool:
    """Whether nothing needs to be looked at before the careful engine executes *instruction*."""
    if is_execute(instruction) or instruction[0] in _INTERRUPTIBLE or is_missing(instruction, facilities):
        return False
    decoded = decode(instruction)
    return decoded is None or decoded[0].is_for_engine


@lru_cache(maxsize=_MOST_KNOWN)
def left_to_model(instruction: bytes) -> Declared | None:
    """How the step of *instruction* ends if the model executes every form of it: nothing else is in question then."""
    decoded = decode(instruction)
    if is_execute(instruction) or decoded is None or decoded[0].reason is not Reason.CONTROL:
        return None
    return Declared(instruction)


class Engine:
    """The engine of one CPU; it is also its translation-lookaside buffer.

    It implements :class:`emu.engine_protocol.TranslationBuffer` and :class:`emu.translations.LookasideBuffer`, which
    describe the methods that are not described here.
    """

    find_table_entry: Callable[[int], int | None]
    find: FindPlace
    _tlb: Tlb
    _code: ShownCode
    _free: FreeRun
    _places: StopPlaces
    _instructions: CompiledInstructions
    _blocks: NewBlocks

    def __init__(self, configuration: Configuration[Cpu]) -> None:
        """Make the engine of a CPU of *configuration*, which must then be attached.

        :raises EngineError: if the library is not as it is known.
        """
        intercept()
        self._configuration = configuration
        self._unicorn = Unicorn()
        self.registers = EngineRegisters(self._unicorn)
        """The registers of the CPU, in place."""
        self._state = BlockState(self.registers)
        self._careful: CarefulEngine | None = None
        self.followed: FollowedRegister | None = None
        """A register that is followed, of this CPU or another one; see :meth:`follow`."""

    def attach(self, cpu: Cpu) -> None:
        """Say which CPU this is the engine of, before it is used."""
        self._cpu = cpu
        configuration, unicorn, state = self._configuration, self._unicorn, self._state
        storage = configuration.storage
        map_sink(unicorn)
        map_trapping_page(unicorn)
        state.fields.control_function, state.fields.engine_address = CONTROL_FUNCTION, unicorn.address
        unicorn.map(FRAMES, storage.hypervisor.frame_bytes, uc_const.UC_PROT_ALL, storage.hypervisor.frame_address)
        self._fills = fills = RememberedFills(state)
        self._watched = WatchedPages(state)
        self._tlb = Tlb(configuration, cpu, unicorn, fills, held=HeldPages(state, storage), watched=self._watched)
        # Asked for half a million times while Linux boots.
        self.find_table_entry = self._tlb.find_table_entry
        # Asked for each instruction that is executed alone.
        self.find = self._tlb.find
        self._places = places = StopPlaces(state, configuration.facilities)
        self._code = ShownCode(state, unicorn, fills, storage, places)
        self._instructions = instructions = CompiledInstructions(state, configuration, cpu, FRAMES)
        self._answers = answers = FreeAnswers(
            configuration, cpu, unicorn, self.registers, state.fields, self._tlb, self._code, instructions
        )
        self._fill_function = TlbFillCallback(answers.callback)
        state.fields.fill_function = ctypes.cast(self._fill_function, ctypes.c_void_p).value or 0
        unicorn.hook(uc_const.UC_HOOK_TLB_FILL, compiled.callbacks().fill, state.address)
        self._block_callback = TracedBlocks(unicorn, state)
        unicorn.hook(uc_const.UC_HOOK_INTR, compiled.callbacks().exception, state.address)
        frames = storage.hypervisor.frame_bytes, storage.hypervisor.frame_address
        map_checked_frames(unicorn, *frames, compiled.callbacks().checked_store, state.address)
        self._blocks = NewBlocks(cpu, unicorn, state, self._code, fills, places)
        self._free = FreeRun(
            configuration,
            cpu,
            unicorn,
            self.registers,
            state.fields,
            tlb=self._tlb,
            fills=fills,
            code=self._code,
            answers=answers,
            blocks=self._blocks,
            instructions=instructions,
            places=places,
        )
        changed = self._take_changed_context
        self.lone_step = LoneStep(state, configuration, cpu, self.registers, tlb=self._tlb, context_changed=changed)
        """Steps in compiled code."""

    # Running

    def run(self, goal: int, limit: int, quiet: int = 0) -> RunExit:
        """Run until something else is due, but begin no instruction after *goal* units of work or *limit* instructions.

        It may stop short of both.
        Executed instructions are added to the CPU's count, and their work to virtual time.

        :param quiet: units of work for which nothing else follows from enabling for interruptions.
        :raises NotModelled: when an access needs a part of the architecture that is left out.
        """
        if self.registers.psw[0] & FIXED_POINT_OVERFLOW_MASK or self.registers.psw[1] & 1:
            return EXECUTED_ALONE
        timing, cpu, followed = self._configuration.timing, self._cpu, self.followed
        goal, limit = goal + timing.work, limit + cpu.executed
        if followed is not None:
            followed.look()
        try:
            ended = self._free.run(goal - timing.work, limit - cpu.executed, quiet)
        finally:
            if followed is not None:
                followed.collect()
            if self._instructions.have_changed_context():
                self._take_changed_context()
        # The few at the end must be looked at one by one, if a register is followed.
        if ended is BUDGET_USED and followed is None:
            self._finish(min(goal - timing.work, limit - cpu.executed))
        return ended

    def _take_changed_context(self) -> None:
        """Do what follows where a compiled instruction has changed the context, or had translations forgotten."""
        self._fills.context_was_changed(self._cpu)
        if self._careful is not None:
            self._careful.flush()

    def _finish(self, left: int) -> None:
        """Execute the *left* instructions of a budget that are the first of a longer block, if they are plain."""
        rest = self._free.rest(left)
        if rest is not None:
            start, before, follower = self.registers.psw[1], self._cpu.executed, self._configuration.follower
            code = b"" if follower is None else self._code.read(start, rest[1] - start, self._state.fields.mode)
            self._slow().finish(*rest)
            if follower is not None and self._cpu.executed != before:
                follower.finished(self._cpu, start, code)

    def _slow(self) -> CarefulEngine:
        """The careful engine, made when it is needed first."""
        if self._careful is None:
            self._careful = CarefulEngine(self._configuration, self._cpu, self.registers, self._fills, self._watched)
            self._careful.watch()
        return self._careful

    def step(self, instruction: bytes) -> StepExit:
        """Execute exactly the *instruction* at the PSW address, or say why not.

        :raises NotModelled: when an access needs a part of the architecture that is left out.
        """
        if self.followed is not None:
            self.followed.look()
        left = left_to_model(instruction)
        if left is not None:
            return left
        address = self.registers.psw[1]
        pages = self._pages(address, len(instruction))
        careful = self._careful or self._slow()
        if is_plain(instruction, self._configuration.facilities):
            ended = careful.step(instruction, pages=pages, stores_once=stores_at_most_once(instruction))
            return self._stepped(ended, instruction)
        target = None
        if executes_target(self._cpu, instruction):
            try:
                target = execute_target(self._cpu, instruction, address)
                target_address = execute_target_address(self._cpu, instruction, address)
                self._answers.show_target(target_address, self._free.fetch_mode)
                pages |= self._pages(target_address, len(target))
            except ProgramInterruption:
                return Declared(instruction)
        if is_executed_by_model(instruction, address, self._cpu, target):
            return Declared(instruction)
        executed = target or instruction
        ended = careful.step(
            instruction,
            pages=pages,
            blocks=1 if target is None or is_executed_at_once(target) else 2,
            hides_register_0=target is not None and reads_register_0(target),
            is_interruptible=executed[0] in _INTERRUPTIBLE,
            stores_once=stores_at_most_once(executed),
        )
        if isinstance(ended, Condition) and is_refused(ended.condition, executed):
            return Declared(instruction)
        return self._stepped(ended, executed)

    def _stepped(self, ended: StepExit, executed: bytes) -> StepExit:
        """How the step has *ended*, with the overflow of the instruction *executed* if the program mask asks for it."""
        is_watched = self._cpu.recording is not None or self._configuration.watching.is_set
        if is_watched and ended is STEPPED and compares_and_swaps(executed) and self.registers.condition_code:
            self._slow().forget_stores()
        if ended is STEPPED and self.registers.psw[0] & FIXED_POINT_OVERFLOW_MASK:
            return Stepped(overflowed=can_overflow(executed) and self.registers.condition_code == 3)
        return ended

    def _pages(self, address: int, length: int) -> set[int]:
        """The virtual pages of the instruction of *length* bytes at *address*."""
        end = address + length - 1
        if address >> PAGE_SHIFT == end >> PAGE_SHIFT:
            return {address >> PAGE_SHIFT}
        return {address >> PAGE_SHIFT, self._cpu.wrap(end) >> PAGE_SHIFT}

    def end_soon(self) -> None:
        """Come back before the next block, if this engine is running; it may be asked for inside an access."""
        self._free.end_soon()

    def remembered_fills(self) -> Iterator[RememberedFill]:
        """What the translation-lookaside buffer holds, for who looks from outside."""
        return self._fills.remembered()

    # Stops

    def come_back_before(self, places: ChosenPlaces) -> None:
        """Come back before each of the instructions at these *places*, which is to be executed alone then."""
        if self._places.choose(places):
            self._code.forget_all()

    def shown_instruction(self, address: int) -> bytes | None:
        """The instruction at logical *address*, if that is quickly found."""
        return self._code.shown_instruction(address, self._free.fetch_mode)

    def leave_to_model(self, left: Mapping[str, int]) -> None:
        """Execute each compiled instruction that *left* names so many times at most, and count them."""
        self._instructions.limit(left)

    def count_executed(self) -> None:
        """Add what was executed compiled to the counts of the configuration, before somebody looks at them.

        While nobody observes and no stop counts, that is not done after each burst.
        """
        self._instructions.count_executed()

    def counted(self) -> dict[str, int]:
        """How often these were executed compiled since the last time that this was asked."""
        return self._instructions.counted()

    def follow(self, name: str, value: Callable[[Cpu], int]) -> FollowedRegister:
        """Follow the register called *name*, which holds *value*.

        All engines must have it as :attr:`followed` until it is ended, since each may change it.
        """
        return FollowedRegister(
            name,
            value,
            self._cpu,
            state=self._state,
            unicorn=self._unicorn,
            registers=self.registers,
            blocks=self._blocks,
        )

    # Traces

    def trace(self, ring: SharedRing, reader: RingReader, *, is_flow_followed: bool) -> EngineTrace:
        """Write into *ring* what happens from now on; *reader* takes it."""
        trace = EngineTrace(self._configuration, self._cpu, self._state, self.registers, ring=ring, reader=reader)
        self._free.trace = trace
        follows = bool(ring.fields.follows_registers)
        self._block_callback.follow(is_flow_followed=is_flow_followed, is_one_by_one=follows)
        self._instructions.leave_operands(to_model=follows)
        self._blocks.follow_targets(are_followed=is_flow_followed)
        self._watch_accesses()
        return trace

    def end_trace(self) -> None:
        """Write nothing any more."""
        if self._free.trace is not None:
            self._free.trace.end()
            self._free.trace = None
            self._block_callback.follow(is_flow_followed=False, is_one_by_one=False)
            self._instructions.leave_operands(to_model=False)
            self._blocks.follow_targets(are_followed=False)
            self._watch_accesses()

    def reached(self) -> tuple[int, int] | None:
        """How many instructions of the CPU have ended, and how much work was done, while it runs freely; else None."""
        return self._free.reached()

    # The translation-lookaside buffer

    def note(self, address: int, absolute: AbsoluteAddress, access: Access, *, is_real: bool) -> None:
        self._tlb.note(address, absolute, access, is_real=is_real)

    def note_table(self, address: AbsoluteAddress) -> None:
        self._tlb.note_table(address)

    def watch(self, whose: str, areas: Collection[WatchedArea]) -> None:
        if self._watched.watch(whose, areas):
            self.flush_later()
            self._watch_accesses()

    def _watch_accesses(self) -> None:
        """Others are told of accesses now, or none."""
        if self._careful is not None:
            self._careful.watch()

    def context_changed(self) -> None:
        self._tlb.context_changed()
        if self._careful is not None:
            self._careful.flush()

    def flush(self) -> None:
        self._tlb.flush()
        if self._careful is not None:
            self._careful.flush()

    def flush_later(self) -> None:
        self._tlb.flush_later()

    def may_write(self, page: int) -> bool:
        return self._tlb.may_write(page) or (self._careful is not None and self._careful.may_write(page))

    def forget_page(self, page: int) -> None:
        self._tlb.forget_page(page)
        if self._careful is not None and self._careful.holds(page):
            self._careful.flush()

    def forget_writable(self, page: int) -> None:
        self._tlb.forget_writable(page)
        if self._careful is not None and self._careful.may_write(page):
            self._careful.flush()

    # Translated code

    def forget_code(self, page: int) -> None:
        self._code.forget(page)
        if self._careful is not None:
            self._careful.forget_code(page)
