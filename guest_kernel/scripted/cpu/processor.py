# SPDX-License-Identifier: GPL-2.0-or-later
"""A CPU as the kernel's scripts use it, and the kernel's text that it executes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import lowcore
from emu.cpu import CpuState
from emu.isa.assembler import assemble
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw
from guest_kernel.scripted.cpu.bug import KernelBug, ProgramCheck
from guest_kernel.scripted.cpu.text import COPIES, COPY_FIXUP, ENTER_EXTERNAL, ENTER_PROGRAM, ENTER_SVC, TEXT

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine, Stop

TEXT_ADDRESS: Final = 0x10000
"""Where the kernel's text lies, at the same real and absolute address."""
MAX_CPUS: Final = TEXT_ADDRESS // lowcore.PREFIX_AREA_SIZE
"""Their prefix areas lie below the text."""


class MachineStopped(Exception):  # noqa: N818 - it says how the machine stopped
    """The machine has stopped under the kernel; *stop* says how."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.text)
        self.stop = stop


@dataclass(frozen=True, slots=True)
class Interruption:
    """A program interruption, or (with the code None) a supervisor call, of a process; its registers are saved."""

    code: int | None
    psw: Psw
    """The old PSW."""
    length: int = 0
    """Of the interrupted instruction."""
    translation_exception: int = 0
    """The identification (TEID); of no meaning unless *code* is of a condition that stores one."""


class KernelText:
    """The kernel's instructions, assembled into guest storage at :data:`TEXT_ADDRESS`."""

    def __init__(self, machine: Machine) -> None:
        self.entries: dict[str, tuple[int, int]] = {}
        """Address and length of each instruction, by name."""
        code = b""
        for name, text in TEXT.items():
            instruction = assemble(text)
            if name in COPIES:
                # The handler of a discard fault loads what it has interrupted, which takes a doubleword boundary.
                code += bytes(-len(code) % 8)
            self.entries[name] = (TEXT_ADDRESS + len(code), len(instruction))
            code += instruction
        machine.load_storage(TEXT_ADDRESS, code)


