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
from emu.engine.engine import (
    ACCESS,
    FRAMES,
    SINK_ADDRESS,
    Exit,
    classify,
    is_look_behind,
    show,
)
from emu.engine.environment import EngineRegisters
from emu.engine.library import (
    ERROR_EXCEPTION,
    EngineError,
    FillAccess,
    MemoryCallback,
    TlbFillCallback,
    Unicorn,
)
from emu.hypervisor import FrameShortage
from emu.program_interruption import ProgramInterruption
from emu.psw import AddressSpaceControl
from emu.teid import Access, Protection

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu

_PARTS: Final = ((0x0000, 0x01FF), (0x0200, 0x07FF), (0x0800, 0x0FFF), (0x1000, 0x11FF), (0x1200, 0x1FFF))
"""The first 8 KiB, cut where low-address protection and fetch-protection override begin and end."""
_EXECUTED_AT_ONCE: Final = frozenset((0x0A, 0xD0, 0xD2, 0xD4, 0xD5, 0xD6, 0xD7, 0xDC, 0xDD))
"""Opcodes of EXECUTE targets that Unicorn counts as one instruction with the EXECUTE; others count as two."""


class CarefulEngine:
    """A Unicorn instance that executes single instructions for one CPU."""

    def __init__(self, configuration: Configuration[Cpu], cpu: Cpu, registers: EngineRegisters) -> None:
        self._configuration = configuration
        self._cpu = cpu
        self._registers = registers
        self._unicorn = Unicorn()
        self._own = EngineRegisters(self._unicorn)
        self.condition: ProgramInterruption | None = None
        self.instruction_length = 0
        self.supervisor_call_number = 0
        self._error: BaseException | None = None
        self._sink_shown = False
        self._part = 0
        self._refused = False
        """An access exception, found here and not by the engine, ended the instruction."""
        self._shortage = False
        self._held: set[int] = set()
        self._written: set[int] = set()
        self._code: dict[int, int] = {}
        """Pages that something was translated from, with their frames."""
        self._code_stores: set[int] = set()
        self._low_frames: dict[int, int] = {}
        """Effective page address of each frame reached through a page that needs byte checks."""
        self._undo: list[tuple[int, bytes]] = []
        storage, unicorn = configuration.storage, self._unicorn
        everything = uc_const.UC_PROT_ALL
        unicorn.uc.mem_map(SINK_ADDRESS, PAGE_SIZE)
        unicorn.map(FRAMES, storage.hypervisor.frame_bytes, everything, storage.hypervisor.frame_address)
        # Unicorn gives a callback the page, but chooses the callbacks by the byte that is accessed.
        for first, last in _PARTS:
            note = TlbFillCallback(self._note_part)
            unicorn.hook(uc_const.UC_HOOK_TLB_FILL, note, first, first=first, last=last)
        unicorn.hook(uc_const.UC_HOOK_TLB_FILL, TlbFillCallback(self._fill))
        unicorn.hook(uc_const.UC_HOOK_MEM_WRITE, MemoryCallback(self._storing))
        unicorn.hook(uc_const.UC_HOOK_MEM_READ, MemoryCallback(self._fetching))

    def flush(self) -> None:
        """Forget every translation."""
        if self._held or self._sink_shown:
            self._sink_shown = False
            self._forget_translations()
            self._unicorn.flush_tlb()

    def _forget_translations(self) -> None:
        self._held.clear()
        self._written.clear()
        self._low_frames.clear()

    def holds(self, page: int) -> bool:
        """Whether a translation made since the last flush leads to absolute *page*."""
        return page in self._held

    def may_write(self, page: int) -> bool:
        """Whether a translation made since the last flush lets *page* be written."""
        return page in self._written

    def forget_code(self, page: int) -> None:
        """Drop what was translated of absolute *page*."""
        frame = self._code.pop(page, None)
        if frame is not None:
            self._unicorn.drop_code(FRAMES + frame, PAGE_SIZE)
            self._forget_translations()

    def step(self, target: bytes | None, *, hides_register_0: bool = False, is_interruptible: bool = False) -> Exit:
        """Execute the instruction at the PSW address, or leave everything as it was and say why not.

        :param target: the target instruction, if it is an EXECUTE.
        :param hides_register_0: execute it with zero in general register 0, which it does not name.
        :param is_interruptible: leave what was done before the exception; the general registers say how much that is.
        """
        size = self._registers.layout.end
        ctypes.memmove(self._own.base, self._registers.base, size)
        self.condition = None
        self._own.clear_interruption()
        self._undo.clear()
        self._code_stores.clear()
        self._refused = self._shortage = False
        if hides_register_0:
            self._own.gr[0] = 0
        ended = self._burst(2 if target is not None and target[0] not in _EXECUTED_AT_ONCE else 1)
        if self._refused and not is_interruptible:
            # Suppressed or nullified: registers stay as they were, and so does storage.
            for place, before in reversed(self._undo):
                ctypes.memmove(place, before, len(before))
        else:
            if hides_register_0:
                self._own.gr[0] = self._registers.gr[0]
            ctypes.memmove(self._registers.base, self._own.base, size)
        if ended is Exit.LIMIT:
            self._cpu.executed += 1
            self._configuration.timing.work += 1
        if self._code_stores or self._sink_shown:
            for page in self._code_stores:
                self._configuration.translations.code_written(page)
            self.flush()
        return ended

    def _burst(self, count: int) -> Exit:
        error = self._unicorn.start(self._own.psw[1], count)
        if self._error is not None:
            failure, self._error = self._error, None
            raise failure
        if self._shortage:
            return Exit.SHORTAGE
        if self.condition is not None:
            self.instruction_length = self._own.interruption[1] or self._length_here()
            return Exit.CONDITION
        if error == ERROR_EXCEPTION:
            ended, length, self.condition = classify(self._unicorn, self._own)
            self.instruction_length = length or self._length_here()
            self.supervisor_call_number = self._own.interruption[2]
            return ended
        if error:
            raise EngineError(f"Unicorn stopped with error {error} at {self._own.psw[1]:#x}")
        return Exit.LIMIT

    def _length_here(self) -> int:
        return len(access.fetch_instruction(self._cpu, self._registers.psw[1]))

    def _note_part(self, _: Any, __: int, ___: int, ____: Any, first: int | None) -> bool:
        """The access that the next fill is for begins in the part of a low page that begins at *first*."""
        self._part = first or 0
        return False

    def _fill(self, _: Any, address: int, kind: int, entry: Any, __: Any) -> bool:
        try:
            return self._answer(address, kind, entry)
        except ProgramInterruption as condition:
            self._refuse(condition)
        except FrameShortage:
            self._refused = self._shortage = True
        except BaseException as error:  # noqa: BLE001 - it must not be lost in Unicorn; step() raises it again
            self._error = error
        return False

    def _answer(self, address: int, kind: int, entry: Any) -> bool:
        if self._unicorn.probed is not None:
            show(entry[0], self._unicorn.probed)
            return True
        cpu, storage = self._cpu, self._configuration.storage
        if kind == FillAccess.FETCH and is_look_behind(cpu, address):
            self._sink_shown = True
            show(entry[0], SINK_ADDRESS)
            return True
        byte_checks = access.needs_byte_checks(cpu, address, ACCESS[FillAccess(kind)])
        accessed = self._part if byte_checks else address
        try:
            absolute = access.resolve(cpu, accessed, ACCESS[FillAccess(kind)])
        except ProgramInterruption:
            if kind != FillAccess.FETCH:
                raise
            # The whole instruction has been fetched before: this is the engine looking ahead to the next one.
            self._sink_shown = True
            show(entry[0], SINK_ADDRESS)
            return True
        page = absolute >> 12
        frame = storage.hypervisor.frame(page)
        if byte_checks:
            self._low_frames[frame] = address
        answer = entry[0]
        answer.permissions = uc_const.UC_PROT_READ
        if kind == FillAccess.FETCH:
            self._code[page] = frame
            storage.code_pages[page] = 1
            for engine in self._configuration.translations.buffers:
                if engine.may_write(page):
                    engine.flush_later()
            answer.permissions |= uc_const.UC_PROT_EXEC
        elif kind == FillAccess.WRITE:
            if storage.code_pages[page]:
                self._code_stores.add(page)
            self._written.add(page)
            answer.permissions |= uc_const.UC_PROT_WRITE
        self._held.add(page)
        self._configuration.translations.reached[page] = 1
        answer.address = FRAMES + frame
        return True

    def _storing(self, _: Any, __: int, address: int, size: int, ___: int, ____: Any) -> None:
        place = address - FRAMES
        frame = place & -PAGE_SIZE
        effective = self._low_frames.get(frame)
        pool = self._configuration.storage.hypervisor.frame_address
        self._undo.append((pool + place, ctypes.string_at(pool + place, size)))
        if effective is not None and self.condition is None:
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
            self._unicorn.stop()

    def _refuse(self, condition: ProgramInterruption) -> None:
        self.condition = condition
        self._refused = True

    def _fetching(self, _: Any, __: int, address: int, ___: int, ____: int, _____: Any) -> None:
        place = address - FRAMES
        effective = self._low_frames.get(place & -PAGE_SIZE)
        if effective is None or self.condition is not None:
            return
        try:
            access.resolve(self._cpu, effective | place & (PAGE_SIZE - 1), Access.FETCH)
        except ProgramInterruption as condition:
            self._refuse(condition)
            self._unicorn.stop()
