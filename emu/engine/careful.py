# SPDX-License-Identifier: GPL-2.0-or-later
"""The careful engine: one general instruction at a time, with every storage access seen and undone if it must not be.

It serves single-stepping, and the cases for which pages are too coarse: stores that low-address protection may stop,
fetches that only fetch-protection override lets through, and stores into pages that hold code.  Its registers are
copied from the CPU's engine and back, so that the free-running engine never changes its mode of working (Unicorn drops
all translated code when an instruction count is switched on or off).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unicorn import unicorn_const as uc_const

from emu import access
from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine.careful_answers import CarefulAnswers
from emu.engine.code import FRAMES
from emu.engine.exits import SHORTAGE, STEPPED, Condition, Declared, StepExit
from emu.engine.library import (
    ERROR_EXCEPTION,
    EngineError,
    TlbFillCallback,
    Unicorn,
)
from emu.engine.quirks.register_file import EngineRegisters
from emu.engine.reported import map_sink, reported
from emu.engine.watched_storage import is_each_followed
from emu.psw import address_limit
from emu.teid import Access

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.fills import RememberedFills
    from emu.engine.watched_pages import WatchedPages

_MOST_BYTES_BEFORE: Final = 5
"""An instruction of six bytes has fewer in the first page that it lies in; one at the very start would not be found."""
_MOST_IMAGES: Final = 8
"""So many pages may be written without being asked for again."""


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

    def forget_stores(self) -> None:
        """The last instruction has stored nothing: what was noticed of that is none."""
        self._answers.forget_stores()

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
        own, answers = self._own, self._answers
        own.take(self._registers)
        recording = self._cpu.recording
        is_watched = recording is not None and recording.watches_storage
        if is_watched or len(answers.written) > _MOST_IMAGES or is_each_followed(self._cpu, Access.STORE):
            self.flush()
        if len(pages) > 1:
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
            own.take(self._registers)
            ended = self._burst(instruction, blocks)
        if answers.refusal is not None and not is_interruptible:
            # Suppressed or nullified: registers stay as they were, and so does storage.
            answers.undo()
        else:
            if hides_register_0:
                own.gr[0] = self._registers.gr[0]
            own.psw[1] &= address_limit(own.psw[0])
            self._registers.take(own)
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
        own, answers = self._own, self._answers
        own.take(self._registers)
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
            self._registers.take(own)
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
        return reported(self._unicorn, self._own) or Declared(instruction)
