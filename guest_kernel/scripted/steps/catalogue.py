# SPDX-License-Identifier: GPL-2.0-or-later
"""All steps by their names in scenario files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.steps.files import Grep, Read
from guest_kernel.scripted.steps.hosting import ResizeHost
from guest_kernel.scripted.steps.memory import Allocate, Boot, Free, Tick, Touch, Verify
from guest_kernel.scripted.steps.points import Expect, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guest_kernel.scripted.steps.step import Step

STEPS: Final[Mapping[str, type[Step]]] = {
    kind.do: kind for kind in (Boot, Allocate, Touch, Free, Verify, Read, Grep, Tick, ResizeHost, Table, Expect)
}
