# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled instructions as Python sees them: what they may do, and what they have done.

They are in :mod:`emu.engine.hot_callback`; the model of :mod:`emu.isa` is what they must agree with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.bits import MASK_64
from emu.engine.record import HotInstruction, SharedRecord
from emu.facilities import Facility
from emu.isa.page_hinting import plain_transitions
from emu.page_states import OperationRequest

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu

_NAMES: Final = tuple(hot.name for hot in HotInstruction)


class HotInstructions:
    """The compiled instructions of one engine."""

    def __init__(self, shared: SharedRecord, configuration: Configuration[Cpu], frames: int) -> None:
        """Let them work on *configuration*.

        :param frames: where the frame pool lies in the engine's physical memory.
        """
        self._configuration = configuration
        self._record = record = shared.fields
        self._transitions = np.frombuffer(
            plain_transitions(configuration.profile, configuration.facilities), dtype=np.uint8
        )
        record.frame_distance = (configuration.hypervisor.frame_address - frames) & MASK_64
        record.storage_pages = configuration.storage.pages
        record.states_address = configuration.states.array.ctypes.data
        record.keys_address = configuration.keys.array.ctypes.data
        record.reached_address = configuration.translations.reached.ctypes.data
        record.transitions_address = self._transitions.ctypes.data
        record.does_stckf = Facility.STORE_CLOCK_FAST in configuration.facilities

    def enter(self, cpu: Cpu, quiet: int) -> None:
        """Let them be executed from now on, as *cpu* is.

        :param quiet: units of work for which enabling for interruptions changes nothing else.
        """
        record, timing = self._record, self._configuration.timing
        record.system_mask = cpu.system_mask
        record.is_supervisor = not cpu.problem_state
        record.quiet = max(quiet, 0)
        record.work = timing.work
        record.epoch = timing.epoch & MASK_64
        record.timer_origin = cpu.cpu_timer_origin & MASK_64
        record.programmable_field = cpu.tod_programmable
        record.does_essa = not any(observer.wants_states for observer in self._configuration.observers)

    def leave(self, cpu: Cpu) -> int:
        """Note what was executed, and give the work that it is reckoned at beyond one unit for each instruction."""
        record = self._record
        work = record.hot_work
        if work:
            # From here on what is left counts instructions only.
            record.left = (record.left + work) & MASK_64
            record.hot_work = 0
            counts = self._configuration.counts
            for hot, name in enumerate(_NAMES):
                count = record.hot_counts[hot]
                if count:
                    counts.instructions[name] += count
                    record.hot_counts[hot] = 0
            for request in range(len(OperationRequest)):
                count = record.request_counts[request]
                if count:
                    counts.operation_requests[request] += count
                    record.request_counts[request] = 0
            if record.system_mask != cpu.system_mask:
                cpu.change_system_mask(record.system_mask >> 56)
        return work
