# SPDX-License-Identifier: GPL-2.0-or-later
"""A session: one machine under a debugger.

It is what stands behind the console, the gdb server, the full screen and Python: it owns the machine, its stops, its
history and its symbols, goes on and back, looks without touching, and changes from outside.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from emu.addresses import PAGE_SHIFT
from emu.debugging import changing
from emu.debugging.backward import Change, last_changes, reverse_continue
from emu.debugging.history import DEFAULT_LIMIT, History, HistoryError
from emu.debugging.interruption_log import InterruptionLog
from emu.debugging.registers import read_register, write_register
from emu.inspection.pages import PageView, view_page
from emu.inspection.pending import PendingInterruption, pending_interruptions
from emu.inspection.psw import PswView
from emu.inspection.storage import NoStorageError, Space, bytes_at, instruction_at, locate
from emu.inspection.translation import TableWalk, look_up
from emu.isa.disassembler import disassemble
from emu.running.stopping.kinds import AtAddress
from emu.save_file import read_saved, write_saved
from emu.saving import PROGRAM, require_same_program, restore, save
from emu.state import StateError
from emu.symbols.back_trace import BackTrace, back_trace
from emu.symbols.listing import instruction_text
from emu.symbols.table import NO_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from emu.addresses import AbsoluteAddress
    from emu.cpu import Cpu
    from emu.debugging.watched import Watched
    from emu.machine import Machine, Stop
    from emu.page_states import OperationRequest
    from emu.psw import AddressSpaceControl
    from emu.running.stopping.kinds import StopOn
    from emu.running.stopping.view import View
    from emu.symbols.table import SymbolTable

__all__ = ["HistoryError", "NoStorageError", "Session", "Space"]

_CALLS: Final = frozenset({"BAL", "BALR", "BAS", "BASR", "BASSM", "BRAS", "BRASL", "SVC"})
"""Instructions behind which a program goes on when what they lead to has ended; by what the disassembler calls them."""


class Session:
    """One machine under a debugger."""

    def __init__(
        self,
        machine: Machine,
        *,
        symbols: SymbolTable = NO_SYMBOLS,
        host: object | None = None,
        history: int = DEFAULT_LIMIT,
    ) -> None:
        """Take over *machine*, which is between two instructions.

        :param symbols: the names of its addresses.
        :param host: what pages below it, if anything does, with a declared state; it has no other guests.
        :param history: bytes that the history takes at most; zero means none, and then nothing goes backward.
        """
        self.machine = machine
        self._host = host
        self.history: History | None = None
        """What is recorded, so that one can go back; None if nothing is."""
        self.why_no_history = "no history is kept"
        """Why that is so."""
        if history:
            try:
                self.history = History(machine, limit=history, host=host)
            except HistoryError as reason:
                self.why_no_history = str(reason)
        self.symbols = symbols
        self.stops = machine.stops
        """What :meth:`go` stops at (:mod:`emu.running.stopping`)."""
        self.program: Callable[[], dict[str, Any]] = dict
        """Gives what tells the program from others, by names: a snapshot of another one is refused."""
        self.log = InterruptionLog(machine)
        """The interruptions that were taken since."""
        self.stop: Stop | None = None
        """How the machine stopped last; None before it has."""
        self.changes = 0
        """How often it was changed from outside."""
        self._chosen: int | None = None

    # Which CPU is meant

    @property
    def cpu(self) -> Cpu:
        """The CPU that registers and logical addresses belong to: the chosen one, else that whose turn it is."""
        configuration = self.machine.configuration
        return configuration.cpus[configuration.turns.cpu if self._chosen is None else self._chosen]

    def choose_cpu(self, address: int | None) -> None:
        """Mean the CPU with this *address* from now on; None means that whose turn it is.

        :raises ValueError: if there is none.
        """
        if address is not None and not 0 <= address < len(self.machine.cpus):
            raise ValueError(f"expected the address of a CPU, 0 to {len(self.machine.cpus) - 1}, not {address}")
        self._chosen = address

    @property
    def _runner(self) -> Machine | History:
        """What lets the machine run: its history, if there is one."""
        return self.history or self.machine

    # Forward

    def step(self, instructions: int = 1) -> Stop | None:
        """Execute so many *instructions*, or take interruptions in their place; give the stop that came first."""
        for _ in range(instructions):
            stop = self._runner.step()
            if stop is not None:
                self.stop = stop
                return stop
        return None

    def go(self, limit: int | None = None) -> Stop:
        """Go on until a stop, or until *limit* more instructions have ended."""
        self.stop = self._runner.run(limit)
        return self.stop

    def go_until(self, on: StopOn, limit: int | None = None) -> Stop:
        """Go on until *on* happens, or another stop comes first."""
        number = self.stops.add(on)
        try:
            return self.go(limit)
        finally:
            self.stops.remove(number)

    def until(self, address: int | None = None, limit: int | None = None) -> Stop:
        """Go on until this CPU is at *address*; by default, behind the next instruction, in this function."""
        if address is not None:
            return self.go_until(AtAddress(address, condition=self._here), limit)
        sequential = self.cpu.wrap(self.cpu.instruction_address + max(len(self.instruction()), 2))
        return self.go_until(self._return_to(sequential, self.cpu.gr[15]), limit)

    def over(self, limit: int | None = None) -> Stop | None:
        """Execute one instruction, and if it is a call all that it leads to; give the stop that came first."""
        instruction = self.instruction()
        if not instruction or disassemble(instruction).split()[0] not in _CALLS:
            return self.step()
        return self.until(limit=limit)

    def finish(self, limit: int | None = None) -> Stop:
        """Go on until the present function has returned to its caller.

        :raises ValueError: if the stack does not say who that is.
        """
        frames = self.back_trace().frames
        if len(frames) < 2:
            raise ValueError("the stack does not say who has called this function")
        caller = frames[1]
        return self.go_until(self._return_to(caller.address, caller.frame or self.cpu.gr[15]), limit)

    def _here(self, view: View) -> bool:
        return view.cpu == self.cpu.address

    def _return_to(self, address: int, frame: int) -> StopOn:
        """At *address* on this CPU, in the function whose stack frame is at *frame*, and not in one that it calls."""
        cpu = self.cpu.address
        return AtAddress(address, condition=lambda view: view.cpu == cpu and view.gr[15] >= frame)

    def back_trace(self) -> BackTrace:
        """The functions that have not ended, the innermost first, by the back chain of the s390x ABI."""
        cpu = self.cpu
        return back_trace(
            cpu.instruction_address,
            cpu.gr[14],
            cpu.gr[15],
            self._read,
            self.symbols,
            is_problem_state=cpu.problem_state,
        )

    def _read(self, address: int, length: int) -> bytes | None:
        try:
            return self.look(address, length)
        except NoStorageError:
            return None

    # Backward, and to anywhere

    def back(self, steps: int = 1) -> int:
        """Undo so many *steps*; give how many there were to undo.

        :raises HistoryError: if there is no history, or not of this.
        """
        return self._history.step_back(steps)

    def go_to(self, instruction: int) -> Stop | None:
        """Go to where *instruction* instructions have ended; give the stop, if one came first.

        :raises HistoryError: if there is no history, or it begins later.
        """
        return self._history.go_to(instruction)

    def reverse_go(self, on: StopOn | None = None) -> Stop | None:
        """Go back to where *on* happened last, or a stop of the list came if nothing is given; give that.

        None if none has come since the history begins, where the machine is then.

        :raises HistoryError: if there is no history, or that was stopped on the way, and the machine is where it was.
        """
        return reverse_continue(
            self._history, [point.on for point in self.stops if point.is_enabled] if on is None else [on]
        )

    def who(self, watched: Watched, most: int = 1, *, since: int = 0) -> list[Change]:
        """What has changed *watched* last, the latest first, at *most* so many times; the machine stays where it is.

        :param since: changes before so many instructions had ended are not looked for.
        :raises HistoryError: if there is no history.
        """
        return last_changes(self._history, self.machine, watched, most, since)

    @property
    def _history(self) -> History:
        """The history.

        :raises HistoryError: if there is none.
        """
        if self.history is None:
            raise HistoryError(self.why_no_history)
        return self.history

    # Looking, which touches nothing

    def locate(self, address: int, space: Space = Space.LOGICAL) -> AbsoluteAddress:
        """The absolute address of the byte at *address* in *space*.

        :raises NoStorageError: if there is none.
        """
        return locate(self.cpu, address, space)

    def look(self, address: int, length: int, space: Space = Space.LOGICAL) -> bytes:
        """The *length* bytes at *address* in *space*.

        :raises NoStorageError: if some of them do not exist.
        """
        return bytes_at(self.cpu, address, length, space)

    def instruction(self, address: int | None = None) -> bytes:
        """The bytes of the instruction at *address*, that of the PSW by default; empty if there is none."""
        return instruction_at(self.cpu, self.cpu.instruction_address if address is None else address)

    def translate(self, address: int, space: AddressSpaceControl | None = None) -> TableWalk:
        """The walk through the translation tables for *address*, in the space of the PSW by default."""
        return look_up(self.cpu, address, self.cpu.space if space is None else space)

    @property
    def psw(self) -> PswView:
        """The PSW, by name."""
        return PswView(self.cpu.psw)

    def page(self, absolute: int) -> PageView:
        """What is known of the page of *absolute*: state, place, key.

        :raises NoStorageError: a ValueError: if that lies outside the memory.
        """
        return view_page(self.machine.configuration, locate(self.cpu, absolute, Space.ABSOLUTE) >> PAGE_SHIFT)

    def pending(self) -> list[PendingInterruption]:
        """What is pending for the CPU, and what forbids each of it."""
        return pending_interruptions(self.cpu)

    def disassemble(self, address: int | None = None, instructions: int = 1) -> list[str]:
        """So many *instructions* as text, from *address* on, that of the PSW by default.

        :raises NoStorageError: a ValueError: if one of them cannot be fetched.
        """
        cpu = self.cpu
        where = cpu.instruction_address if address is None else address
        shown = []
        for _ in range(instructions):
            code = instruction_at(cpu, where)
            if not code:
                raise NoStorageError(f"{where:x}: no instruction can be fetched there")
            shown.append(instruction_text(code, where, self.symbols, is_problem_state=cpu.problem_state))
            where = cpu.wrap(where + len(code))
        return shown

    def register(self, name: str) -> int:
        """What the register called *name* holds (:mod:`emu.debugging.registers`).

        :raises ValueError: if there is none.
        """
        return read_register(self.cpu, name)

    # Changing from outside, between two instructions (emu.debugging.changing)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """While it lasts, the machine is changed from outside: what was recorded of later is not so any more."""
        self.changes += 1
        if self.history is None:
            yield
        else:
            with self.history.changing():
                yield

    def set_register(self, name: str, value: int) -> None:
        """Put *value* into the register called *name*.

        :raises ValueError: if there is none, or the value does not fit it.
        """
        with self.changing():
            write_register(self.cpu, name, value)

    def store(self, address: int, data: bytes, space: Space = Space.LOGICAL) -> None:
        """Store *data* at *address* in *space*; no key and no protection is asked, but the pages are touched.

        :raises NoStorageError: if some of it does not exist; nothing is stored then.
        :raises ProgramInterruption: if a page is unused or discarded.
        """
        with self.changing():
            changing.store(self.cpu, address, data, space)

    def set_key(self, absolute: int, key: int) -> None:
        """Make *key*, as ISKE shows it, the storage key of the page of *absolute*.

        :raises ValueError: if it is no key, or there is no such page.
        """
        with self.changing():
            changing.set_key(self.cpu, absolute, key)

    def request_state(self, absolute: int, request: OperationRequest) -> int:
        """Do to the page of *absolute* what ESSA with *request* does; give the state before.

        :raises ValueError: if there is no such page.
        :raises ProgramInterruption: if this guest has no ESSA, or not this request.
        """
        with self.changing():
            return changing.request_state(self.cpu, absolute, request)

    def inject(self, kind: str, code: int = 0, parameter: int | None = None) -> None:
        """Have the CPU take an interruption now, whatever its masks say; see :func:`emu.debugging.changing.inject`.

        :raises ValueError: if there is no such interruption.
        """
        with self.changing():
            changing.inject(self.cpu, kind, code, parameter)

    def press_interrupt_key(self) -> None:
        """Press the interrupt key of the operator: a CPU takes its interruption when it is enabled for it."""
        with self.changing():
            self.machine.press_interrupt_key()

    def report_machine_check(self, conditions: int) -> None:
        """Let machine-check *conditions* become pending for the CPU; it takes them when it is enabled for them.

        :raises ValueError: if they are no conditions (:data:`emu.machine_checks.CONDITIONS`).
        """
        with self.changing():
            self.machine.report_machine_check(conditions, self.cpu.address)

    # Snapshots by hand

    def save(self, path: Path) -> None:
        """Put the whole machine, and the host below it, in the file *path*.

        :raises SaveFileError: if it cannot be written.
        :raises HostFailure: if a preserved page cannot be read.
        """
        write_saved(path, save(self.machine, host=self._host) | {PROGRAM: self.program()})

    def restore(self, path: Path) -> None:
        """Go on from what is saved in the file *path*.

        :raises SaveFileError: if it cannot be read, is no such file, of another version, or damaged.
        :raises StateError: if it is of another program, or a machine of another shape; this one stays as it is then.
        """
        saved = read_saved(path)
        require_same_program(saved, self.program())
        with self.changing():
            before = save(self.machine, host=self._host)
            try:
                restore(saved, self.machine, host=self._host)
            except StateError:
                restore(before, self.machine, host=self._host)
                raise
