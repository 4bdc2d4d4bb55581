# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa step``: a program instruction by instruction, with the words of the Hercules console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.cpu import CpuState
from emu.input_files.sizes import parse_address
from emu.page_states import CONTENT_MASK, name, touch
from emu.program_interruption import ProgramInterruption

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu
    from emu.machine import Machine, Stop
    from host.page_manager import PageManager

HELP: Final = """\
s [N]       execute N instructions (one), each shown as a line; an empty line does one as well
g           go on until a breakpoint, the end, or Ctrl-C
b [ADDR]    set a breakpoint at the instruction address ADDR; without one, list them
b- [ADDR]   remove the breakpoint at ADDR; without one, remove all
psw         the PSW of every CPU
gpr, cr     the general registers, the control registers
r ADDR.LEN  LEN bytes of absolute storage
key ADDR    the storage key of the page that holds absolute ADDR
page ADDR   the state of the page that holds absolute ADDR
evict ADDR  have the host take the frame of that page now (needs a host: --host-memory)
table       how many pages are in which state
q           end
Addresses and LEN are hexadecimal, N is decimal."""

_LONGEST_DISPLAY: Final = 0x10000
_LINE: Final = 16


class CommandError(Exception):
    """A command of the stepper was wrong; the message says what was expected."""


class Stepper:
    """A machine that is driven by typed commands; what they show goes to *write*, line by line."""

    def __init__(
        self,
        machine: Machine,
        write: Callable[[str], object],
        max_instructions: int | None = None,
        manager: PageManager | None = None,
    ) -> None:
        from tools.reports.trace import Tracer

        self.machine = machine
        self.stop: Stop | None = None
        """How the machine stopped, once it has."""
        self._write = write
        self._limit = max_instructions
        self._manager = manager
        self._tracer = Tracer(machine, write)
        self._breakpoints: set[int] = set()
        self._commands: dict[str, Callable[[str], None]] = {
            "s": self._step,
            "g": self._go,
            "b": self._set_breakpoint,
            "b-": self._remove_breakpoint,
            "psw": self._show_psw,
            "gpr": self._show_general_registers,
            "cr": self._show_control_registers,
            "r": self._show_storage,
            "key": self._show_key,
            "page": self._show_page,
            "evict": self._evict,
            "table": self._show_table,
            "help": self._help,
        }

    def execute(self, line: str) -> bool:
        """Execute the command *line*; give whether there may be another, which there may not after ``q``.

        :raises CommandError: if there is no such command, or its argument is wrong.
        """
        word, _, argument = line.strip().partition(" ")
        if word == "q":
            return False
        command = self._commands.get(word or "s")
        if command is None:
            raise CommandError(f"expected one of {', '.join(self._commands)} or q, not {word!r}")
        command(argument.strip())
        return True

    # Execution

    def _step(self, argument: str) -> None:
        if argument and not (argument.isascii() and argument.isdigit()):
            raise CommandError(f"s: expected a number of instructions, not {argument!r}")
        from tools.processes.interrupt import ctrl_c

        self._tracer.refresh()
        self.machine.observers.append(self._tracer)
        try:
            with ctrl_c(self.machine) as switch:
                for _ in range(int(argument or 1)):
                    if not self._single() or switch.is_pressed:
                        break
        finally:
            self.machine.observers.remove(self._tracer)

    def _go(self, argument: str) -> None:
        self._expect_nothing("g", argument)
        from tools.processes import interrupt

        with interrupt.ctrl_c(self.machine) as switch:
            if self._breakpoints:
                while self._single() and not self._at_breakpoint():
                    if switch.is_pressed:
                        self._write("stopped by Ctrl-C")
                        return
                return
            left = None if self._limit is None else max(self._limit - self.machine.executed, 0)
            stop = interrupt.run_interruptibly(self.machine, left)
        if switch.is_pressed:
            self._write(stop.text)
        else:
            self._stopped(stop)

    def _single(self) -> bool:
        """Execute one instruction; give whether another one may follow."""
        from emu.machine import Stop, StopKind

        if self._limit is not None and self.machine.executed >= self._limit:
            cpu = self.machine.cpus[0]
            self._stopped(Stop(StopKind.BUDGET, cpu.address, cpu.psw, StopKind.BUDGET.value))
            return False
        stop = self.machine.step()
        if stop is not None:
            self._stopped(stop)
        return stop is None

    def _stopped(self, stop: Stop) -> None:
        self.stop = stop
        self._write(f"stopped: {stop.text} (CPU {stop.cpu}, PSW {stop.psw})")

    def _at_breakpoint(self) -> bool:
        for cpu in self.machine.cpus:
            if cpu.state is CpuState.OPERATING and not cpu.is_waiting and cpu.instruction_address in self._breakpoints:
                self._write(f"breakpoint: cpu {cpu.address} at {cpu.instruction_address:016x}")
                return True
        return False

    # Breakpoints

    def _set_breakpoint(self, argument: str) -> None:
        if argument:
            self._breakpoints.add(self._address("b", argument))
            return
        for address in sorted(self._breakpoints):
            self._write(f"{address:016x}")

    def _remove_breakpoint(self, argument: str) -> None:
        if not argument:
            self._breakpoints.clear()
            return
        address = self._address("b-", argument)
        if address not in self._breakpoints:
            raise CommandError(f"b-: there is no breakpoint at {address:x}")
        self._breakpoints.remove(address)

    # What is shown

    def _show_psw(self, argument: str) -> None:
        self._expect_nothing("psw", argument)
        for cpu in self.machine.cpus:
            wait = ", waiting" if cpu.is_waiting else ""
            self._write(f"cpu {cpu.address}: {cpu.psw} cc={cpu.cc}, {cpu.state.value}{wait}")

    def _show_general_registers(self, argument: str) -> None:
        self._expect_nothing("gpr", argument)
        self._show_registers("gr", lambda cpu: cpu.gr.tolist())

    def _show_control_registers(self, argument: str) -> None:
        self._expect_nothing("cr", argument)
        self._show_registers("cr", lambda cpu: cpu.cr.tolist())

    def _show_registers(self, letters: str, registers: Callable[[Cpu], list[int]]) -> None:
        for cpu in self.machine.cpus:
            values = registers(cpu)
            for first in range(0, 16, 4):
                text = " ".join(f"{letters}{number:<2} {values[number]:016x}" for number in range(first, first + 4))
                self._write(f"cpu {cpu.address}: {text}")

    def _show_storage(self, argument: str) -> None:
        address_text, point, length_text = argument.partition(".")
        if not point:
            raise CommandError(f"r: expected ADDR.LEN, not {argument!r}")
        address, length = self._address("r", address_text), self._address("r", length_text)
        if not 0 < length <= _LONGEST_DISPLAY:
            raise CommandError(f"r: expected a length of 1 to {_LONGEST_DISPLAY:x}, not {length:x}")
        self._require("r", address + length - 1)
        while length:
            # A line begins at a multiple of 16, so that it lies in one page.
            part = min(length, _LINE - address % _LINE)
            self._write(f"{address:016x}  {self._peek(address, part)}")
            address, length = address + part, length - part

    def _peek(self, address: int, length: int) -> str:
        """The storage at *address* as text; looking at it neither touches the page nor changes its state."""
        state = self.machine.states.bytes[address >> PAGE_SHIFT]
        content = self.machine.hypervisor.content(address >> PAGE_SHIFT)
        start = address % PAGE_SIZE
        shown = bytes(length) if content is None else content[start : start + length]
        if state & CONTENT_MASK:
            where = "logically zero" if content is None else "preserved by the host"
            return f"{shown.hex(' ', 4)}  ({name(state)}: {where})"
        try:
            touch(state, address >> PAGE_SHIFT, self.machine.configuration.profile)
        except ProgramInterruption as condition:
            return f"({name(state)}: a touch gives {condition})"
        return shown.hex(" ", 4)

    def _show_key(self, argument: str) -> None:
        page = self._page("key", argument)
        key = self.machine.keys.bytes[page]
        self._write(
            f"page {page:x} ({page * PAGE_SIZE:x}): key {key:02x}: "
            f"access {key >> 4}, fetch protection {key >> 3 & 1}, reference {key >> 2 & 1}, change {key >> 1 & 1}"
        )

    def _show_page(self, argument: str) -> None:
        page = self._page("page", argument)
        self._write(f"page {page:x} ({page * PAGE_SIZE:x}): {name(self.machine.states.bytes[page])}")

    def _evict(self, argument: str) -> None:
        page = self._page("evict", argument)
        if self._manager is None:
            raise CommandError("evict: there is no host to take a frame; expected --host-memory")
        if not self._manager.evict(0, page):
            self._write(f"page {page:x}: has no frame, must stay, or cannot be written")
        self._show_page(argument)

    def _show_table(self, argument: str) -> None:
        self._expect_nothing("table", argument)
        from host.accounting import count_pages, format_table

        for line in format_table(count_pages(self.machine.states.array)).splitlines():
            self._write(line)

    def _help(self, argument: str) -> None:
        for line in HELP.splitlines():
            self._write(line)

    # Arguments

    @staticmethod
    def _expect_nothing(command: str, argument: str) -> None:
        if argument:
            raise CommandError(f"{command}: expected nothing more, not {argument!r}")

    @staticmethod
    def _address(command: str, text: str) -> int:
        try:
            return parse_address(text.strip())
        except ValueError as reason:
            raise CommandError(f"{command}: {reason}") from None

    def _page(self, command: str, text: str) -> int:
        address = self._address(command, text)
        self._require(command, address)
        return address >> PAGE_SHIFT

    def _require(self, command: str, address: int) -> None:
        if address >= self.machine.memory:
            raise CommandError(f"{command}: {address:x} lies outside the memory of {self.machine.memory:x} bytes")
