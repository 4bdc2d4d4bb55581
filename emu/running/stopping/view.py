# SPDX-License-Identifier: GPL-2.0-or-later
"""What the condition of a stop may look at: the machine as it is, and nothing of it is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.psw import Psw
from emu.running.stopping import looking
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu


@dataclass(frozen=True, slots=True)
class StopEvent:
    """What has happened, for kinds of stops that wait for it; what does not apply is zero, empty or None."""

    interruption: str = ""
    """Its class."""
    code: int = 0
    """Interruption code, SVC number, or request code of ESSA."""
    old_psw: Psw | None = None
    """The PSW that an interruption has stored."""
    page: int | None = None
    """The absolute page."""
    before: int = 0
    """The page state, storage key, control register or PSW mask that was."""
    after: int = 0
    """The same as it is now."""
    address: int | None = None
    """The first byte that was accessed, as the stop gives addresses."""
    length: int = 0
    """How many bytes."""
    is_store: bool = False
    """Whether they were stored into."""


_NOTHING: Final = StopEvent()


class View:
    """A CPU and its configuration, read-only."""

    __slots__ = ("_cpu", "event")

    def __init__(self, cpu: Cpu, event: StopEvent = _NOTHING) -> None:
        """Look at *cpu*."""
        self._cpu = cpu
        self.event = event
        """What has happened."""

    @property
    def cpu(self) -> int:
        """The CPU address."""
        return self._cpu.address

    @property
    def psw(self) -> Psw:
        """The current PSW."""
        return self._cpu.psw

    @property
    def gr(self) -> list[int]:
        """The general registers."""
        return self._cpu.gr.tolist()

    @property
    def ar(self) -> list[int]:
        """The access registers."""
        return self._cpu.ar.tolist()

    @property
    def cr(self) -> list[int]:
        """The control registers."""
        return self._cpu.cr.tolist()

    @property
    def prefix(self) -> int:
        """The prefix."""
        return self._cpu.prefix

    @property
    def executed(self) -> int:
        """Instructions ended on all CPUs."""
        return self._cpu.configuration.executed

    @property
    def work(self) -> int:
        """Virtual time in units of work."""
        return self._cpu.configuration.timing.work

    @property
    def instruction(self) -> bytes:
        """The instruction that is executed next, the target if it is an EXECUTE; nothing if it cannot be fetched."""
        return looking.executed_instruction(self._cpu)

    def page_state(self, page: int) -> int:
        """The state byte of absolute *page*.

        :raises IndexError: if the configuration has no such page.
        """
        return self._cpu.configuration.states.bytes[page]

    def storage_key(self, page: int) -> int:
        """The storage key of absolute *page*.

        :raises IndexError: if the configuration has no such page.
        """
        return self._cpu.configuration.keys.bytes[page]

    def absolute(self, address: int) -> int | None:
        """The absolute address of an operand at logical *address*; None if it leads nowhere."""
        return looking.absolute(self._cpu, address, looking.asce_of(self._cpu, Access.FETCH))

    def read(self, address: int, length: int) -> bytes:
        """The *length* bytes at absolute *address*; those of a page that is nowhere are zero.

        :raises IndexError: if a byte of them lies outside the configuration.
        """
        return looking.storage(self._cpu.configuration, address, length)
