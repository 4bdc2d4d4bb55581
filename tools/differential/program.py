# SPDX-License-Identifier: GPL-2.0-or-later
"""A program of the differential driver: instructions, and all that the machine starts from."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Final

from emu.addresses import PAGE_SIZE
from emu.configuration import MEGABYTE
from emu.isa.disassembler import disassemble
from tools.differential.layout import MEGABYTES, PREFIXES
from tools.differential.lines import from_json, require_instructions, require_widths

_WIDTHS: Final = (
    ("mask", 1, 64),
    ("registers", 16, 64),
    ("vectors", 32, 128),
    ("access", 16, 32),
    ("fpc", 1, 32),
    ("cr0", 1, 64),
    ("events", 3, 64),
)
"""How many values fields have, and their bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomProgram:
    """What is run; everything that a run depends on is in it."""

    seed: int
    """Of the random numbers that it was made of, and that the slices are made of."""
    instructions: tuple[str, ...]
    """In hexadecimal, one behind the other."""
    start: int
    """The address of the first, a real one: each CPU has its own where that is in the prefix area."""
    targets: tuple[str, ...] = ()
    """Instructions for EXECUTE, eight bytes apart."""
    mask: int
    """Bits 0-63 of the PSW."""
    registers: tuple[int, ...] = (0,) * 16
    """The general registers."""
    vectors: tuple[int, ...] = (0,) * 32
    """The vector registers; bits 0-63 of the first sixteen are the floating-point registers."""
    access: tuple[int, ...] = (0,) * 16
    """The access registers."""
    fpc: int = 0
    """The floating-point-control register."""
    cr0: int = 0
    """Control register 0."""
    events: tuple[int, int, int] = (0, 0, 0)
    """Control registers 9 to 11: what PER records."""
    keys: dict[int, int] = dataclasses.field(default_factory=dict)
    """Storage keys, by absolute page."""
    states: dict[int, int] = dataclasses.field(default_factory=dict)
    """Page states, by absolute page."""
    data: dict[int, str] = dataclasses.field(default_factory=dict)
    """Bytes in hexadecimal, by absolute address."""
    cpus: int = 1
    profile: str = "zvm"
    frames: int | None = None
    """How many frames a host that pages has beyond the fewest that do; None: every page has a frame."""
    turn: int = 0
    """The units of work after which the turn of the first CPU ends; zero: as usual."""
    timers: tuple[int, int] = ((1 << 64) - 1, 1 << 60)
    """The clock comparator as distance from the TOD clock, and the CPU timer."""
    budget: int = 32
    """Instructions that are executed at most."""

    def __post_init__(self) -> None:
        """Refuse what no machine can be set to.

        :raises ValueError: naming the field.
        """
        require_widths(self, _WIDTHS)
        require_instructions(self, "instructions", "targets")
        pages = MEGABYTES * MEGABYTE // PAGE_SIZE
        if not all(0 <= page < pages for page in (*self.keys, *self.states)):
            raise ValueError(f"keys, states: expected pages below {pages:#x}")
        ends = [(self.start, 1), *((address, len(bytes.fromhex(data))) for address, data in self.data.items())]
        if not all(0 <= address <= pages * PAGE_SIZE - length for address, length in ends):
            raise ValueError(f"start, data: expected addresses below {pages * PAGE_SIZE:#x}")
        if self.profile not in ("zvm", "kvm") or not 1 <= self.cpus <= len(PREFIXES) or self.budget < 1:
            raise ValueError(f"expected the profile zvm or kvm, 1 to {len(PREFIXES)} CPUs, and a budget")
        if self.turn < 0 or not 0 <= (self.frames or 0) <= pages:
            raise ValueError("turn, frames: expected none below zero, and no more frames than pages")

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(dataclasses.asdict(self), separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str) -> RandomProgram:
        """The program in a line of JSON.

        :raises ValueError: if there is none in it.
        """
        return from_json(cls, line, "program")

    def addresses(self) -> list[int]:
        """Where each instruction begins, and the end of the last."""
        found = [self.start]
        for each in self.instructions:
            found.append(found[-1] + len(each) // 2)
        return found

    def listing(self) -> list[str]:
        """The instructions, disassembled, and the values that differ from none."""
        lines = [
            f"  {address:x}  {each:<14}{disassemble(bytes.fromhex(each), address)}"
            for address, each in zip(self.addresses(), self.instructions, strict=False)
        ]
        lines += [
            f"  target {number}  {each:<14}{disassemble(bytes.fromhex(each))}"
            for number, each in enumerate(self.targets)
        ]
        plain = RandomProgram(seed=0, instructions=(), start=0, mask=0)
        settings = [
            f"{each.name}={_shown(getattr(self, each.name))}"
            for each in dataclasses.fields(self)
            if each.name not in ("instructions", "targets", "vectors", "data")
            and getattr(self, each.name) != getattr(plain, each.name)
        ]
        return [*lines, "  " + " ".join(settings)]


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ",".join(_shown(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key:x}:{_shown(each)}" for key, each in value.items()) + "}"
    return f"{value:x}" if isinstance(value, int) else str(value)
