# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams on the machine of this project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from emu.machine import Machine
from emu.program import Program, Segment
from emu.psw import ADDRESSING_MODE, Psw
from emu.running.stops import StopKind
from tools.differential.peers import layout
from tools.differential.peers.image import ENABLED_WAIT, image_segments, outcomes, records
from tools.differential.peers.outcome import StreamOutcome
from tools.differential.peers.stream import Stream

_TIMER: Final = 4 * 100_000
"""So many units of work, each four steps of the timer, that a stream may take."""
_MOST: Final = 1_000_000
"""Instructions of a stream and of the driver around it at most."""


class Here:
    """A machine of this project that executes one batch after the other."""

    def __init__(self, *, has_vectors: bool) -> None:
        """Make it.

        :param has_vectors: whether the other machine has vector registers.
        """
        self._has_vectors = has_vectors
        self._machine = self._new()

    def _new(self) -> Machine:
        machine = Machine(layout.MEMORY)
        segments = tuple(Segment(address, data, len(data)) for address, data in image_segments(ENABLED_WAIT))
        Program("streams", layout.DRIVER, segments).load(machine)
        return machine

    def run(self, streams: Sequence[Stream]) -> list[StreamOutcome]:
        """What comes of *streams*."""
        machine = self._machine
        for address, content in records(streams, timer=_TIMER, has_vectors=self._has_vectors).items():
            machine.load_storage(address, content)
        cpu = machine.cpus[0]
        cpu.load_psw(Psw(ADDRESSING_MODE, layout.DRIVER))
        stop = machine.run(_MOST * len(streams))
        begun = machine.storage.read_integer(layout.BEGUN, 8)
        found = outcomes(len(streams), machine.read_storage)
        if stop.kind is StopKind.NOTHING_TO_WAIT_FOR and begun == len(streams):
            return found
        lost = StreamOutcome(b"", stop.text or stop.kind.value)
        self._machine = self._new()
        return [*found[: begun - 1], lost, *(self.run(streams[begun:]) if streams[begun:] else ())]
