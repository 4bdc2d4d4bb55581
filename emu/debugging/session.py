# SPDX-License-Identifier: GPL-2.0-or-later
"""A session: one machine under a debugger.

It is what stands behind the console, the gdb server, the full screen and Python: it owns the machine, its stops, its
history and its symbols, goes on and back, looks without touching, and changes from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.debugging import changing
from emu.debugging.interruption_log import InterruptionLog
from emu.debugging.registers import read_register, write_register
from emu.inspection.storage import NoStorageError, Space, bytes_at, instruction_at, locate
from emu.inspection.translation import TableWalk, look_up

if TYPE_CHECKING:
    from emu.addresses import AbsoluteAddress
    from emu.cpu import Cpu
    from emu.machine import Machine, Stop
    from emu.page_states import OperationRequest
    from emu.psw import AddressSpaceControl

__all__ = ["NoStorageError", "Session", "Space"]


class Session:
    """One machine under a debugger."""

    def __init__(self, machine: Machine) -> None:
        """Take over *machine*, which is between two instructions."""
        self.machine = machine
        self.log = InterruptionLog(machine)
        """The interruptions that were taken since."""
        self.stop: Stop | None = None
        """How the machine stopped last; None before it has."""
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

    # Forward

    def step(self, instructions: int = 1) -> Stop | None:
        """Execute so many *instructions*, or take interruptions in their place; give the stop that came first."""
        for _ in range(instructions):
            stop = self.machine.step()
            if stop is not None:
                self.stop = stop
                return stop
        return None

    def go(self, limit: int | None = None) -> Stop:
        """Go on until a stop, or until *limit* more instructions have ended."""
        self.stop = self.machine.run(limit)
        return self.stop

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

    def register(self, name: str) -> int:
        """What the register called *name* holds (:mod:`emu.debugging.registers`).

        :raises ValueError: if there is none.
        """
        return read_register(self.cpu, name)

    # Changing from outside, between two instructions (emu.debugging.changing)

    def set_register(self, name: str, value: int) -> None:
        """Put *value* into the register called *name*.

        :raises ValueError: if there is none, or the value does not fit it.
        """
        write_register(self.cpu, name, value)

    def store(self, address: int, data: bytes, space: Space = Space.LOGICAL) -> None:
        """Store *data* at *address* in *space*; no key and no protection is asked, but the pages are touched.

        :raises NoStorageError: if some of it does not exist; nothing is stored then.
        :raises ProgramInterruption: if a page is unused or discarded.
        """
        changing.store(self.cpu, address, data, space)

    def set_key(self, absolute: int, key: int) -> None:
        """Make *key*, as ISKE shows it, the storage key of the page of *absolute*.

        :raises ValueError: if it is no key, or there is no such page.
        """
        changing.set_key(self.cpu, absolute, key)

    def request_state(self, absolute: int, request: OperationRequest) -> int:
        """Do to the page of *absolute* what ESSA with *request* does; give the state before.

        :raises ValueError: if there is no such page.
        :raises ProgramInterruption: if this guest has no ESSA, or not this request.
        """
        return changing.request_state(self.cpu, absolute, request)

    def inject(self, kind: str, code: int = 0, parameter: int | None = None) -> None:
        """Have the CPU take an interruption now, whatever its masks say; see :func:`emu.debugging.changing.inject`.

        :raises ValueError: if there is no such interruption.
        """
        changing.inject(self.cpu, kind, code, parameter)
