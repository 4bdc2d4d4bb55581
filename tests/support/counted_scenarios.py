# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios in tests without a host: a kernel with an image, files and a tree, and what can be counted of it."""

from __future__ import annotations

from emu.machine import Machine
from emu.page_states import Profile
from guest_kernel.scripted.scenarios.runner import Listener, ScenarioRunner
from guest_kernel.scripted.scenarios.scenario import (
    Boot,
    File,
    HostSettings,
    KernelSettings,
    MachineSettings,
    Scenario,
    Step,
    Table,
    Tree,
)
from guest_kernel.scripted.state.kernel import FIRST_FREE_FRAME

PAGES = 512
IMAGE = 20
FREE = PAGES - FIRST_FREE_FRAME - IMAGE


def make(
    *steps: Step,
    listener: Listener | None = None,
    patches: tuple[int, ...] = (1, 2, 3, 4, 5, 6),
    profile: Profile = Profile.ZVM,
) -> ScenarioRunner:
    """Something that carries out *steps* after the boot, on a machine of 2 MB with two CPUs."""
    scenario = Scenario(
        description="test",
        machine=MachineSettings(pages=PAGES, cpus=2),
        kernel=KernelSettings(patches=patches, image_pages=IMAGE),
        host=HostSettings(),
        files=(File(name="data", pages=100), File(name="large", pages=1000)),
        trees=(Tree(name="tree", files=40, directories=3, median_bytes=6000),),
        steps=(Boot(), *steps),
    )
    return ScenarioRunner(scenario, Machine(PAGES << 12, cpus=2, profile=profile), listener)


def numbers(*steps: Step) -> dict[str, int]:
    """What can be counted after *steps*."""
    runner = make(*steps, Table(name="end"))
    return runner.run().points[-1].numbers
