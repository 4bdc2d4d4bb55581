# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking at a block that is about to run for the first time: may it, and what must be known of it?

A compiled callback has found that it holds a candidate (:mod:`emu.engine.interception`).  Blocks are told by the
address at which they begin, so that the same bytes are looked at again when code is entered between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unicorn import unicorn_const as uc_const

from emu.addresses import PAGE_SIZE
from emu.bits import MASK_64
from emu.engine import compiled
from emu.engine.blocks import EXECUTE_OPCODE
from emu.engine.interception import (
    entry_of,
    execute_relative_entry,
    is_intercepted,
    is_intercepted_target,
)
from emu.engine.library import EngineError
from emu.engine.quirks.execute_targets import reads_register_0
from emu.engine.quirks.translator_table import translator_table
from emu.engine.record_limits import MOST_STARTS, StopReason
from emu.instruction_length import instruction_length
from emu.isa.execute import execute_target, execute_target_address, is_execute
from emu.looking_ahead import leaves_no_trace
from emu.program_interruption import ProgramInterruption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu
    from emu.engine.blocks import BlockState
    from emu.engine.code import ShownCode
    from emu.engine.fills import RememberedFills
    from emu.engine.library import Unicorn
    from emu.engine.stop_places import StopPlaces

_LONGEST: Final = 6
"""Bytes of an instruction."""
_NOTHING_LEFT: Final = -1 & MASK_64
"""What is left of the budget when not even a block of no instructions may begin."""


class NewBlocks:
    """The blocks of one engine that it has not run yet."""

    def __init__(
        self,
        cpu: Cpu,
        unicorn: Unicorn,
        state: BlockState,
        code: ShownCode,
        fills: RememberedFills,
        places: StopPlaces,
    ) -> None:
        self._cpu = cpu
        self._unicorn = unicorn
        self._state = state
        self._record = state.fields
        self._code = code
        self._fills = fills
        self._places = places
        self._watched: dict[int, int] = {}
        """By the addresses of EXECUTE instructions with a callback of their own, what that is called off by."""
        self._are_handed_over = self._are_targets_followed = False

    def follow_targets(self, *, are_followed: bool) -> None:
        """Have the target of every EXECUTE looked at, or only where that must be; all code must be dropped."""
        if are_followed != self._are_targets_followed:
            self._are_targets_followed = are_followed
            self._state.forget_blocks()

    def look_at(self, address: int, size: int) -> bool:
        """Let the block of *size* bytes at *address* run from now on, or have it translated so that it may.

        Give whether that could be done; if not, its first instruction must be executed alone.
        """
        mode = self._record.mode
        for page in {address >> 12, (address + size - 1) >> 12}:
            if not self._code.show_again(page, mode):
                # Unicorn has its translation from another mode with the same space for instructions: it is to ask.
                self._unicorn.flush_tlb()
                return True
        intercepted: dict[int, int] = {}
        count = 0
        is_watched = False
        for at, instruction in self._instructions(address, size, mode):
            entry = None
            if is_intercepted(instruction, at, self._cpu) or self._places.means(at, instruction):
                entry = entry_of(instruction)
            elif instruction[0] == EXECUTE_OPCODE:
                is_watched = self._watch_execute(at) or is_watched
            elif is_execute(instruction):
                if not self._target_is_seen(instruction, at):
                    return False
                if self._traps(instruction, at):
                    entry = execute_relative_entry()
                elif self._are_targets_followed or not self._is_in_page(
                    execute_target_address(self._cpu, instruction, at), at
                ):
                    is_watched = self._watch_execute(at) or is_watched
            if entry is not None:
                intercepted[at] = entry
            count += 1
        if intercepted:
            return self._translate_with_traps(address, size, intercepted)
        if not is_watched:
            self._state.remember_block(address, size, count)
        return True

    def _instructions(self, address: int, size: int, mode: int) -> Iterator[tuple[int, bytes]]:
        """The instructions of the block, with their addresses."""
        code = self._code.read(address, size, mode)
        offset = 0
        while offset < size:
            instruction = code[offset : offset + instruction_length(code[offset])]
            yield address + offset, instruction
            offset += len(instruction)

    def _target_is_seen(self, instruction: bytes, address: int) -> bool:
        """Whether the target of the EXECUTE RELATIVE LONG *instruction* may be looked at before that is executed."""
        target = execute_target_address(self._cpu, instruction, address)
        return all(leaves_no_trace(self._cpu, each) for each in {target, self._cpu.wrap(target + _LONGEST - 1)})

    @staticmethod
    def _is_in_page(target: int, address: int) -> bool:
        """Whether a *target* lies in the page of its EXECUTE at *address*, so that both change together."""
        return all((each ^ address) < PAGE_SIZE for each in (target, target + _LONGEST - 1, address + _LONGEST - 1))

    def _traps(self, instruction: bytes, address: int) -> bool:
        """Whether the target of the EXECUTE RELATIVE LONG *instruction* is none for the engine's short cuts."""
        try:
            target = execute_target(self._cpu, instruction, address)
        except ProgramInterruption:
            return False
        return reads_register_0(target) or is_intercepted_target(target, address, self._cpu)

    def _watch_execute(self, address: int) -> bool:
        """Have the target of the EXECUTE at *address* looked at each time, which costs nanoseconds.

        Give whether it was not before.
        """
        if address in self._watched:
            return False
        self._watched[address] = 0 if self._are_handed_over else self._hook(address)
        self._code.retranslate(address, self._record.mode)
        return True

    def _hook(self, address: int) -> int:
        return self._unicorn.hook(
            uc_const.UC_HOOK_CODE, compiled.callbacks().execute, self._state.address, first=address, last=address
        )

    def settle(self) -> None:
        """Know which block began last, after Unicorn has run."""
        self._state.settle_block()

    def make_room(self) -> None:
        """Drop all code if no translation more would be told whether it may begin."""
        if self._record.starts_used == MOST_STARTS:
            self._unicorn.drop_all_code()
            self._state.forget_starts()

    def hand_over(self) -> None:
        """Let another callback, before every instruction, do what those before EXECUTE do; all code must be dropped."""
        self._are_handed_over = True
        for hook in self._watched.values():
            self._state.unhook(self._unicorn, hook)

    def take_back(self) -> None:
        """Do it again; all code must be dropped."""
        self._are_handed_over = False
        for address in self._watched:
            self._watched[address] = self._hook(address)

    def _translate_with_traps(self, address: int, size: int, intercepted: dict[int, int]) -> bool:
        """Have the block translated anew, so that it ends before the first instruction that is *intercepted*.

        It stays so as long as Unicorn keeps it; were it translated again it would be longer, and so looked at again.

        Give whether it was translated: if it begins with an EXECUTE at the start of a page, Unicorn asks for the page
        before (:mod:`emu.engine.quirks.look_behind`), which may be refused.

        :param intercepted: addresses of instructions in the block, with their entries in the translator's table.
        :raises EngineError: if the block is still as long as it was.
        """
        record, table = self._record, translator_table()
        entries = {entry for entry in intercepted.values() if not table.traps(entry)}
        self._code.retranslate(min(intercepted), record.mode)
        record.bound = record.goal = record.limit = record.reason = record.block_size = 0
        record.left = _NOTHING_LEFT
        self._fills.enter(self._cpu)
        table.set_trapping(entries, traps=True)
        try:
            self._unicorn.start(address)
        finally:
            table.set_trapping(entries, traps=False)
        self._state.settle_block()
        if record.block_size >= size:
            raise EngineError(f"the block at {address:#x} was translated without its traps")
        return record.reason != StopReason.NONE
