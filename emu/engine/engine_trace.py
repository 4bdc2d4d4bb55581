# SPDX-License-Identifier: GPL-2.0-or-later
"""One engine while its machine is traced: what its compiled code writes into the ring, and when that is taken.

At the level of events nothing else changes.  Where flow is followed, another callback for blocks takes the place of the
usual one; where registers are, blocks have one instruction each (:mod:`emu.engine.quirks.one_by_one`).
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from unicorn import unicorn_const as uc_const

from emu.engine import compiled
from emu.engine.quirks import block_starts, one_by_one
from emu.engine.record_limits import MEMO_BLOCKS
from emu.engine.trace_ring import (
    TRACED_BLOCK_TYPE,
    RowKind,
    SharedRing,
    TracedRegister,
    TracedRegisters,
    first_word,
)

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.blocks import BlockState
    from emu.engine.library import Unicorn
    from emu.engine.quirks.register_file import EngineRegisters

_Follow: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64)


class RingReader(Protocol):
    """Who takes what is in the ring."""

    def take(self) -> None:
        """Take all of it, between two instructions."""


class EngineTrace:
    """The part that one engine has in a trace."""

    def __init__(
        self,
        configuration: Configuration[Cpu],
        cpu: Cpu,
        state: BlockState,
        registers: EngineRegisters,
        *,
        ring: SharedRing,
        reader: RingReader,
    ) -> None:
        """Let compiled code write into *ring*, of which *reader* takes what is there, until :meth:`end` is called."""
        self._configuration = configuration
        self._cpu = cpu
        self._ring = ring
        self._reader = reader
        self._state = state
        self._record = record = state.fields
        self._blocks: npt.NDArray[Any] = np.zeros(MEMO_BLOCKS, dtype=TRACED_BLOCK_TYPE)
        self._registers = TracedRegisters()
        self._registers.fpc_address = registers.base + registers.layout.fpc
        self._registers.access_address = registers.base + registers.layout.access
        self._follow = _Follow(compiled.traced_callbacks().follow)
        record.trace_address = ring.address
        record.traced_blocks_address = self._blocks.ctypes.data
        record.traced_registers_address = ctypes.addressof(self._registers)
        self.forget_changes()

    def end(self) -> None:
        """Let nothing be written any more."""
        record = self._record
        record.trace_address = record.traced_blocks_address = record.traced_registers_address = 0

    def enter(self) -> None:
        """Unicorn is about to run."""
        self._ring.fields.others = self._configuration.executed - self._cpu.executed

    def leave(self) -> None:
        """Unicorn has run, and what was executed is counted."""
        # The frames of pages may be others when it runs again.
        self.note_changes(self._configuration.executed)
        if self._ring.is_full:
            self._reader.take()

    def note_changes(self, number: int, by: int | None = None) -> None:
        """Before instruction *number*: note what the one before has accessed, and what registers have changed.

        :param by: the instruction that has changed them, if it is one of another CPU.
        """
        if self._ring.fields.follows_registers:
            if by is not None:
                self._registers.number = by
            self._compare(number)

    def _compare(self, number: int) -> None:
        self._record.system_mask = self._cpu.system_mask
        self._record.prefix = self._cpu.prefix
        self._follow(self._state.address, number)

    def forget_changes(self) -> None:
        """Take the registers as they are for what later changes are seen against."""
        fields = self._ring.fields
        rows = fields.row_count
        self._compare(self._configuration.executed)
        fields.row_count = rows

    def take_masks(self, old: int, new: int) -> None:
        """An interruption has put the PSW mask *new* in the place of *old*, which the last instruction has left."""
        if self._ring.fields.follows_registers:
            words, number = self._registers.words, self._registers.number
            before = words[TracedRegister.PSW_MASK]
            words[TracedRegister.PSW_MASK] = new
            # The others come first.
            self.note_changes(number)
            if before != old:
                first = first_word(RowKind.REGISTER, self._cpu.address, first=TracedRegister.PSW_MASK)
                self._ring.append(first, number, before, old)

    def given_up(self) -> list[tuple[int, bytes]]:
        """What lay, at which logical address, where the last instruction may have stored before it was given up."""
        parts = self._registers.parts[: self._registers.given_up]
        octets = self._ring.octets
        return [(part.address, octets[part.before : part.before + part.length].tobytes()) for part in parts]

    def forget_given_up(self) -> None:
        """The bytes of the ring that say so are gone."""
        self._registers.given_up = 0

    @property
    def words(self) -> list[int]:
        """What the registers held when they were compared last, by :class:`TracedRegister`."""
        return list(self._registers.words)


class TracedBlocks:
    """The callback for blocks of one engine, which is another one while flow is followed."""

    def __init__(self, unicorn: Unicorn, state: BlockState) -> None:
        """Have the usual callback called."""
        self._unicorn = unicorn
        self._state = state
        self._hook = self._add(is_traced=False)
        block_starts.mend(unicorn, self._hook, state)
        self._is_flow_followed = self._is_one_by_one = False

    def _add(self, *, is_traced: bool) -> int:
        callback = compiled.traced_callbacks().block if is_traced else compiled.callbacks().block
        return self._unicorn.hook(uc_const.UC_HOOK_BLOCK, callback, self._state.address)

    def follow(self, *, is_flow_followed: bool, is_one_by_one: bool) -> None:
        """Have the other one called where flow is followed, and have blocks of one instruction each, or not."""
        if (is_flow_followed, is_one_by_one) == (self._is_flow_followed, self._is_one_by_one):
            return
        self._state.unhook(self._unicorn, self._hook)
        self._hook = self._add(is_traced=is_flow_followed)
        self._is_flow_followed = is_flow_followed
        if is_one_by_one != self._is_one_by_one:
            (one_by_one.begin if is_one_by_one else one_by_one.end)(self)
            self._is_one_by_one = is_one_by_one
        self._unicorn.drop_all_code()
