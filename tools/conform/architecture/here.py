# SPDX-License-Identifier: GPL-2.0-or-later
"""An image on this machine: free or step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Final

from emu.addresses import PAGE_SIZE
from emu.devices.console import ConsoleBuffer
from emu.devices.virtio_block import VirtioBlock
from emu.devices.virtio_ccw import VirtioCcw
from emu.machine import Machine, Stop, StopKind
from emu.page_states import Profile
from emu.program import Program, Segment
from emu.running.stopping.kinds import AtAddress
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tools.conform.architecture import layout
from tools.conform.architecture.case import DEVICES, PAGING, TWO_CPUS, InterruptKey, MachineCheck
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.image import CaseImage
from tools.conform.architecture.outcome import CaseOutcome, read_outcome
from tools.conform.architecture.source import evaluate
from tools.coverage.covered import followed

GoOn = Callable[[Machine, int], Stop | None]
"""Runs a machine for so many instructions at most, and gives how it ended, if that is known."""
HOST_FRAMES: Final = 256
"""Pages of real storage of a host that pages out."""
MOST_INSTRUCTIONS: Final = 200_000
"""When a case has run too long."""


def run_here(
    image: CaseImage,
    *,
    stepped: bool = False,
    profile: Profile = Profile.ZVM,
    facilities: frozenset[int] | None = None,
    max_instructions: int = MOST_INSTRUCTIONS,
    again: GoOn | None = None,
) -> CaseOutcome:
    """Run *image* to its end, *stepped* or freely.

    :param facilities: what the machine has; None: what the case should be run with.
    :param again: runs the machine on, where a run is made again to be looked at: coverage does not count that.
    """
    if facilities is None:
        facilities = image.case.facilities
    if PAGING in image.case.needs:
        with _paging_host() as manager:
            machine = Machine(layout.MEMORY, profile=profile, facilities=facilities, hypervisor=manager.guest())
            return _run(machine, image, max_instructions, again, stepped=stepped)
    cpus = 2 if TWO_CPUS in image.case.needs else 1
    machine = Machine(layout.MEMORY, cpus=cpus, profile=profile, facilities=facilities)
    return _run(machine, image, max_instructions, again, stepped=stepped)


class _EmptyDisk:
    """A disk without a sector: what is asked of the device is its identification."""

    size = 0
    is_writable = False

    def read(self, offset: int, length: int) -> bytes:
        """See :meth:`emu.devices.virtio_block.Image.read`."""
        return bytes(length)

    def write(self, offset: int, data: bytes) -> None:
        """See :meth:`emu.devices.virtio_block.Image.write`."""

    def flush(self) -> None:
        """See :meth:`emu.devices.virtio_block.Image.flush`."""


@contextmanager
def _paging_host() -> Iterator[PageManager]:
    """A host that has not memory enough for all pages of an image's machine, and room elsewhere for the others."""
    device = PagingDevice(None, layout.MEMORY // PAGE_SIZE - HOST_FRAMES)
    try:
        yield PageManager(HOST_FRAMES, device=device)
    finally:
        device.close()


def _run(
    machine: Machine,
    image: CaseImage,
    max_instructions: int,
    again: GoOn | None,
    *,
    stepped: bool,
) -> CaseOutcome:
    if DEVICES in image.case.needs:
        for name in ("disk 0", "disk 1"):
            machine.channels.attach(VirtioCcw(VirtioBlock(_EmptyDisk(), name)))
    console = machine.sclp.console = ConsoleBuffer()
    # What the ELF file of the image is read as, without the time that reading takes.
    segments = tuple(Segment(address, data, len(data)) for address, data in image.segments)
    Program(image.case.name, image.entry, segments).load(machine)
    go_on = again or (_stepped if stepped else Machine.run)
    with followed(machine, stepped=stepped) if again is None else nullcontext():
        ending, missed = _to_events(machine, image, max_instructions, go_on)
        if missed is None:
            ending = go_on(machine, max_instructions - machine.executed)
    text = f"it did not end in {max_instructions:,} instructions"
    if ending is not None and ending.kind is not StopKind.BUDGET:
        text = ending.text
    outcome = replace(
        read_outcome(image, machine.read_storage, text, is_whole=True),
        instructions=machine.executed,
        console=console.data.decode(errors="replace"),
    )
    if missed is not None and outcome.verdict is CaseVerdict.PASSED:
        text = f"the place of the {missed.what} was not reached: {missed.at}"
        return replace(outcome, verdict=CaseVerdict.FAILED, text=text)
    return outcome


def _to_events(
    machine: Machine, image: CaseImage, most: int, go_on: GoOn
) -> tuple[Stop | None, InterruptKey | MachineCheck | None]:
    """Let *machine* go on to each event from outside, and let that happen; how it ended before one that it has missed.

    :param most: instructions from the beginning on.
    """
    if image.case.outside:
        machine.load_storage(layout.OUTSIDE, b"\1" * 8)
    for event in image.case.outside:
        address = evaluate(event.at, image.labels)
        if all(cpu.instruction_address != address for cpu in machine.cpus):
            number = machine.stops.add(AtAddress(address))
            ending = go_on(machine, most - machine.executed)
            machine.stops.remove(number)
            if ending is None or ending.kind is not StopKind.STOP_POINT:
                return ending, event
        if isinstance(event, InterruptKey):
            machine.press_interrupt_key()
        else:
            machine.report_machine_check(event.conditions, event.cpu)
    return None, None


def _stepped(machine: Machine, most: int) -> Stop | None:
    """Run *machine* in *most* steps at most, each by the model, and give how it ended."""
    for _ in range(most):
        ending = machine.step(by_model=True)
        if ending is not None:
            return ending
    return None
