# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognising that a guest will do the same for ever, so that the run can be ended with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import psw as psw_bits
from emu.access import NotModelled
from emu.cpu import CpuState
from emu.devices.watchdog import Watchdog
from emu.instruction_fetch import fetch_instruction
from emu.interruption import MOST_INTERRUPTIONS, MOST_PROGRAM_INTERRUPTIONS, count_in_a_row, count_program
from emu.pending import enabled_interruption
from emu.program_interruption import ProgramInterruption
from emu.running.stops import StopKind, StopRun

if TYPE_CHECKING:
    from emu.cpu import Cpu

_BRANCHES_TO_THEMSELVES: Final = (bytes.fromhex("a7f40000"), bytes.fromhex("c0f400000000"))
"""BRC and BRCL on all conditions, to themselves."""


def note_program_interruption(cpu: Cpu, condition: ProgramInterruption, address: int) -> None:
    """Count a program interruption of the instruction at *address*, and recognise a loop of them.

    :raises StopRun: if this CPU has taken many in a row without ending any instruction.
    """
    if count_program(cpu, condition) > MOST_PROGRAM_INTERRUPTIONS:
        raise StopRun(
            StopKind.PROGRAM_LOOP, cpu, f"program-interruption loop at {address:#x}: {condition}, over and over"
        )


def note_interruption(cpu: Cpu) -> None:
    """Recognise a loop of interruptions, each of whose new PSWs is enabled for the next.

    :raises StopRun: if this CPU has taken very many in a row without ending any instruction.
    """
    count = count_in_a_row(cpu)
    if count > MOST_INTERRUPTIONS:
        raise StopRun(
            StopKind.INTERRUPTION_LOOP,
            cpu,
            f"interruption loop: {count} in a row, the last new PSW at {cpu.instruction_address:#x}",
        )


def recognise_endless_loop(cpu: Cpu) -> None:
    """Name the loop that no interruption can ever end: a branch to itself, disabled.

    :raises StopRun: if that is what *cpu* is in.
    """
    if cpu.system_mask & (psw_bits.ANY_INTERRUPTION | psw_bits.WAIT) or cpu.state is not CpuState.OPERATING:
        return
    if enabled_interruption(cpu) is not None:
        # No mask holds off an exigent machine check.
        return
    if cpu.configuration.device(Watchdog).units_left is not None:
        # A restart ends it.
        return
    try:
        instruction = fetch_instruction(cpu, cpu.instruction_address)
    except (ProgramInterruption, NotModelled):
        return
    if instruction in _BRANCHES_TO_THEMSELVES:
        raise StopRun(
            StopKind.ENDLESS_LOOP, cpu, f"endless loop: disabled branch to itself at {cpu.instruction_address:#x}"
        )
