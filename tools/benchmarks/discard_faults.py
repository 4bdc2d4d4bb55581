# SPDX-License-Identifier: GPL-2.0-or-later
"""Discard faults: a guest touches pages that the host has thrown away, makes each stable, and tries again."""

from __future__ import annotations

from typing import Final

from emu.addresses import PAGE_SIZE
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.guest_loop import SUBROUTINES, GuestLoop, LoopMachine

_PAGES: Final = 1024
"""Touched in a round."""
_PROGRAM_OLD_PSW: Final = 0x150
_PROGRAM_NEW_PSW: Final = 0x1D0


def discard_loop(pages: int = _PAGES) -> GuestLoop:
    """A round: so many *pages* from the first megabyte on are each loaded from, and set volatile again."""
    # LGR 3,4; LGR 2,5; then LG 6,0(3); ESSA 6,3,3; AGFI 3,4096; BRCTG 2 to the LG
    body = bytes.fromhex("b9040034 b9040025 e36030000004") + assemble("ESSA 6,3,3") + bytes.fromhex("c23800001000")
    body += bytes.fromhex("a727fff8")
    # LG 7,0xA8; ESSA 6,7,1: stable; LPSWE: the load once more
    handler = bytes.fromhex("e37000a80004") + assemble(f"ESSA 6,7,1\nLPSWE {_PROGRAM_OLD_PSW}(0)")
    return GuestLoop(
        body,
        {_PROGRAM_NEW_PSW: Psw(ADDRESSING_MODE, SUBROUTINES).to_bytes(), SUBROUTINES: handler},
        registers={4: MEGABYTE, 5: pages},
        # The first round, which touches pages that are still there, has no faults.
        more_instructions=4 * (pages - 1),
        memory=MEGABYTE + pages * PAGE_SIZE,
    )


class DiscardingHost:
    """A guest with the loop in it, on a host that throws its pages away."""

    def __init__(self, pages: int = _PAGES) -> None:
        self.pages = pages
        self.device = PagingDevice(None, 0)
        loop = discard_loop(pages)
        self.manager = PageManager(loop.memory // PAGE_SIZE, device=self.device)
        self.guest = LoopMachine(loop, self.manager.guest())

    def faults(self) -> int:
        """Discard faults so far."""
        return self.guest.machine.counts.program_interruptions[ProgramInterruptionCode.DISCARD_FAULT]

    def seconds(self) -> float:
        """The time of one round in which every page has a discard fault.

        :raises NotMeasured: if one has none.
        """
        dropped = self.manager.discard_volatile()
        before = self.faults()
        # LG, ESSA and LPSWE of the handler; the load counts when it is executed.
        seconds = self.guest.seconds(1, more_instructions=3 * self.pages)
        if (dropped, self.faults() - before) != (self.pages, self.pages):
            raise NotMeasured(f"{dropped:,} pages dropped, {self.faults() - before:,} discard faults")
        return seconds


def _fault_rate(effort: Effort) -> Measured:
    host = DiscardingHost()
    try:
        host.seconds()
        return Measured(tuple(host.pages / host.seconds() for _ in range(effort.pieces)))
    finally:
        host.device.close()


FIGURES: Final = (
    BenchmarkFigure(
        "discard-fault", "discard fault, handled and retried", Unit.RATE, _fault_rate, 200_000, more_is_better=True
    ),
)