class KernelProcessor:
    """One CPU of the machine in the hands of a script: supervisor state, key 0, DAT off, disabled.

    :raises ValueError: if there is no prefix area left for it.
    """

    def __init__(self, machine: Machine, cpu: Cpu, text: KernelText) -> None:
        self.machine = machine
        self.cpu = cpu
        self._entries = text.entries
        if cpu.address >= MAX_CPUS:
            raise ValueError(f"the kernel is made for {MAX_CPUS} CPUs at most")
        cpu.set_prefix(cpu.address * lowcore.PREFIX_AREA_SIZE)
        for new_psw, handler in (
            (lowcore.PROGRAM_NEW_PSW, ENTER_PROGRAM),
            (lowcore.SVC_NEW_PSW, ENTER_SVC),
            (lowcore.EXTERNAL_NEW_PSW, ENTER_EXTERNAL),
        ):
            psw = Psw(ADDRESSING_MODE, self._entries[handler][0])
            machine.load_storage(cpu.real_to_absolute(new_psw), psw.to_bytes())
        cpu.state = CpuState.OPERATING
        cpu.load_psw(Psw(ADDRESSING_MODE, TEXT_ADDRESS))
        cpu.psw_loaded = False

    def instruction(self, name: str) -> None:
        """Execute the instruction *name* of the kernel's text, with its operands in the registers.

        :raises ProgramCheck: if it ends in a program interruption.
        :raises MachineStopped: if the machine stops.
        """
        address, length = self._entries[name]
        cpu, step = self.cpu, self.machine.step
        cpu.instruction_address = reached = address
        while reached == address:
            # Again and again, for an interruptible instruction goes on where it was.
            stop = step(cpu)
            if stop is not None:
                raise MachineStopped(stop)
            reached = cpu.instruction_address
        if reached != address + length:
            raise self._program_check(name)

    def leave(self, name: str) -> None:
        """Execute the instruction *name* of the kernel's text, which loads another PSW.

        :raises MachineStopped: if the machine stops.
        """
        address, _ = self._entries[name]
        self.cpu.instruction_address = address
        while self.cpu.instruction_address == address:
            self._step()

    def user_instruction(self) -> Interruption | None:
        """Execute one instruction of a process, and if that is interrupted also the handler's, up to its script.

        :raises MachineStopped: if the machine stops.
        """
        cpu = self.cpu
        if not cpu.problem_state:
            raise KernelBug(f"CPU {cpu.address}: no process executes")
        self._step()
        if cpu.problem_state:
            return None
        if cpu.instruction_address == self._entries[ENTER_SVC][0]:
            self.instruction(ENTER_SVC)
            return Interruption(None, self._old_psw(lowcore.SVC_OLD_PSW))
        if cpu.instruction_address != self._entries[ENTER_PROGRAM][0]:
            raise KernelBug(f"CPU {cpu.address}: an interruption that nobody handles: {cpu.psw}")
        return self._enter_program()

    def begin_user_copy(self, name: str) -> bool | Interruption:
        """Turn DAT on, and do as :meth:`resume_user_copy`.

        :raises MachineStopped: if the machine stops.
        """
        self.instruction("STOSM DAT")
        self.cpu.instruction_address = self._entries[name][0]
        return self.resume_user_copy(name)

    def resume_user_copy(self, name: str) -> bool | Interruption:
        """With DAT on, execute the copy *name* or its fix-up, wherever the CPU is, and turn DAT off.

        Return whether the copy has not ended short, or its program interruption.

        :raises MachineStopped: if the machine stops.
        """
        cpu = self.cpu
        address, length = self._entries[name]
        while cpu.instruction_address == address:
            self._step()
        if cpu.instruction_address == self._entries[ENTER_PROGRAM][0]:
            return self._enter_program()
        is_whole = cpu.instruction_address == address + length
        self.instruction(f"STNSM after {name}" if is_whole else COPY_FIXUP)
        return is_whole

    def fixup(self, address: int) -> int | None:
        """What the exception table has for *address*: where it goes on instead; None if there is nothing.

        An addressing exception is suppressing: the old PSW is behind the copy, so that has an entry too.
        """
        for name in COPIES:
            if address in {self._entries[name][0], sum(self._entries[name])}:
                return self._entries[COPY_FIXUP][0]
        return None

    def _enter_program(self) -> Interruption:
        """Execute what the program-check handler begins with, and tell what it finds."""
        self.instruction(ENTER_PROGRAM)
        return Interruption(
            self._fetch(lowcore.PROGRAM_ILC + 2, 2),
            self._old_psw(lowcore.PROGRAM_OLD_PSW),
            self._fetch(lowcore.PROGRAM_ILC + 1, 1),
            self._fetch(lowcore.TRANSLATION_EXCEPTION, 8),
        )

    def close_window(self) -> int | None:
        """Execute STNSM, before which the CPU is enabled; or if it is interrupted there, what the handler begins with.

        Return the code of the interruption, or None if there was none and the CPU is disabled again.

        :raises MachineStopped: if the machine stops.
        """
        cpu = self.cpu
        address, length = self._entries["STNSM"]
        handler, entered = self._entries[ENTER_EXTERNAL]
        while cpu.instruction_address in {address, handler}:
            self._step()
        if cpu.instruction_address == address + length:
            return None
        if cpu.instruction_address != handler + entered:
            raise KernelBug(f"CPU {cpu.address}: an interruption that nobody handles: {cpu.psw}")
        return self._fetch(lowcore.EXTERNAL_CODE, 2)

    def _step(self) -> None:
        stop = self.machine.step(self.cpu)
        if stop is not None:
            raise MachineStopped(stop)

    def _old_psw(self, address: int) -> Psw:
        return Psw(self._fetch(address, 8), self._fetch(address + 8, 8))

    def _fetch(self, address: int, length: int) -> int:
        absolute = self.cpu.real_to_absolute(address)
        return int.from_bytes(self.machine.read_storage(absolute, length), "big")

    def _program_check(self, name: str) -> ProgramCheck:
        code = self._fetch(lowcore.PROGRAM_ILC + 2, 2)
        known = ProgramInterruptionCode(code).name.lower().replace("_", " ")
        text = f"CPU {self.cpu.address}: {name} in the kernel: {known} (program interruption {code:#04x})"
        return ProgramCheck(text, code)
