# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled instructions as Python sees them: what they work on, and what they have done.

Which they are, and how they come of the model, is in :mod:`emu.engine.rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.bits import MASK_64
from emu.cpu import CpuState
from emu.devices.sclp import Sclp
from emu.engine.record_limits import FACILITY_WORDS, MOST_INSTRUCTIONS, MOST_SUPPLIED
from emu.engine.tables import cpu_word, followed_index
from emu.facilities import facility_doublewords
from emu.instruction_length import instruction_length
from emu.interruption import EXTERNAL_SERVICE_SIGNAL
from emu.isa.declaration import INSTRUCTIONS
from emu.page_states import Profile
from emu.pending import expected_subclasses, idle_units
from emu.program_interruption import ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.record import SharedRecord
    from emu.observing import ObserverOf

_NO_PAGES: Final[frozenset[int]] = frozenset()
NAMES: Final = tuple(declared.mnemonic for declared in INSTRUCTIONS)
"""Of the declared instructions, by the numbers that they have in the record."""
_SIGP: Final = NAMES.index("SIGP")
_DIAG: Final = NAMES.index("DIAG")
ESSA: Final = NAMES.index("ESSA")
"""By the number that an instruction has in the record."""
_STATES: Final = tuple(CpuState)
if len(NAMES) > MOST_INSTRUCTIONS:
    raise ValueError(f"the record has room for {MOST_INSTRUCTIONS} instructions, and {len(NAMES)} are declared")


_WITHOUT_OPERANDS: Final = frozenset(
    ("ESSA", "SSKE", "ISKE", "RRBE", "RRBM", "SPKA", "SAC", "SACF", "PTLB", "EPSW", "EPAIR", "ESAIR", "IAC", "PFMF")
)
"""Of those that may be compiled: these have no operand in storage."""


class CompiledInstructions:
    """The compiled instructions of one engine."""

    def __init__(self, shared: SharedRecord, configuration: Configuration[Cpu], cpu: Cpu, frames: int) -> None:
        """Let *cpu* of *configuration* execute them.

        :param frames: where the frame pool lies in the engine's physical memory.
        """
        self._configuration = configuration
        self._record = record = shared.fields
        self._counts = shared.table("instruction_counts")
        self._count_views: memoryview[int] = self._counts.data
        self._has_counted = False
        """Whether there is something to be added to the counts of the configuration."""
        self._calls = shared.table("call_counts")
        self._supplied = shared.table("supplied_pages")
        self._conditions = shared.table("condition_counts")
        self._requests = shared.table("request_counts")
        self._limits = shared.table("instruction_limits")
        self._limits[:] = MASK_64
        self._left: list[int] = []
        """Numbers of those that are left to the model."""
        self._limited: list[int] = []
        """Numbers of those that are limited."""
        self._counted: Counter[int] = Counter()
        self._cpu_states = shared.table("cpu_states")
        self._signaled = 0
        """How often SIGNAL PROCESSOR had been executed when compiled code was told last what it may sense."""
        self._diagnosed = 0
        """The same of DIAGNOSE."""
        self._followed_states = shared.table("followed_states")
        self._followed: frozenset[int] | None = _NO_PAGES
        """The pages whose states are followed; None: all."""
        record.frame_distance = (configuration.hypervisor.frame_address - frames) & MASK_64
        record.storage_pages = configuration.storage.pages
        record.states_address = configuration.states.array.ctypes.data
        record.keys_address = configuration.keys.array.ctypes.data
        record.reached_address = configuration.translations.reached.ctypes.data
        record.transitions_address = configuration.states.transitions.ctypes.data
        record.cpu_address = cpu.address
        self._sclp = configuration.device(Sclp)
        record.completed_call_address = self._sclp.completed_address
        record.control_registers_address = np.frombuffer(cpu.cr, dtype=np.uint64).ctypes.data
        record.profile = list(Profile).index(configuration.profile)
        facility_list = facility_doublewords(configuration.facilities)
        record.facility_list_length = len(facility_list)
        for word, value in enumerate(facility_list):
            record.facility_list[word] = value
        for word in range(FACILITY_WORDS):
            record.facilities[word] = sum(1 << bit for bit in range(64) if 64 * word + bit in configuration.facilities)

    def limit(self, left: Mapping[str, int]) -> None:
        """Leave to the model what *left* names when it was executed so many times from now on, and count it."""
        self._limits[self._limited] = MASK_64
        self._limits[self._left] = 0
        self._limited = [NAMES.index(name) for name in left if name in NAMES]
        for number in self._limited:
            self._limits[number] = 0 if number in self._left else min(left[NAMES[number]], MASK_64)

    def leave_operands(self, *, to_model: bool) -> None:
        """Leave to the model all that have operands in storage, of which somebody wants to know, or no more."""
        self._limits[self._left] = MASK_64
        self._left = [number for number, name in enumerate(NAMES) if to_model and name not in _WITHOUT_OPERANDS]
        self._limits[self._left] = 0

    def counted(self) -> dict[str, int]:
        """How often what is limited was executed since this was asked last."""
        found = {NAMES[number]: count for number, count in self._counted.items()}
        self._counted.clear()
        return found

    def enter(self, cpu: Cpu, quiet: int) -> None:
        """Let them be executed from now on, as *cpu* is.

        :param quiet: units of work for which enabling for interruptions changes nothing else.
        """
        record, timing = self._record, self._configuration.timing
        record.system_mask = cpu.system_mask
        record.prefix = cpu.prefix
        record.quiet = max(quiet, 0)
        record.expected_subclasses = expected_subclasses(cpu)
        record.work = timing.work
        self._offer_frames()
        record.executed = cpu.executed
        last = self._configuration.repetition.program
        record.interrupted_cpu, record.interrupted_after, record.interruptions_in_a_row = last
        last = self._configuration.repetition.interruption
        record.otherwise_interrupted_cpu, record.otherwise_interrupted_after, record.other_interruptions_in_a_row = last
        record.has_service_event = self._sclp.has_event
        record.epoch = timing.epoch & MASK_64
        record.timer_origin = cpu.cpu_timer_origin & MASK_64
        record.programmable_field = cpu.tod_programmable
        record.program_parameter = cpu.program_parameter
        observers, watching = self._configuration.observers, self._configuration.watching
        wants_interruptions = watching.follows_interruptions or watching.before_interruption is not None
        wants_keys = wants_host = False
        for observer in observers:
            wants_interruptions = wants_interruptions or observer.wants_interruptions
            wants_keys = wants_keys or observer.wants_keys
            wants_host = wants_host or observer.wants_host
        record.interruptions_followed = wants_interruptions
        record.keys_followed, record.host_followed = wants_keys, wants_host
        record.has_other_cpus = len(self._configuration.cpus) > 1
        self._tell_states()
        self._tell_idleness(cpu)
        if observers or self._followed != _NO_PAGES:
            self._follow_states(observers)

    def _tell_states(self) -> None:
        """Tell compiled code what there is to be sensed of all CPUs, if SIGNAL PROCESSOR was executed meanwhile."""
        configuration, record = self._configuration, self._record
        signaled = self._times_executed(_SIGP)
        if signaled == self._signaled:
            record.cpu_count = 0
            return
        self._signaled = signaled
        for cpu in configuration.cpus:
            self._cpu_states[cpu.address] = cpu_word(
                _STATES.index(cpu.state),
                cpu.pending.external_call is not None,
                cpu.restart_pending,
                cpu.stop_pending,
            )
        record.cpu_count = len(configuration.cpus)

    def _tell_idleness(self, cpu: Cpu) -> None:
        """Tell compiled code for how long no other CPU can run, if DIAGNOSE was executed meanwhile."""
        configuration, record = self._configuration, self._record
        diagnosed = self._times_executed(_DIAG)
        record.idle_until = 0
        if diagnosed != self._diagnosed:
            self._diagnosed = diagnosed
            if len(configuration.cpus) > 1:
                record.idle_until = configuration.timing.work + idle_units(cpu)

    def _follow_states(self, observers: Sequence[ObserverOf[Cpu]]) -> None:
        """Leave to the model each ESSA of which one of *observers* must be told."""
        followed: frozenset[int] | None = _NO_PAGES
        for observer in observers:
            if observer.wants_states and followed is not None:
                pages = observer.followed_pages
                followed = None if pages is None else followed | pages
        if followed == self._followed:
            return
        self._followed = followed
        self._followed_states[:] = MASK_64 if followed is None else 0
        for page in followed or ():
            index = followed_index(page)
            self._record.followed_states[index >> 6] |= 1 << (index & 63)

    def have_changed_context(self) -> bool:
        """Whether one has changed the context of translations since this was asked last."""
        has_changed = bool(self._record.has_changed_context)
        self._record.has_changed_context = 0
        return has_changed

    def leave(self, cpu: Cpu) -> int:
        """Note what was executed, and give the work that it is reckoned at beyond one unit for each instruction."""
        record = self._record
        self.catch_up(cpu)
        work = record.extra_work
        if record.has_compiled:
            # From here on what is left counts instructions only.
            record.left = (record.left + work) & MASK_64
            record.extra_work = 0
            self._has_counted = True
            if self._limited or self._configuration.observers:
                self.count_executed()
            if record.turn_begun:
                self._configuration.turns.begin(cpu.address, record.turn_begun, is_alone=False)
                record.turn_begun = 0
            if record.has_called:
                record.has_called = 0
                counts = self._configuration.counts.supervisor_calls
                for number in self._calls.nonzero()[0].tolist():
                    counts[number] += int(self._calls[number])
                self._calls[:] = 0
            if record.service_signals:
                self._count_service_signals()
            if record.has_interrupted:
                record.has_interrupted = 0
                self._count_interruptions()
            cpu.program_parameter = record.program_parameter
            record.has_compiled = 0
        return work

    def count_executed(self) -> None:
        """Add what has been executed, since this was done last, to the counts that everybody sees."""
        if not self._has_counted:
            return
        self._has_counted = False
        counts = self._configuration.counts
        for number in self._limited:
            self._counted[number] += int(self._counts[number])
            self._limits[number] -= self._counts[number]
        executed = self._counts.nonzero()[0]
        for number, count in zip(executed.tolist(), self._counts[executed].tolist(), strict=True):
            counts.instructions[NAMES[number]] += count
        if self._counts[ESSA]:
            for request in self._requests.nonzero()[0].tolist():
                counts.operation_requests[request] += int(self._requests[request])
            self._requests[:] = 0
        self._counts.fill(0)

    def _times_executed(self, number: int) -> int:
        """How often the instruction with this *number* has been executed, as far as this engine knows."""
        return self._configuration.counts.instructions.get(NAMES[number], 0) + self._count_views[number]

    def _count_interruptions(self) -> None:
        """Count the program interruptions that were taken compiled."""
        record, counts = self._record, self._configuration.counts
        for code in self._conditions.nonzero()[0].tolist():
            counts.program_interruptions[code] += int(self._conditions[code])
        faults = int(self._conditions[ProgramInterruptionCode.DISCARD_FAULT])
        if faults:
            self._configuration.hypervisor.refused_discarded(faults)
        self._conditions[:] = 0
        if record.unknown_count:
            met = record.unknown_instruction.to_bytes(8, "big")
            counts.unmodelled[met[: instruction_length(met[0])].hex()] += record.unknown_count
            record.unknown_count = 0
        last = record.interrupted_cpu, record.interrupted_after, record.interruptions_in_a_row
        self._configuration.repetition.program = last

    def _count_service_signals(self) -> None:
        """Count the service signals that were taken compiled."""
        record = self._record
        self._configuration.counts.external_interruptions[EXTERNAL_SERVICE_SIGNAL] += record.service_signals
        record.service_signals = 0
        last = record.otherwise_interrupted_cpu, record.otherwise_interrupted_after, record.other_interruptions_in_a_row
        self._configuration.repetition.interruption = last

    def _offer_frames(self) -> None:
        """Let compiled code give free frames to pages."""
        record = self._record
        record.free_frames_address, count = self._configuration.hypervisor.free_frames()
        record.supplied_limit = min(count, MOST_SUPPLIED)

    def _take_frames(self) -> None:
        """Tell the host which frames it has given to pages, if any; it may give no more."""
        record = self._record
        record.supplied_limit = 0
        if record.supplied_count:
            self._configuration.hypervisor.supplied(self._supplied[: record.supplied_count].tolist())
            record.supplied_count = 0

    def go_on(self) -> None:
        """Let compiled code go on after :meth:`catch_up`."""
        self._offer_frames()

    def catch_up(self, cpu: Cpu) -> None:
        """Tell the host and *cpu* what compiled code has done to frames and to the PSW, if anything."""
        self._take_frames()
        record = self._record
        if record.has_compiled and record.system_mask != cpu.system_mask:
            cpu.take_system_mask(record.system_mask)
