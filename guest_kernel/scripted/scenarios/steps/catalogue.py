# SPDX-License-Identifier: GPL-2.0-or-later
"""All steps by their names in scenario files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.scenarios.steps.files import Grep, Read, Reclaim, Truncate, Write, Writeback
from guest_kernel.scripted.scenarios.steps.hosting import Discard, ResizeHost, TakeFrame
from guest_kernel.scripted.scenarios.steps.mappings import Mlock, Mmap, Mprotect, Munlock, Munmap, Remap
from guest_kernel.scripted.scenarios.steps.memory import Allocate, Boot, Free, Tick, Touch, Verify
from guest_kernel.scripted.scenarios.steps.points import Expect, Mark, Note, Table
from guest_kernel.scripted.scenarios.steps.processes import Fork, Process, ProcessExit, ProcessLoad, ProcessStore
from guest_kernel.scripted.scenarios.steps.suspension import Resume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guest_kernel.scripted.scenarios.steps.step import Step

_OF_THE_KERNEL: Final = (Boot, Allocate, Touch, Free, Verify, Tick, Reclaim)
_OF_FILES: Final = (Read, Write, Writeback, Truncate, Grep)
_OF_MAPPINGS: Final = (Mmap, Remap, Mprotect, Mlock, Munlock, Munmap)
_OF_PROCESSES: Final = (Process, *_OF_MAPPINGS, ProcessLoad, ProcessStore, Fork, ProcessExit)
_OF_THE_HOST: Final = (ResizeHost, Discard, TakeFrame)
_LOOKING: Final = (Table, Expect, Mark, Note, Resume)
STEPS: Final[Mapping[str, type[Step]]] = {
    kind.do: kind for kind in (*_OF_THE_KERNEL, *_OF_FILES, *_OF_PROCESSES, *_OF_THE_HOST, *_LOOKING)
}
