# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of an absolute page: its state, where it is, its storage key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emu.addresses import PAGE_SHIFT
from emu.inspection.html import table
from emu.page_states import CONTENT_MASK, NO_DAT, USAGE_MASK, Content, Usage, name
from emu.storage_keys import CHANGE, FETCH_PROTECTION, REFERENCE

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu


@dataclass(frozen=True, slots=True)
class KeyView:
    """A storage key, as ISKE shows it (PoP 3, "Storage Key")."""

    value: int

    @property
    def fields(self) -> tuple[tuple[str, int], ...]:
        """Access-control bits, fetch protection, reference and change."""
        return (
            ("access", self.value >> 4),
            ("fetch protection", int(bool(self.value & FETCH_PROTECTION))),
            ("reference", int(bool(self.value & REFERENCE))),
            ("change", int(bool(self.value & CHANGE))),
        )

    def __str__(self) -> str:
        return f"key {self.value:02x}: {', '.join(f'{what} {value}' for what, value in self.fields)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return table(("key", *(what for what, _ in self.fields)), [(f"{self.value:02x}", *(v for _, v in self.fields))])


@dataclass(frozen=True, slots=True)
class PageView:
    """An absolute page: its number, its state byte, its key, and where it is in the words of the host."""

    page: int
    state: int
    key: KeyView
    place: str

    @property
    def usage(self) -> Usage:
        """What the guest has said of it."""
        return Usage(self.state & USAGE_MASK)

    @property
    def content(self) -> Content:
        """Where the host has it."""
        return Content(self.state & CONTENT_MASK)

    def state_in_words(self) -> str:
        """The state in full: usage, content, and no-DAT if the guest has said so."""
        words = f"{self.usage.name.lower().replace('_', ' ')}, {self.content.name.lower()}"
        return f"{words}, no-DAT" if self.state & NO_DAT else words

    def __str__(self) -> str:
        return (
            f"page {self.page:x} ({self.page << PAGE_SHIFT:x}): {name(self.state)}: {self.state_in_words()}; "
            f"{self.place}; {self.key}"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        row = (f"{self.page:x}", name(self.state), self.state_in_words(), self.place, f"{self.key.value:02x}")
        return table(("page", "state", "in words", "where", "key"), [row])


def view_page(configuration: Configuration[Cpu], page: int) -> PageView:
    """What is known of absolute *page*, which must exist."""
    return PageView(
        page,
        configuration.states.bytes[page],
        KeyView(configuration.keys.bytes[page]),
        configuration.hypervisor.place(page),
    )
