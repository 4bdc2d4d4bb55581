# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is told what the machine does; :class:`emu.events.Observer` is this for the CPUs that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from emu.program_interruption import ProgramInterruption
    from emu.psw import AddressSpaceControl, Psw
    from emu.teid import Access

CpuT = TypeVar("CpuT")
CpuT_contra = TypeVar("CpuT_contra", contravariant=True)
"""The class of the CPUs, which stands above all that they share."""


_WANTS: Final = {
    "wants_interruptions": "interrupted",
    "wants_states": "state_changed",
    "wants_keys": "key_changed",
    "wants_host": "host_changed",
}
"""What says whether a method must be called for whatever compiled code does; that is so if the class has one of its
own, unless it says otherwise."""


class ObserverOf(Generic[CpuT]):
    """Base of all observers: every method does nothing; override what is wanted."""

    wants_instructions = False
    """Whether :meth:`retired` must be called for every instruction, which makes the machine run step by step."""
    acts = False
    """Whether it acts on the machine: it is told also when the machine goes through what it went through before."""
    wants_interruptions = False
    """Whether :meth:`interrupted` must be called for supervisor calls, program and external interruptions, too.

    Python takes all of them then.  They are counted in any case (:class:`emu.configuration.Counts`).
    """
    wants_states = False
    """Whether :meth:`state_changed` must be: Python executes each ESSA of a page that is followed."""
    wants_keys = False
    """Whether :meth:`key_changed` must be: Python changes all keys."""
    wants_host = False
    """Whether :meth:`host_changed` must be: Python asks the host for every frame."""
    followed_pages: frozenset[int] | None = None
    """The absolute pages of which it must be told that; of others it may be.  None: of all."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for wants, told in _WANTS.items():
            if wants not in vars(cls):
                setattr(cls, wants, getattr(cls, told) is not getattr(ObserverOf, told))

    def retired(self, cpu: CpuT, address: int, instruction: bytes) -> None:
        """An instruction at *address* ended, in whatever way.  Its bytes are empty if they could not be fetched."""

    def interrupted(self, cpu: CpuT, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """An interruption was taken: *kind* is program, svc, external, io, machine-check or restart.

        Of a machine check *code* has the conditions without the bits that say what is valid.
        Of supervisor calls, program and external interruptions it is told if some observer
        :attr:`wants_interruptions`, and may be if none does.
        """

    def state_changed(self, cpu: CpuT, page: int, request: int, before: int, after: int) -> None:
        """ESSA with *request* took absolute page *page* from state *before* to *after* (they may be equal)."""

    def host_changed(self, page: int, before: int, after: int) -> None:
        """The host took the frame of absolute page *page*, or supplied one; its state went from *before* to *after*.

        Of one that an instruction accesses it may be told only when that has been executed, as of that time otherwise.
        """

    def key_changed(self, cpu: CpuT, page: int, before: int, after: int) -> None:
        """An instruction changed the storage key of absolute page *page*."""

    def console_written(self, data: bytes) -> None:
        """The guest wrote *data* to its console."""

    def io_begins(self, subchannel: int, what: str) -> None:
        """The device on the subchannel of this number is about to do *what*, between two instructions."""

    def io_ended(self, subchannel: int, what: str) -> None:
        """It has, with *what* it comes to."""


class ExecutionFollower(Protocol[CpuT_contra]):
    """Who follows what Python executes while the engines run freely: a trace, in which they write the rest."""

    @property
    def follows_fetches(self) -> bool:
        """Whether it wants to know of fetches, and not only of stores."""

    @property
    def wants_each_access(self) -> bool:
        """Whether the engine is to tell the accesses of the instruction that it executes alone, one by one."""

    def begins(self, cpu: CpuT_contra, address: int, instruction: bytes) -> None:
        """An *instruction* at *address* is about to be executed alone."""

    def ended(self, cpu: CpuT_contra) -> None:
        """It has been, in whatever way."""

    def abandoned(self, cpu: CpuT_contra) -> None:
        """It has not been: it will be executed again, or the run ends."""

    def accesses(
        self,
        cpu: CpuT_contra,
        address: int,
        length: int,
        kind: Access,
        space: AddressSpaceControl | None,
        *,
        is_real: bool,
    ) -> None:
        """It is about to access so many bytes at *address*, with every check made; see :func:`emu.access.resolve`."""

    def undone(self, cpu: CpuT_contra) -> None:
        """What it has stored was taken back."""

    def finished(self, cpu: CpuT_contra, address: int, code: bytes) -> None:
        """The plain instructions *code* from *address* on have been executed."""
