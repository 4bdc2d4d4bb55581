# SPDX-License-Identifier: GPL-2.0-or-later
"""A step in compiled code: one instruction of the model, without Unicorn and nearly without Python.

It does what the model does, to the bit, or leaves it to the model (:mod:`emu.engine.rules.lone`).
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

from emu.engine import compiled
from emu.engine.compiled_instructions import ESSA, NAMES
from emu.engine.record_limits import (
    LONE_EXECUTED,
    LONE_HAS_OTHER_CPUS,
    LONE_KEYS_FOLLOWED,
    LONE_OTHER,
    LONE_SUPPLIED,
    LONE_WORK,
)
from emu.isa.declaration import INSTRUCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.quirks.register_file import EngineRegisters
    from emu.engine.record import SharedRecord
    from emu.engine.tlb import Tlb

# It takes a microsecond: to let other threads of Python go on meanwhile would take part of that again.
_FUNCTION: Final = ctypes.PYFUNCTYPE(ctypes.c_uint64, *[ctypes.c_uint64] * 5)
_NUMBER: Final = LONE_SUPPLIED - 1
_MOST_OTHERS: Final = 1 << 16
_WORK: Final = tuple(declared.work for declared in INSTRUCTIONS)


class LoneStep:
    """Steps of one CPU in compiled code.

    Every nanosecond counts here: who steps through a program, or the scripted kernel, asks a million times.
    """

    def __init__(
        self,
        shared: SharedRecord,
        configuration: Configuration[Cpu],
        cpu: Cpu,
        registers: EngineRegisters,
        *,
        tlb: Tlb,
        context_changed: Callable[[], None],
    ) -> None:
        """Step *cpu* of *configuration*.

        :param context_changed: called when an instruction has changed the context of translations, or had them
            forgotten.
        """
        self._configuration = configuration
        self._timing = configuration.timing
        self._cpu = cpu
        self._psw = registers.psw
        self._tlb = tlb
        self.others_at: set[int] = set()
        """Where instructions lay that are none of those that are executed here; others may lie there now."""
        self._context_changed = context_changed
        self._record = shared.fields
        self._address = shared.address
        self._requests: memoryview[int] = shared.table("request_counts").data
        self._execute: Callable[[int, int, int, int, int], int] = self._load_and_execute
        self._flags = 0
        """What is always told; the CPUs are all there only when the first step is made."""

    def is_executed(self, system_mask: int) -> bool:
        """Execute the instruction at the PSW address if that can be done here, and give whether that was so.

        The CPU has this *system_mask*.  No interruption may be possible before it, and nobody may follow what it does
        but observers.  If it was not executed, nothing has happened that the model will not find as it would have done
        it: a page that is accessed may have got its frame, of which the observers know.
        """
        configuration, timing, cpu = self._configuration, self._timing, self._cpu
        flags = self._flags
        for observer in configuration.observers:
            if observer.wants_instructions:
                return False
            if observer.wants_keys:
                flags |= LONE_KEYS_FOLLOWED
        if self._tlb.is_flush_due:
            # Nothing of what is remembered may be used before Unicorn runs again; for the model it is the same.
            return False
        address = self._psw[1]
        found = self._execute(self._address, timing.work, system_mask, cpu.prefix, flags)
        if not found:
            return False
        if found == LONE_OTHER:
            self._note_other(address)
            return False
        number = found & _NUMBER
        if not found & LONE_EXECUTED:
            self._tell_host(address, work=_WORK[number])
            return False
        work, counts, record = found >> LONE_WORK, configuration.counts, self._record
        counts.instructions[NAMES[number]] += 1
        timing.work += work
        cpu.executed += 1
        if record.has_changed_context:
            record.has_changed_context = 0
            self._context_changed()
        if found & LONE_SUPPLIED:
            self._tell_host(address, work=_WORK[number] - work, executed=-1)
        if number == ESSA:
            change = record.state_change
            request = change & 0xFF
            # Here Python counts it.
            self._requests[request] -= 1
            counts.operation_requests[request] += 1
            if configuration.observers:
                told = cpu, record.changed_page, request, change >> 8 & 0xFF, change >> 16
                self._tell("state_changed", told, address, work=-1, executed=-1)
        return True

    def _load_and_execute(self, address: int, work: int, system_mask: int, prefix: int, flags: int) -> int:
        """Execute an instruction; the object code that does so is loaded when it is needed first."""
        self._execute = _FUNCTION(compiled.lone_callback())
        if len(self._configuration.cpus) > 1:
            self._flags = LONE_HAS_OTHER_CPUS
        return int(self._execute(address, work, system_mask, prefix, flags | self._flags))

    def _note_other(self, address: int) -> None:
        """Note what lies at *address*, so that it needs not be asked again."""
        if len(self.others_at) == _MOST_OTHERS:
            self.others_at.clear()
        self.others_at.add(address)

    def _tell_host(self, address: int, *, work: int, executed: int = 0) -> None:
        """Tell that a page has got a frame, as of a moment in the instruction: see :meth:`_tell`."""
        record = self._record
        before, after = record.supplied_change & 0xFF, record.supplied_change >> 8
        if before != after:
            self._tell("host_changed", (record.supplied_page, before, after), address, work=work, executed=executed)

    def _tell(self, event: str, told: tuple[Any, ...], address: int, *, work: int, executed: int) -> None:
        """Tell the observers by their method *event* what is *told*, as of a moment in the instruction at *address*.

        :param work: from now to that moment; less than zero if the instruction has ended since.
        :param executed: the same of instructions.
        """
        timing, cpu, psw = self._timing, self._cpu, self._psw
        behind, psw[1] = psw[1], address
        timing.work += work
        cpu.executed += executed
        try:
            for observer in self._configuration.observers:
                getattr(observer, event)(*told)
        finally:
            cpu.executed -= executed
            timing.work -= work
            psw[1] = behind
