# SPDX-License-Identifier: GPL-2.0-or-later
"""A CPU as the kernel's scripts use it, and the kernel's text that it executes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import lowcore
from emu.cpu import CpuState
from emu.isa.assembler import assemble
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw
from guest_kernel.scripted.instructions import TEXT
from guest_kernel.scripted.script import ProgramCheck

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine, Stop

TEXT_ADDRESS: Final = 0x10000
"""Where the kernel's text lies, at the same real and absolute address."""
_PROGRAM_CHECK: Final = TEXT_ADDRESS
"""The address of the program-new PSW: the interruption handler, whose body is a script."""


class MachineStopped(Exception):  # noqa: N818 - it says how the machine stopped
    """The machine has stopped under the kernel; *stop* says how."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.text)
        self.stop = stop


class KernelText:
    """The kernel's instructions, assembled into guest storage at :data:`TEXT_ADDRESS`."""

    def __init__(self, machine: Machine) -> None:
        self.entries: dict[str, tuple[int, int]] = {}
        """Address and length of each instruction, by name."""
        # The interruption handler ends by loading the old PSW.
        code = assemble(f"LPSWE {lowcore.PROGRAM_OLD_PSW}")
        for name, text in TEXT.items():
            instruction = assemble(text)
            self.entries[name] = (TEXT_ADDRESS + len(code), len(instruction))
            code += instruction
        machine.load_storage(TEXT_ADDRESS, code)


class Processor:
    """One CPU of the machine in the hands of a script: supervisor state, key 0, DAT off, disabled."""

    def __init__(self, machine: Machine, cpu: Cpu, text: KernelText) -> None:
        self.machine = machine
        self.cpu = cpu
        self._entries = text.entries
        machine.load_storage(
            cpu.real_to_absolute(lowcore.PROGRAM_NEW_PSW), Psw(ADDRESSING_MODE, _PROGRAM_CHECK).to_bytes()
        )
        cpu.state = CpuState.OPERATING
        cpu.load_psw(Psw(ADDRESSING_MODE, TEXT_ADDRESS))
        cpu.psw_loaded = False

    def instruction(self, name: str) -> None:
        """Execute the instruction *name* of the kernel's text, with its operands in the registers.

        :raises ProgramCheck: if it ends in a program interruption.
        :raises MachineStopped: if the machine stops.
        """
        address, length = self._entries[name]
        cpu = self.cpu
        cpu.instruction_address = address
        while cpu.instruction_address == address:
            # Again and again, for an interruptible instruction goes on where it was.
            stop = self.machine.step(cpu)
            if stop is not None:
                raise MachineStopped(stop)
        if cpu.instruction_address != address + length:
            raise self._program_check(name)

    def _program_check(self, name: str) -> ProgramCheck:
        storage, cpu = self.machine.storage, self.cpu
        code = storage.read_integer(cpu.real_to_absolute(lowcore.PROGRAM_ILC) + 2, 2)
        known = ProgramInterruptionCode(code).name.lower().replace("_", " ")
        text = f"CPU {cpu.address}: {name} in the kernel: {known} (program interruption {code:#04x})"
        return ProgramCheck(text, code)
