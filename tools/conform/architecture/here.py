# SPDX-License-Identifier: GPL-2.0-or-later
"""An image on this machine: free or step by step."""

from __future__ import annotations

from typing import Final

from emu.machine import Machine
from emu.page_states import Profile
from emu.program import Program, Segment
from tools.conform.architecture import layout
from tools.conform.architecture.case import TWO_CPUS
from tools.conform.architecture.image import CaseImage
from tools.conform.architecture.outcome import CaseOutcome, read_outcome
from tools.coverage.covered import followed

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
    machine = Machine(layout.MEMORY, cpus=2 if TWO_CPUS in image.case.needs else 1, profile=profile)
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
