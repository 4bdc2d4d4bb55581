# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios: a machine, a kernel, files, and the steps that it takes, with what is expected of them.

A scenario is data and depends on nothing but itself: no clock, no chance.
:mod:`guest_kernel.scripted.scenarios.scenario_file` reads scenarios from TOML, where the fields have the same names,
and :mod:`guest_kernel.scripted.scenarios.runner` carries them out.  All sizes are in pages of 4 KiB unless they say
otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emu.input_files.toml_tables import Origin
from guest_kernel.scripted.scenarios.forecast import Forecast
from guest_kernel.scripted.scenarios.settings import (
    PAGES_OF_A_MEGABYTE,
    CompareSettings,
    File,
    HostSettings,
    KernelSettings,
    MachineSettings,
    ScenarioError,
    Tree,
    choice,
    require,
)
from guest_kernel.scripted.scenarios.slab import SLAB_GROUP
from guest_kernel.scripted.scenarios.steps.catalogue import STEPS
from guest_kernel.scripted.scenarios.steps.files import Grep, Read, Reclaim, Truncate, Write, Writeback
from guest_kernel.scripted.scenarios.steps.hosting import Discard, ResizeHost, TakeFrame
from guest_kernel.scripted.scenarios.steps.mappings import Mlock, Mmap, Mprotect, Munlock, Munmap, Remap
from guest_kernel.scripted.scenarios.steps.memory import Allocate, Boot, Free, Tick, Touch, Verify
from guest_kernel.scripted.scenarios.steps.points import Expect, Mark, Note, Table
from guest_kernel.scripted.scenarios.steps.processes import Fork, Process, ProcessExit, ProcessLoad, ProcessStore
from guest_kernel.scripted.scenarios.steps.step import Step
from guest_kernel.scripted.scenarios.steps.suspension import Resume

__all__ = [
    "PAGES_OF_A_MEGABYTE",
    "SLAB_GROUP",
    "STEPS",
    "Allocate",
    "Boot",
    "CompareSettings",
    "Discard",
    "Expect",
    "File",
    "Fork",
    "Free",
    "Grep",
    "HostSettings",
    "KernelSettings",
    "MachineSettings",
    "Mark",
    "Mlock",
    "Mmap",
    "Mprotect",
    "Munlock",
    "Munmap",
    "Note",
    "Process",
    "ProcessExit",
    "ProcessLoad",
    "ProcessStore",
    "Read",
    "Reclaim",
    "Remap",
    "ResizeHost",
    "Resume",
    "Scenario",
    "ScenarioError",
    "Step",
    "Table",
    "TakeFrame",
    "Tick",
    "Touch",
    "Tree",
    "Truncate",
    "Verify",
    "Write",
    "Writeback",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All of it.

    :raises ScenarioError: if its parts do not fit each other.
    """

    description: str
    machine: MachineSettings
    steps: tuple[Step, ...]
    kernel: KernelSettings = field(default_factory=KernelSettings)
    host: HostSettings | None = None
    compare: CompareSettings | None = None
    files: tuple[File, ...] = ()
    trees: tuple[Tree, ...] = ()
    origin: Origin[ScenarioError] = field(default=Origin("scenario", ScenarioError), compare=False)

    def __post_init__(self) -> None:
        self._require_unique_names()
        if not self.steps or not isinstance(self.steps[0], Boot):
            raise self.step_error(1, "expected boot as the first step", "do")
        forecast = Forecast(self.host, self.files, self.trees)
        for number, step in enumerate(self.steps, 1):
            try:
                require("cpu", step.cpu, 0, self.machine.cpus - 1)
                forecast.begin(number, step.cpu, needs_cpu=not (step.only_looks or step.resumes))
                step.check(forecast)
            except ScenarioError as reason:
                raise self.step_error(number, reason.text, reason.field) from None
        for cpu, number in forecast.suspended.items():
            raise self.step_error(number, f"CPU {cpu} is still in the middle of it at the end", "until")

    def step_error(self, number: int, text: str, field: str = "") -> ScenarioError:
        """The error *text* about *field* of step *number*, from 1."""
        what = self.steps[number - 1].do if number <= len(self.steps) else ""
        return self.origin.error(text, "step", number, field=field, what=what)

    def _require_unique_names(self) -> None:
        tables = {number: step.name for number, step in enumerate(self.steps, 1) if isinstance(step, Table)}
        for kind, names in (
            ("file", {number: file.name for number, file in enumerate(self.files, 1)}),
            ("tree", {number: tree.name for number, tree in enumerate(self.trees, 1)}),
            ("step", tables),
        ):
            seen: set[str] = set()
            for number, name in names.items():
                if name in seen:
                    what = self.steps[number - 1].do if kind == "step" else ""
                    raise self.origin.error(f"another {kind} is called {name!r}", kind, number, field="name", what=what)
                seen.add(name)

    def file(self, name: str) -> File:
        """The file *name*.

        :raises ScenarioError: if there is none.
        """
        found = next((each for each in self.files if each.name == name), None)
        if found is None:
            raise ScenarioError(f"no file is called {name!r}{choice([each.name for each in self.files])}", "file")
        return found

    def tree(self, name: str) -> Tree:
        """The tree *name*.

        :raises ScenarioError: if there is none.
        """
        found = next((each for each in self.trees if each.name == name), None)
        if found is None:
            raise ScenarioError(f"no tree is called {name!r}{choice([each.name for each in self.trees])}", "tree")
        return found
