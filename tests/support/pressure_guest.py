# SPDX-License-Identifier: GPL-2.0-or-later
"""The program ``pressure`` on a machine, with its pages and what it knows of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from emu.devices.console import ConsoleBuffer
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import CONTENT_MASK, DISCARDED, USAGE_MASK, Content, Profile, Usage
from emu.program import read_program
from emu.storage_keys import CHANGE
from guest_kernel.native.shipped import image_path

PASSED = 0xFFF
FAILED = 0
SMALL = "pages=200 rounds=1"
BUDGET = 20_000_000
TURN = 3_000
"""Instructions between two interventions from outside."""


class Kind(IntEnum):
    """What the guest does with a page: ``enum kind`` of the program."""

    FREE = 0
    ANONYMOUS = 1
    CACHE = 2
    MAPPED = 3
    SWAPPED = 4


CACHED = 0x04
"""In the flags: the page has a copy of its file page."""
GIVEN = 0x10
"""In the flags: the frame was given to the hypervisor."""
RECORD = 24
"""The size of ``struct page``; kind, key and flags are its bytes 20, 22 and 23."""


@dataclass(frozen=True)
class Page:
    """What the guest knows of one of its pages."""

    number: int
    """The absolute page number."""
    kind: Kind
    flags: int


class Guest:
    """A machine that runs the program."""

    def __init__(self, command_line: str, *, cpus: int = 1, profile: Profile = Profile.ZVM, memory: int = 4) -> None:
        self.machine = Machine(memory * MEGABYTE, cpus=cpus, profile=profile)
        self.console = self.machine.sclp.console = ConsoleBuffer()
        read_program(image_path("pressure")).load(self.machine, command_line)
        self.address: int | None = None
        """Where it waits in the end; None as long as it runs."""

    def go_on(self, instructions: int = BUDGET) -> bool:
        """Run on; say whether the program is still running."""
        stop = self.machine.run(instructions)
        if stop.kind is not StopKind.BUDGET:
            assert stop.kind is StopKind.DISABLED_WAIT, f"{stop}\n{self.text}"
            self.address = stop.psw.address
        return self.address is None

    def run(self, outside: Callable[[], None] = lambda: None, turn: int = BUDGET) -> None:
        """Run to the end, calling *outside* every *turn* instructions."""
        for _ in range(BUDGET // turn):
            if not self.go_on(turn):
                return
            outside()
        pytest.fail(f"the program does not end:\n{self.text}")

    def run_until(self, phase: str) -> None:
        """Run until *phase* has ended."""
        while f"{phase}: " not in self.text.partition("\n")[2]:
            assert self.go_on(TURN), self.text

    @property
    def text(self) -> str:
        return bytes(self.console.data).decode("ascii")

    @property
    def failures(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.startswith("  FAIL")]

    @property
    def figures(self) -> dict[str, int]:
        """The totals at the end, by name."""
        return {name: int(number) for name, number in re.findall(r"^([a-z-]+) (\d+)$", self.text, re.MULTILINE)}

    def pages(self) -> list[Page]:
        """The pages, as the guest's table has them."""
        read = self.machine.storage.read_integer
        table, area = (read(symbol(name), 8) for name in ("pages", "area"))
        count = int(self.text.split()[1])
        records = [self.machine.storage.read(table + RECORD * number, RECORD) for number in range(count)]
        return [Page((area >> 12) + number, Kind(data[20]), data[23]) for number, data in enumerate(records)]

    def flip(self, page: int, offset: int = 0x123) -> None:
        """Change a bit of the content of *page*."""
        storage = self.machine.storage
        address = (page << 12) + offset
        storage.write_integer(address, 1, storage.read_integer(address, 1) ^ 0x10)

    def set_state(self, page: int, state: int) -> None:
        self.machine.states.bytes[page] = state
        self.machine.configuration.translations.flush_all()

    def squeeze(self) -> None:
        """Take away what the guest has allowed to be taken: unused, volatile, and unchanged potentially volatile."""
        states, keys = self.machine.states.bytes, self.machine.keys.bytes
        for page in range(MEGABYTE >> 12, len(states)):
            if states[page] & CONTENT_MASK:
                continue
            usage = states[page] & USAGE_MASK
            if usage == Usage.UNUSED:
                states[page] |= Content.ZERO
            elif usage == Usage.VOLATILE or (usage == Usage.POTENTIALLY_VOLATILE and not keys[page] & CHANGE):
                states[page] = DISCARDED
        self.machine.configuration.translations.flush_all()


def symbol(name: str) -> int:
    with image_path("pressure").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        found = table.get_symbol_by_name(name)
        assert found is not None
        return int(found[0]["st_value"])


def chosen(guest: Guest, kind: Kind) -> list[int]:
    """Some pages of *kind* that have their content."""
    pages = [page for page in guest.pages() if page.kind == kind]
    return [page.number for page in pages if kind is Kind.ANONYMOUS or page.flags & CACHED]
