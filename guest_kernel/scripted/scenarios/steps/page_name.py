# SPDX-License-Identifier: GPL-2.0-or-later
"""How a scenario names a single page: ``data:5``, ``shell@0x2000_0000``, ``free``, or a name that it has been given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.dat import PAGE_TABLE_ORIGIN, REGION_INVALID, TABLE_ORIGIN
from guest_kernel.scripted.mm.pgtable import PTE_EMPTY, pte_page, pte_present
from guest_kernel.scripted.scenarios.settings import ScenarioError, choice
from guest_kernel.scripted.state.page_table import SEGMENT_SHIFT, TASK_SIZE

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.forecast import Forecast
    from guest_kernel.scripted.scenarios.world import World
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct, Page

FREE: Final = "free"
"""The page that the page cache gets next on the CPU of the step."""
FORMS: Final = "FILE:INDEX, PROCESS@ADDRESS, free, or a name given by mark"


@dataclass(frozen=True, slots=True)
class PageName:
    """A page by its name: of a *file*, of a *process*, or neither."""

    name: str
    file: str | None = None
    process: str | None = None
    number: int = 0
    """The index in the file, or the address."""

    @classmethod
    def parse(cls, text: str) -> PageName:
        """The page that *text* names.

        :raises ScenarioError: if it names none.
        """
        for mark in ":@":
            owner, _, number = text.rpartition(mark)
            value = _number(number) if owner else None
            if value is not None:
                return cls(text, owner, None, value) if mark == ":" else cls(text, None, owner, value)
        if not text or not text.isprintable() or ":" in text or "@" in text:
            raise ScenarioError(f"expected {FORMS}, not {text!r}", "page")
        return cls(text)

    @staticmethod
    def is_taken(text: str) -> bool:
        """Whether *text* has a meaning already, so that no page can be given it as its name."""
        return text == FREE or ":" in text or "@" in text

    def check(self, forecast: Forecast) -> None:
        """Check that there may be such a page.

        :raises ScenarioError: if there cannot be.
        """
        if self.file is not None:
            if self.file not in forecast.files:
                raise ScenarioError(f"no file is called {self.file!r}{choice(list(forecast.files))}", "page")
            size = forecast.files[self.file]
            if self.number >= size:
                raise ScenarioError(f"{self.file!r} has {size:,} pages, and no page {self.number:,}", "page")
        elif self.process is not None:
            forecast.require_process(self.process, "page")
            if self.number % PAGE_SIZE or self.number >= TASK_SIZE:
                raise ScenarioError(f"expected the address of a page, not {self.number:#x}", "page")
        elif self.name != FREE and self.name not in forecast.marks:
            raise ScenarioError(f"no page is called {self.name!r}; expected {FORMS}", "page")

    def find(self, world: World, cpu: int) -> Page | None:
        """The page, or None: not cached, not mapped, or none is free on CPU *cpu*."""
        if self.file is not None:
            return world.files[self.file].pages.get(self.number)
        if self.process is not None:
            return mapped_page(world.kernel, world.processes[self.process], self.number)
        if self.name == FREE:
            pages = world.kernel.zone.per_cpu[cpu]
            return pages[-1] if pages else None
        return world.marks[self.name]


def _number(text: str) -> int | None:
    """The index or address that *text* means, if it means one."""
    try:
        value = int(text, 0)
    except ValueError:
        return None
    return value if 0 <= value < TASK_SIZE else None


def mapped_page(kernel: Kernel, mm: MmStruct, address: int) -> Page | None:
    """The page that a process has mapped at *address*, looked up without any effect; None if there is none."""

    def look(at: int) -> int:
        content = kernel.machine.hypervisor.content(at >> PAGE_SHIFT)
        offset = at % PAGE_SIZE
        return 0 if content is None else int.from_bytes(content[offset : offset + 8], "big")

    entry = look((mm.table.asce & TABLE_ORIGIN) + 8 * (address >> 31))
    if not entry & REGION_INVALID:
        entry = look((entry & TABLE_ORIGIN) + 8 * (address >> SEGMENT_SHIFT & 0x7FF))
    pte = PTE_EMPTY
    if not entry & REGION_INVALID:
        pte = look((entry & PAGE_TABLE_ORIGIN) + 8 * (address >> PAGE_SHIFT & 0xFF))
    return pte_page(kernel, pte) if pte_present(pte) else None
