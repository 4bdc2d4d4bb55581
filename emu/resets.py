# SPDX-License-Identifier: GPL-2.0-or-later
"""The resets of a CPU (PoP chapter 4, "Resets"): CPU reset, initial CPU reset, and what a clear reset does besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.cpu import CpuState, PendingExternal
from emu.psw import Psw

if TYPE_CHECKING:
    from emu.cpu import Cpu

_CONTROL_REGISTERS: Final = {0: 0xE0, 14: 0xC200_0000}
"""What the control registers hold after an initial CPU reset; the others are zero."""


def reset_cpu(cpu: Cpu, *, initial: bool) -> None:
    """Perform a CPU reset of *cpu*, or an *initial* CPU reset."""
    cpu.pending = PendingExternal()
    cpu.machine_checks = 0
    cpu.restart_pending = cpu.stop_pending = cpu.store_status_pending = False
    cpu.state = CpuState.STOPPED
    cpu.page_fault_token = cpu.recording = None
    if initial:
        cpu.load_psw(Psw(0, 0))
        cpu.set_prefix(0)
        cpu.configuration.timing.set_cpu_timer(cpu, 0)
        cpu.clock_comparator = 0
        cpu.tod_programmable = 0
        cpu.registers.fpc = 0
        for number in range(16):
            cpu.set_control_register(number, _CONTROL_REGISTERS.get(number, 0))
        cpu.registers.breaking_event_address = 1
        cpu.program_parameter = 0
    cpu.tlb.flush()


def clear_registers(cpu: Cpu) -> None:
    """Zero the general, access and vector registers, as a clear reset does."""
    for number in range(16):
        cpu.gr[number] = 0
        cpu.ar[number] = 0
    for number in range(64):
        cpu.vr[number] = 0
