# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a run ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.psw import Psw
    from emu.running.stopping.kinds import StopOn
    from emu.running.stopping.view import StopEvent


class StopKind(Enum):
    """Why the machine stopped."""

    DISABLED_WAIT = "disabled wait"
    ALL_STOPPED = "all CPUs stopped"
    POWERED_OFF = "powered off"
    LOAD_REQUESTED = "the guest asked to be loaded again"
    NOTHING_TO_WAIT_FOR = "enabled wait without any event to come"
    CHECK_STOP = "check-stop"
    PROGRAM_LOOP = "program-interruption loop"
    NOT_MODELLED = "not modelled"
    INTERRUPTION_LOOP = "interruption loop"
    ENDLESS_LOOP = "endless loop"
    ENGINE_FAILURE = "the engine failed"
    HOST_FAILURE = "the host failed"
    BUDGET = "instruction budget used up"
    REQUESTED = "stop requested"
    STOP_POINT = "stop"
    """Something has happened that a stop of the list waits for (:mod:`emu.running.stopping`)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A stop of the list that has ended a run: its number, what it waits for, on which CPU that happened, and what."""

    number: int
    on: StopOn
    cpu: int
    event: StopEvent


@dataclass(frozen=True, slots=True)
class Stop:
    """How a run ended: on which CPU, with which PSW, and in words."""

    kind: StopKind
    cpu: int
    psw: Psw
    text: str
    hits: tuple[Hit, ...] = ()
    """The stops of the list that have ended it, in the order of what happened."""
    is_before: bool = False
    """Whether they came before the instruction at the PSW address, rather than after one."""


class StopRun(Exception):  # noqa: N818 - it carries a Stop out of the run loop
    """Raised to end the run with *stop*."""

    def __init__(
        self,
        kind: StopKind,
        cpu: Cpu,
        text: str | None = None,
        hits: tuple[Hit, ...] = (),
        *,
        is_before: bool = False,
    ) -> None:
        self.stop = Stop(kind, cpu.address, cpu.psw, text or kind.value, hits, is_before)
        super().__init__(self.stop.text)
