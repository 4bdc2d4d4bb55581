# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled instructions as Python sees them: what they may do, and what they have done.

They are in :mod:`emu.engine.hot_callback`; the model of :mod:`emu.isa` is what they must agree with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.bits import MASK_64
from emu.engine.blocks import (
    DOES_ESSA,
    DOES_STCKF,
    EPOCH,
    FRAME_DISTANCE,
    HOT_COUNTS,
    HOT_WORK,
    IS_SUPERVISOR,
    KEYS,
    LEFT,
    MARK_DISTANCE,
    PROGRAMMABLE_FIELD,
    QUIET,
    REACHED,
    REQUEST_COUNTS,
    STATES,
    STORAGE_PAGES,
    SYSTEM_MASK,
    TIMER_ORIGIN,
    TRANSITIONS,
    WORK,
    BlockState,
    HotInstruction,
)
from emu.facilities import Facility
from emu.isa.page_hinting import plain_transitions
from emu.page_states import OperationRequest

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.code import CodePages

_NAMES: Final = tuple(hot.name for hot in HotInstruction)


class HotInstructions:
    """The compiled instructions of one engine."""

    def __init__(self, state: BlockState, configuration: Configuration[Cpu], code: CodePages, frames: int) -> None:
        """Let them work on *configuration*.

        :param frames: where the frame pool lies in the engine's physical memory.
        """
        self._configuration = configuration
        self._words = words = state.words
        self._transitions = np.frombuffer(
            plain_transitions(configuration.profile, configuration.facilities), dtype=np.uint8
        )
        words[FRAME_DISTANCE] = (configuration.hypervisor.frame_address - frames) & MASK_64
        words[STORAGE_PAGES] = configuration.storage.pages
        words[STATES] = configuration.states.array.ctypes.data
        words[KEYS] = configuration.keys.array.ctypes.data
        words[REACHED] = configuration.translations.reached.ctypes.data
        words[TRANSITIONS] = self._transitions.ctypes.data
        words[MARK_DISTANCE] = (code.marks_address - code.address) & MASK_64
        words[DOES_STCKF] = Facility.STORE_CLOCK_FAST in configuration.facilities

    def enter(self, cpu: Cpu, quiet: int) -> None:
        """Let them be executed from now on, as *cpu* is.

        :param quiet: units of work for which enabling for interruptions changes nothing else.
        """
        words, timing = self._words, self._configuration.timing
        words[SYSTEM_MASK] = cpu.system_mask
        words[IS_SUPERVISOR] = not cpu.problem_state
        words[QUIET] = max(quiet, 0)
        words[WORK] = timing.work
        words[EPOCH] = timing.epoch & MASK_64
        words[TIMER_ORIGIN] = cpu.cpu_timer_origin & MASK_64
        words[PROGRAMMABLE_FIELD] = cpu.tod_programmable
        words[DOES_ESSA] = not any(observer.wants_states for observer in self._configuration.observers)

    def leave(self, cpu: Cpu) -> int:
        """Note what was executed, and give the work that it is reckoned at beyond one unit for each instruction."""
        words = self._words
        work = words[HOT_WORK]
        if work:
            # From here on what is left counts instructions only.
            words[LEFT] = (words[LEFT] + work) & MASK_64
            words[HOT_WORK] = 0
            counts = self._configuration.counts
            for hot, name in enumerate(_NAMES):
                count = words[HOT_COUNTS + hot]
                if count:
                    counts.instructions[name] += count
                    words[HOT_COUNTS + hot] = 0
            for request in range(len(OperationRequest)):
                count = words[REQUEST_COUNTS + request]
                if count:
                    counts.operation_requests[request] += count
                    words[REQUEST_COUNTS + request] = 0
            if words[SYSTEM_MASK] != cpu.system_mask:
                cpu.change_system_mask(words[SYSTEM_MASK] >> 56)
        return work
