# SPDX-License-Identifier: GPL-2.0-or-later
"""The careful engine: one general instruction at a time, with every storage access seen and undone if it must not be.

It serves single-stepping, and the cases for which pages are too coarse: stores that low-address protection may stop,
fetches that only fetch-protection override lets through, and stores into pages that hold code.  Its registers are
copied from the CPU's engine and back, so that the free-running engine never changes its mode of working (Unicorn drops
all translated code when an instruction count is switched on or off).
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

from unicorn import unicorn_const as uc_const

from emu import access
from emu.addresses import PAGE_SIZE
from emu.engine.answers import ACCESS, SINK, FillAnswers, Refusal
from emu.engine.code import FRAMES
from emu.engine.exits import SHORTAGE, Condition, Declared, StepExit, Stepped
from emu.engine.library import (
    ERROR_EXCEPTION,
    EngineError,
    FillAccess,
    MemoryCallback,
    TlbFillCallback,
    Unicorn,
)
from emu.engine.quirks.register_file import EngineRegisters
from emu.engine.reported import map_sink, reported
from emu.engine.tlb import EXECUTABLE, READABLE, WRITABLE, Answer
from emu.program_interruption import ProgramInterruption
from emu.psw import AddressSpaceControl
from emu.teid import Access, Protection

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu

_PARTS: Final = ((0x0000, 0x01FF), (0x0200, 0x07FF), (0x0800, 0x0FFF), (0x1000, 0x11FF), (0x1200, 0x1FFF))
"""The first 8 KiB, cut where low-address protection and fetch-protection override begin and end."""


class CarefulAnswers(FillAnswers):
    """The answers for the careful engine, and what it holds because of them."""

    def __init__(self, configuration: Configuration[Cpu], cpu: Cpu, unicorn: Unicorn) -> None:
        super().__init__(cpu, unicorn)
        self._configuration = configuration
        self._part = 0
        self._code: dict[int, int] = {}
        """Pages that something was translated from, with the offsets of their frames in the pool."""
        self.held: set[int] = set()
        self.written: set[int] = set()
        self.low_frames: dict[int, int] = {}
        """Effective page address of each frame reached through a page that needs byte checks."""
        self.code_stores: set[int] = set()
        """Pages of code that this instruction may store into."""
        self.is_sink_shown = False

    def clear(self) -> None:
        self.refusal = None
        self.code_stores.clear()

    def forget(self) -> None:
        """Nothing is held any more."""
        self.is_sink_shown = False
        self.held.clear()
        self.written.clear()
        self.low_frames.clear()

    def forget_code(self, page: int) -> int | None:
        """Nothing of *page* is translated any more; give the offset of its frame, if something was."""
        return self._code.pop(page, None)

    def note_part(self, _: Any, __: int, ___: int, ____: Any, first: int | None) -> bool:
        """The access that the next question is for begins in the part of a low page that begins at *first*."""
        self._part = first or 0
        return False

    def _answer_by_page(self, address: int, kind: int) -> Answer | None:
        return self._resolve(address, address, kind)[0]

    def _answer_by_byte(self, address: int, kind: int) -> Answer | None:
        answer, frame = self._resolve(address, self._part, kind)
        if frame is not None:
            self.low_frames[frame] = address
        return answer

    def _resolve(self, address: int, accessed: int, kind: int) -> tuple[Answer, int | None]:
        """The answer for the page at *address*, of which *accessed* is accessed, and its frame; none for the sink."""
        try:
            absolute = access.resolve(self._cpu, accessed, ACCESS[kind])
        except ProgramInterruption:
            if kind != FillAccess.FETCH:
                raise
            # The whole instruction has been fetched before: this is the engine looking ahead to the next one.
            self._sink_shown()
            return SINK, None
        page = absolute >> 12
        frame = self._configuration.hypervisor.frame(page)
        permissions = READABLE
        if kind == FillAccess.FETCH:
            self._note_code(page, frame)
            permissions |= EXECUTABLE
        elif kind == FillAccess.WRITE:
            if self._configuration.storage.code_pages[page]:
                self.code_stores.add(page)
            self.written.add(page)
            permissions = WRITABLE
        self.held.add(page)
        self._configuration.translations.reached[page] = 1
        return (FRAMES + frame, permissions), frame

    def _note_code(self, page: int, frame: int) -> None:
        """Note that something will be translated of absolute *page*."""
        storage, translations = self._configuration.storage, self._configuration.translations
        self._code[page] = frame
        storage.code_pages[page] = 1
        for buffer in translations.buffers:
            if buffer.may_write(page):
                buffer.flush_later()

    def _refused(self, condition: ProgramInterruption, kind: int) -> Refusal:
        return Condition(condition, 0)

    def _sink_shown(self) -> None:
        self.is_sink_shown = True


class CarefulEngine:
    """A Unicorn instance that executes single instructions for one CPU."""

    def __init__(self, configuration: Configuration[Cpu], cpu: Cpu, registers: EngineRegisters) -> None:
        self._configuration = configuration
        self._cpu = cpu
        self._registers = registers
        self._unicorn = unicorn = Unicorn()
        self._own = EngineRegisters(unicorn)
        self._answers = answers = CarefulAnswers(configuration, cpu, unicorn)
        self._undo: list[tuple[int, bytes]] = []
        storage = configuration.storage
        map_sink(unicorn)
        unicorn.map(FRAMES, storage.hypervisor.frame_bytes, uc_const.UC_PROT_ALL, storage.hypervisor.frame_address)
        # Unicorn gives a callback the page, but chooses the callbacks by the byte that is accessed.
        for first, last in _PARTS:
            unicorn.hook(uc_const.UC_HOOK_TLB_FILL, TlbFillCallback(answers.note_part), first, first=first, last=last)
        unicorn.hook(uc_const.UC_HOOK_TLB_FILL, TlbFillCallback(answers.callback))
        unicorn.hook(uc_const.UC_HOOK_MEM_WRITE, MemoryCallback(self._storing))
        unicorn.hook(uc_const.UC_HOOK_MEM_READ, MemoryCallback(self._fetching))

    # What is held

    def flush(self) -> None:
        """Forget every translation."""
        if self._answers.held or self._answers.is_sink_shown:
            self._answers.forget()
            self._unicorn.flush_tlb()

    def holds(self, page: int) -> bool:
        """Whether a translation made since the last flush leads to absolute *page*."""
        return page in self._answers.held

    def may_write(self, page: int) -> bool:
        """Whether a translation made since the last flush lets *page* be written."""
        return page in self._answers.written

    def forget_code(self, page: int) -> None:
        """Drop what was translated of absolute *page*."""
        frame = self._answers.forget_code(page)
        if frame is not None:
            self._unicorn.drop_code(FRAMES + frame, PAGE_SIZE)
            self._answers.forget()

    # One instruction

    def step(self, instruction: bytes, *, blocks: int, hides_register_0: bool, is_interruptible: bool) -> StepExit:
        """Execute the *instruction* at the PSW address, or leave everything as it was and say why not.

        :param blocks: how many instructions Unicorn takes it for.
        :param hides_register_0: execute it with zero in general register 0, which it does not name.
        :param is_interruptible: leave what was done before the exception; the general registers say how much that is.
        """
        size = self._registers.layout.end
        ctypes.memmove(self._own.base, self._registers.base, size)
        self._undo.clear()
        if hides_register_0:
            self._own.gr[0] = 0
        ended = self._burst(instruction, blocks)
        if self._answers.refusal is not None and not is_interruptible:
            # Suppressed or nullified: registers stay as they were, and so does storage.
            for place, before in reversed(self._undo):
                ctypes.memmove(place, before, len(before))
        else:
            if hides_register_0:
                self._own.gr[0] = self._registers.gr[0]
            ctypes.memmove(self._registers.base, self._own.base, size)
        if isinstance(ended, Stepped):
            self._cpu.executed += 1
            self._configuration.timing.work += 1
        if self._answers.code_stores or self._answers.is_sink_shown:
            for page in list(self._answers.code_stores):
                self._configuration.translations.code_written(page)
            self.flush()
        return ended

    def _burst(self, instruction: bytes, blocks: int) -> StepExit:
        self._own.clear_interruption()
        self._answers.clear()
        error = self._unicorn.start(self._own.psw[1], blocks)
        self._answers.raise_error()
        refusal = self._answers.refusal
        if refusal is SHORTAGE:
            return SHORTAGE
        if isinstance(refusal, Condition):
            return Condition(refusal.condition, self._own.interruption[1] or len(instruction))
        if error == ERROR_EXCEPTION:
            return self._reported(instruction)
        if error:
            raise EngineError(f"Unicorn stopped with error {error} at {self._own.psw[1]:#x}")
        return Stepped(overflowed=False)

    def _reported(self, instruction: bytes) -> StepExit:
        """What an exception that Unicorn has reported means."""
        ended = reported(self._unicorn, self._own)
        if isinstance(ended, Condition) and not ended.length:
            return Condition(ended.condition, len(instruction))
        return ended or Declared(instruction)

    def _storing(self, _: Any, __: int, address: int, size: int, ___: int, ____: Any) -> None:
        place = address - FRAMES
        frame = place & -PAGE_SIZE
        effective = self._answers.low_frames.get(frame)
        pool = self._configuration.storage.hypervisor.frame_address
        self._undo.append((pool + place, ctypes.string_at(pool + place, size)))
        if effective is not None and self._answers.refusal is None:
            self._check_store(effective | place & (PAGE_SIZE - 1))

    def _check_store(self, address: int) -> None:
        cpu = self._cpu
        asce = None
        space = AddressSpaceControl.PRIMARY
        if cpu.dat:
            space = access.operand_space(cpu, Access.STORE)
            asce = access.space_designation(cpu, space)
        if access.low_address_protected(cpu, address, asce):
            self._refuse(access.protection(address, Access.STORE, space, Protection.LOW_ADDRESS))

    def _fetching(self, _: Any, __: int, address: int, ___: int, ____: int, _____: Any) -> None:
        place = address - FRAMES
        effective = self._answers.low_frames.get(place & -PAGE_SIZE)
        if effective is None or self._answers.refusal is not None:
            return
        try:
            access.resolve(self._cpu, effective | place & (PAGE_SIZE - 1), Access.FETCH)
        except ProgramInterruption as condition:
            self._refuse(condition)

    def _refuse(self, condition: ProgramInterruption) -> None:
        """End the instruction in *condition*, which was found when it accessed storage."""
        self._answers.refusal = Condition(condition, 0)
        self._unicorn.stop()
