# SPDX-License-Identifier: GPL-2.0-or-later
"""An image on this machine: free or step by step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from emu.addresses import PAGE_SIZE
from emu.machine import Machine
from emu.page_states import Profile
from emu.program import Program, Segment
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tools.conform.architecture import layout
from tools.conform.architecture.case import PAGING, TWO_CPUS
from tools.conform.architecture.image import CaseImage
from tools.conform.architecture.outcome import CaseOutcome, read_outcome
from tools.coverage.covered import followed

HOST_FRAMES: Final = 256
"""Pages of real storage of a host that pages out."""
MOST_INSTRUCTIONS: Final = 200_000
"""When a case has run too long."""


def run_here(
    image: CaseImage,
    *,
    stepped: bool = False,
    profile: Profile = Profile.ZVM,
    max_instructions: int = MOST_INSTRUCTIONS,
) -> CaseOutcome:
    """Run *image* to its end, *stepped* or freely."""
    if PAGING in image.case.needs:
        with _paging_host() as manager:
            machine = Machine(layout.MEMORY, profile=profile, hypervisor=manager.guest())
            return _run(machine, image, max_instructions, stepped=stepped)
    machine = Machine(layout.MEMORY, cpus=2 if TWO_CPUS in image.case.needs else 1, profile=profile)
    return _run(machine, image, max_instructions, stepped=stepped)


@contextmanager
def _paging_host() -> Iterator[PageManager]:
    """A host that has not memory enough for all pages of an image's machine."""
    device = PagingDevice(None, layout.MEMORY // PAGE_SIZE)
    try:
        yield PageManager(HOST_FRAMES, device=device)
    finally:
        device.close()


def _run(machine: Machine, image: CaseImage, max_instructions: int, *, stepped: bool) -> CaseOutcome:
    # What the ELF file of the image is read as, without the time that reading takes.
    segments = tuple(Segment(address, data, len(data)) for address, data in image.segments)
    Program(image.case.name, image.entry, segments).load(machine)
    with followed(machine, stepped=stepped):
        text = _stepped(machine, max_instructions) if stepped else machine.run(max_instructions).text
    return read_outcome(image, machine.read_storage, text)


def _stepped(machine: Machine, most: int) -> str:
    """Run *machine* in *most* steps at most, and say how it ended."""
    for _ in range(most):
        ending = machine.step()
        if ending is not None:
            return ending.text
    return "it did not end"
