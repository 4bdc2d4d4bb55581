# SPDX-License-Identifier: GPL-2.0-or-later
"""All registers of a CPU in a row, by the numbers that they have in traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.traces import schema
from emu.traces.schema import Register

if TYPE_CHECKING:
    from emu.cpu import Cpu

_RUNNING: Final = frozenset({Register.CPU_TIMER, Register.BREAKING_EVENT_ADDRESS, Register.INSTRUCTION_ADDRESS})
COMPARED: Final = tuple(number for number in range(schema.REGISTERS) if number not in _RUNNING)
"""Those that change only if something changes them."""


def registers_of(cpu: Cpu) -> list[int]:
    """What all registers of *cpu* hold, by :class:`emu.traces.schema.Register`."""
    psw = cpu.psw
    return [
        *cpu.gr.tolist(),
        *cpu.ar.tolist(),
        *cpu.cr.tolist(),
        *cpu.vr.tolist(),
        cpu.registers.fpc,
        psw.mask,
        cpu.prefix,
        cpu.configuration.timing.cpu_timer(cpu),
        cpu.clock_comparator,
        cpu.tod_programmable,
        cpu.registers.breaking_event_address,
        psw.address,
    ]


def changes_between(before: list[int], after: list[int]) -> dict[int, tuple[int, int]]:
    """What of :data:`COMPARED` is different: old and new content."""
    if before == after:
        return {}
    return {
        register: (before[register], after[register]) for register in COMPARED if before[register] != after[register]
    }
