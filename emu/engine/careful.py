# SPDX-License-Identifier: GPL-2.0-or-later
"""The careful engine: one general instruction at a time, with every storage access seen and undone if it must not be.

It serves single-stepping, and the cases for which pages are too coarse: stores that low-address protection may stop,
fetches that only fetch-protection override lets through, and stores into pages that hold code.  Its registers are
copied from the CPU's engine and back, so that the free-running engine never changes its mode of working (Unicorn drops
all translated code when an instruction count is switched on or off).
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Final

from unicorn import unicorn_const as uc_const

from emu import access
from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine import compiled
from emu.engine.answers import ACCESS, SINK, FillAnswers, Refusal
from emu.engine.code import FRAMES
from emu.engine.exits import EXECUTED_ALONE, SHORTAGE, STEPPED, Condition, Declared, StepExit
from emu.engine.library import (
    ERROR_EXCEPTION,
    EXECUTABLE,
    READABLE,
    WRITABLE,
    EngineError,
    FillAccess,
    TlbFillCallback,
    Unicorn,
)
from emu.engine.low_storage import LOW_STORAGE, LowStorage
from emu.engine.quirks.register_file import EngineRegisters
from emu.engine.reported import map_sink, reported
from emu.engine.tlb import Answer
from emu.engine.watched_storage import WatchedStorage
from emu.program_interruption import ProgramInterruption
from emu.psw import address_limit
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.fills import RememberedFills
    from emu.engine.watched_pages import WatchedPages

_MOST_BYTES_BEFORE: Final = 5
"""An instruction of six bytes has fewer in the first page that it lies in; one at the very start would not be found."""
_MOST_IMAGES: Final = 8
"""So many pages may be written without being asked for again."""


class CarefulAnswers(FillAnswers):
    """The answers for the careful engine, and what it holds because of them."""

    def __init__(
        self,
        configuration: Configuration[Cpu],
        cpu: Cpu,
        unicorn: Unicorn,
        fills: RememberedFills,
        watched: WatchedPages,
    ) -> None:
        super().__init__(cpu, unicorn)
        self._configuration = configuration
        self._fills = fills
        self._noticed = 0
        """How many accesses to watched storage there were before the instruction."""
        self._code: dict[int, int] = {}
        """Pages that something was translated from, with the offsets of their frames in the pool."""
        self.held: set[int] = set()
        self.written: dict[int, int] = {}
        """Pages that may be written, with the offsets of their frames in the pool."""
        self.images: dict[int, bytes] = {}
        """What was in each frame that this instruction may write, by its offset in the pool."""
        self.code_stores: set[int] = set()
        """Pages of code that this instruction may store into."""
        self.is_flush_due = False
        """What was shown must not be used by another instruction."""
        self.asks_only_known = False
        """Refuse every access of an operand that the engine which runs freely would have to ask for."""
        self.low_refusal: BaseException | None = None
        """What was raised for a byte of low storage."""
        self.watched_storage = WatchedStorage(configuration, cpu, unicorn, watched)
        self._low_storage = LowStorage(self, configuration, cpu, self.watched_storage)
        functions = compiled.callbacks()
        words = self._low_storage.words_address
        unicorn.map_device(LOW_STORAGE, access.LOW_PAGES_END, functions.low_fetch, functions.low_store, words)
        self.code_pages: set[int] = set()
        """Virtual pages that the instruction is fetched from, and its target if it is an EXECUTE."""

    def clear(self) -> None:
        self.refusal = None
        self._noticed = len(self._configuration.watching.noticed)
        self.code_stores.clear()
        self._low_storage.begin()

    def forget(self) -> None:
        """Nothing is held any more."""
        self.is_flush_due = False
        self.held.clear()
        self.written.clear()
        self._low_storage.forget()
        self.watched_storage.forget()

    def code_frame(self, page: int) -> int | None:
        """The offset of the frame that absolute *page* was translated from, if something was."""
        return self._code.get(page)

    def forget_code(self, page: int) -> int | None:
        """Nothing of *page* is translated any more; give the offset of its frame, if something was."""
        return self._code.pop(page, None)

    def take_images(self, *, is_low_only: bool = False) -> None:
        """Before an instruction: take an image of each frame that may be written already.

        :param is_low_only: only of those of low storage, which Unicorn stores into piece by piece.
        """
        frames = self._low_storage.stored if is_low_only else self.written.values()
        if frames:
            read = self._configuration.storage.read_frame
            self.images = {frame: read(frame, PAGE_SIZE) for frame in frames}
        elif self.images:
            self.images = {}

    def undo(self) -> None:
        """Make storage what it was before the instruction."""
        for frame, before in self.images.items():
            self._configuration.storage.write_frame(frame, before)
        if self._cpu.recording is not None:
            self._cpu.recording.forget_stores()
        self._configuration.watching.forget_from(self._noticed)

    def _answer_by_page(self, address: int, kind: int) -> Answer | None:
        if self.asks_only_known and kind != FillAccess.FETCH:
            return self._known(address, kind)
        return self._resolve(address, kind)

    def _known(self, address: int, kind: int) -> Answer | None:
        """The answer for the page at *address*, if the engine that runs freely has it, and it is still good."""
        place = self._fills.find(address, kind, self._cpu)
        if not place:
            self.refusal = EXECUTED_ALONE
            return None
        self.is_flush_due = True
        if kind != FillAccess.WRITE:
            return place, READABLE
        frame = place - FRAMES
        if frame not in self.images:
            self.images[frame] = self._configuration.storage.read_frame(frame, PAGE_SIZE)
        return place, WRITABLE

    def _answer_by_byte(self, address: int, kind: int) -> Answer | None:
        if self.asks_only_known:
            self.refusal = EXECUTED_ALONE
            return None
        if kind == FillAccess.FETCH:
            return self._resolve(address, kind)
        if self.low_refusal is not None:
            raise self.low_refusal
        return LOW_STORAGE + address, WRITABLE

    def _answer_beyond(self, address: int, kind: int) -> Answer | None:
        self.is_flush_due = True
        return self._answer(self._cpu.wrap(address), kind)

    def _resolve(self, address: int, kind: int) -> Answer:
        """The answer for the page at *address*."""
        if kind == FillAccess.FETCH and address >> PAGE_SHIFT not in self.code_pages:
            # The engine looks ahead to the next instruction.
            self._sink_shown()
            return SINK
        absolute = access.resolve(self._cpu, address, ACCESS[kind])
        page = absolute >> 12
        frame = self.hold(page, ACCESS[kind])
        if kind == FillAccess.FETCH:
            self._note_code(page, frame)
            # As an operand it may be another page, or have rules for each byte.
            return FRAMES + frame, EXECUTABLE
        if kind == FillAccess.WRITE:
            self.storing(page)
        permissions = WRITABLE if kind == FillAccess.WRITE else READABLE
        if self.watched_storage.is_for(address, page, ACCESS[kind]):
            self.is_flush_due = True
            return self.watched_storage.show(address, page, frame), permissions
        return FRAMES + frame, permissions

    def hold(self, page: int, kind: Access) -> int:
        """See :class:`emu.engine.low_storage.AccessingInstruction`."""
        frame = self._configuration.hypervisor.frame(page)
        self.held.add(page)
        if kind is Access.STORE:
            self.written[page] = frame
            if frame not in self.images:
                self.images[frame] = self._configuration.storage.read_frame(frame, PAGE_SIZE)
        self._configuration.translations.reached[page] = 1
        return frame

    def storing(self, page: int) -> None:
        """See :class:`emu.engine.low_storage.AccessingInstruction`."""
        if self._configuration.storage.code_pages[page]:
            self.code_stores.add(page)

    def attempt(self, checked: Callable[[], int]) -> int | None:
        """See :class:`emu.engine.low_storage.AccessingInstruction`."""
        try:
            return checked()
        except BaseException as raised:  # noqa: BLE001 - it must not be lost in Unicorn
            self._keep(raised, FillAccess.READ)
            self.low_refusal = raised
            self._low_storage.refuse()
            self._unicorn.stop()
        return None

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
        self.is_flush_due = True


class CarefulEngine:
    """A Unicorn instance that executes single instructions, or a few, for one CPU."""

    def __init__(
        self,
        configuration: Configuration[Cpu],
        cpu: Cpu,
        registers: EngineRegisters,
        fills: RememberedFills,
        watched: WatchedPages,
    ) -> None:
        """Serve *cpu*.

        :param fills: what the engine that runs freely has been told.
        :param watched: the pages in which accesses are watched.
        """
        self._configuration = configuration
        self._cpu = cpu
        self._registers = registers
        self._unicorn = unicorn = Unicorn()
        self._own = EngineRegisters(unicorn)
        self._answers = answers = CarefulAnswers(configuration, cpu, unicorn, fills, watched)
        storage = configuration.storage
        map_sink(unicorn)
        unicorn.map(FRAMES, storage.hypervisor.frame_bytes, uc_const.UC_PROT_ALL, storage.hypervisor.frame_address)
        unicorn.hook(uc_const.UC_HOOK_TLB_FILL, TlbFillCallback(answers.callback))

    def watch(self) -> None:
        """Others are watched now, or none."""
        self._answers.watched_storage.watch()
        self.flush()

    # What is held

    def flush(self) -> None:
        """Forget every translation."""
        if self._answers.held or self._answers.is_flush_due:
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

    def step(
        self,
        instruction: bytes,
        *,
        pages: set[int],
        stores_once: bool,
        is_interruptible: bool = False,
        blocks: int = 1,
        hides_register_0: bool = False,
    ) -> StepExit:
        """Execute the *instruction* at the PSW address, or leave everything as it was and say why not.

        :param pages: the virtual pages that it, and its target, are fetched from.
        :param stores_once: it stores at most once, so that there is nothing to be undone.
        :param is_interruptible: leave what was done before the exception; the general registers say how much that is.
        :param blocks: how many instructions Unicorn takes it for.
        :param hides_register_0: execute it with zero in general register 0, which it does not name.
        """
        size, own, answers = self._registers.layout.end, self._own, self._answers
        ctypes.memmove(own.base, self._registers.base, size)
        recording = self._cpu.recording
        if len(answers.written) > _MOST_IMAGES or (recording is not None and recording.watches_storage):
            self.flush()
        address = own.psw[1]
        if address >> PAGE_SHIFT != address + len(instruction) - 1 >> PAGE_SHIFT:
            self._drop_end_of_page(address)
        answers.take_images(is_low_only=stores_once)
        answers.low_refusal = None
        answers.code_pages = pages
        if hides_register_0:
            own.gr[0] = 0
        ended = self._burst(instruction, blocks)
        if is_interruptible and answers.low_refusal is not None:
            # Unicorn goes on with what is refused there, but ends at a question that is refused.
            answers.undo()
            self.flush()
            ctypes.memmove(own.base, self._registers.base, size)
            ended = self._burst(instruction, blocks)
            answers.low_refusal = None
        if answers.refusal is not None and not is_interruptible:
            # Suppressed or nullified: registers stay as they were, and so does storage.
            answers.undo()
        else:
            if hides_register_0:
                own.gr[0] = self._registers.gr[0]
            own.psw[1] &= address_limit(own.psw[0])
            ctypes.memmove(self._registers.base, own.base, size)
        if ended is STEPPED:
            self._cpu.executed += 1
            self._configuration.timing.work += 1
        if answers.code_stores or answers.is_flush_due:
            for page in list(answers.code_stores):
                self._configuration.translations.code_written(page)
            self.flush()
        return ended

    def _drop_end_of_page(self, address: int) -> None:
        """Drop what was translated of an instruction that lies in the page at *address* and in the next one.

        Where Unicorn takes it for one that traps, its block has no bytes and counts as one of the first page: it is
        kept when the other page is stored into, or was only shown as zeros.
        """
        frame = self._answers.code_frame(access.resolve(self._cpu, address, Access.INSTRUCTION_FETCH) >> PAGE_SHIFT)
        if frame is not None:
            self._unicorn.drop_code(FRAMES + frame + PAGE_SIZE - _MOST_BYTES_BEFORE, _MOST_BYTES_BEFORE)

    def finish(self, count: int, end: int) -> None:
        """Execute the next *count* instructions, which lie in one block and end before *end*, if all of them are plain.

        Otherwise nothing is done: they must be executed one by one.
        """
        size = self._registers.layout.end
        own, answers = self._own, self._answers
        ctypes.memmove(own.base, self._registers.base, size)
        answers.take_images()
        own.clear_interruption()
        answers.clear()
        answers.code_pages = {own.psw[1] >> PAGE_SHIFT, end - 1 >> PAGE_SHIFT}
        answers.asks_only_known = True
        error = self._unicorn.start(own.psw[1], count)
        answers.asks_only_known = False
        answers.raise_error()
        if error or answers.refusal is not None or own.psw[1] != end:
            answers.undo()
        else:
            ctypes.memmove(self._registers.base, own.base, size)
            self._cpu.executed += count
            self._configuration.timing.work += count
        if answers.is_flush_due:
            self.flush()

    def _burst(self, instruction: bytes, blocks: int) -> StepExit:
        self._own.clear_interruption()
        self._answers.clear()
        error = self._unicorn.start(self._own.psw[1], blocks)
        self._answers.raise_error()
        refusal = self._answers.refusal
        if refusal is SHORTAGE:
            return SHORTAGE
        if isinstance(refusal, Condition):
            return Condition(refusal.condition, len(instruction))
        if error == ERROR_EXCEPTION:
            return self._reported(instruction)
        if error:
            raise EngineError(f"Unicorn stopped with error {error} at {self._own.psw[1]:#x}")
        return STEPPED

    def _reported(self, instruction: bytes) -> StepExit:
        """What an exception that Unicorn has reported means."""
        ended = reported(self._unicorn, self._own)
        if isinstance(ended, Condition) and not ended.length:
            return Condition(ended.condition, len(instruction))
        return ended or Declared(instruction)
