# SPDX-License-Identifier: GPL-2.0-or-later
"""What a configuration asks of a device below it: an interruption, a reset, work between two instructions."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, NamedTuple, Protocol, TypeVar

CpuT_contra = TypeVar("CpuT_contra", contravariant=True)


CHECK_STOP: Final = "check-stop"
"""In place of a class of interruptions: the CPU enters the check-stop state."""


class InterruptionRequest(NamedTuple):
    """An interruption that is pending and enabled, or a check stop; to call it is to take it."""

    interruption: str
    """Its class: machine-check, external or io; or :data:`CHECK_STOP`."""
    code: int
    """The machine-check conditions, the external-interruption code, or the subsystem-identification word."""
    take: Callable[[], None]

    def __call__(self) -> None:
        self.take()


class Device(Protocol[CpuT_contra]):
    """A device of one configuration, such as the SCLP or the channel subsystem.

    The order of :data:`emu.devices.catalogue.DEVICES` is that in which their interruptions are taken, behind those of
    the CPU itself, and within each class: external before input/output (PoP 6, "Priority of Interruptions").
    """

    interruption_mask: ClassVar[int]
    """The PSW mask bit of its class of interruptions: external or input/output."""

    def pending_interruption(self, cpu: CpuT_contra) -> InterruptionRequest | None:
        """Its interruption request for *cpu*; None if none is pending that the control registers let
        through.  The PSW is the caller's to look at."""

    @property
    def pending_subclasses(self) -> int:
        """Of the bits of CR0 that let external interruptions through, those of which it has one pending."""

    def reset(self) -> None:
        """Subsystem reset (PoP 4, "Resets")."""

    def perform(self) -> None:
        """Do between two instructions what it was asked for; :meth:`Configuration.call_soon` has this called.

        :raises HostFailure: if the host cannot make room for a page.
        """
