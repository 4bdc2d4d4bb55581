# SPDX-License-Identifier: GPL-2.0-or-later
"""The answers to the questions of the careful engine, and what must be undone of an instruction that is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.addresses import LOW_PAGES_END, PAGE_SHIFT, PAGE_SIZE
from emu.engine import compiled
from emu.engine.answers import ACCESS, SINK, FillAnswers, Refusal
from emu.engine.code import FRAMES
from emu.engine.exits import EXECUTED_ALONE, Condition
from emu.engine.fetched_operands import resolve_fetch
from emu.engine.library import (
    EXECUTABLE,
    READABLE,
    WRITABLE,
    FillAccess,
    Unicorn,
)
from emu.engine.low_storage import LOW_STORAGE, LowStorage
from emu.engine.tlb import Answer
from emu.engine.watched_storage import WatchedStorage
from emu.program_interruption import ProgramInterruption
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.fills import RememberedFills
    from emu.engine.watched_pages import WatchedPages


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
        unicorn.map_device(LOW_STORAGE, LOW_PAGES_END, functions.low_fetch, functions.low_store, words)
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
        self._take_back()
        self._configuration.watching.forget_from(self._noticed)

    def forget_stores(self) -> None:
        """Let what was noticed of stores of the instruction be none."""
        self._take_back()
        self._configuration.watching.forget_stores_from(self._noticed)

    def _take_back(self) -> None:
        """Tell who was told of stores that there were none."""
        if self._cpu.recording is not None:
            self._cpu.recording.forget_stores()
        if self._configuration.follower is not None:
            self._configuration.follower.undone(self._cpu)

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
        # The next instruction may fetch and store an operand here, and is to ask (:func:`resolve_fetch`).
        self.is_flush_due = True
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
        if kind == FillAccess.READ:
            absolute = resolve_fetch(self._cpu, address)
        else:
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
        self._configuration.translations.reach(page)
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
