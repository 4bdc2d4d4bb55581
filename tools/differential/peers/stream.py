# SPDX-License-Identifier: GPL-2.0-or-later
"""A stream of instructions with all that it starts from, and its record, from which a driver executes it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from emu.isa.disassembler import disassemble
from emu.isa.opcodes import Opcode
from tools.differential.lines import from_json, require_instructions, require_widths
from tools.differential.peers import layout


class RecordFields:
    """Where the fields are in a record."""

    PSW: Final = 0
    FPC: Final = 16
    PATCHES: Final = 24
    """A real address and a doubleword for each."""
    GENERAL: Final = 128
    ACCESS: Final = 256
    CODE: Final = 320
    TARGETS: Final = 448
    PLACE: Final = 480
    """The real address of the code."""
    CONTROL_0: Final = 488
    VECTORS: Final = 512


_WIDTHS: Final = (
    ("mask", 1, 64),
    ("registers", 16, 64),
    ("vectors", 32, 128),
    ("access", 16, 32),
    ("fpc", 1, 32),
    ("cr0", 1, 64),
)
"""How many values fields have, and their bits."""
BRANCH_BACK: Final = "a714ff"
"""How the branch begins that repeats an instruction while it has processed a part only."""
_MOST_TARGETS: Final = 4
EXECUTE: Final = Opcode(0x44)
EXECUTE_RELATIVE: Final = Opcode(0xC6, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What is executed; everything that an execution depends on is in it."""

    seed: int
    instructions: tuple[str, ...]
    """In hexadecimal, one behind the other."""
    mask: int
    """Bits 0-63 of the PSW."""
    start: int = layout.CODE
    targets: tuple[str, ...] = ()
    """Instructions for EXECUTE."""
    registers: tuple[int, ...] = (0,) * 16
    vectors: tuple[int, ...] = (0,) * 32
    """The vector registers; bits 0-63 of the first sixteen are the floating-point registers."""
    access: tuple[int, ...] = (0,) * 16
    fpc: int = 0
    cr0: int = 0
    data: Mapping[int, str] = dataclasses.field(default_factory=dict)
    """Doublewords in hexadecimal, by virtual address."""

    def __post_init__(self) -> None:
        """Refuse what no driver can set.

        :raises ValueError: naming the field.
        """
        require_widths(self, _WIDTHS)
        require_instructions(self, "instructions", "targets")
        if sum(map(len, self.instructions)) // 2 > layout.CODE_BYTES - 8 or len(self.targets) > _MOST_TARGETS:
            raise ValueError(f"expected at most {layout.CODE_BYTES - 8} bytes of code and {_MOST_TARGETS} targets")
        if not layout.CODE <= self.start <= layout.TARGETS - layout.CODE_BYTES or self.start % 2:
            raise ValueError(f"start: expected an even address from {layout.CODE:#x} on")
        if len(self.data) > layout.PATCHES:
            raise ValueError(f"data: expected at most {layout.PATCHES} doublewords")
        for address, value in self.data.items():
            if address & ~0xFFF not in layout.DATA or address % 8 or len(value) != 16:
                raise ValueError(f"data: expected doublewords of the pages that there are, not {address:#x}")
            bytes.fromhex(value)

    def record(self, unused: int | None = None) -> bytes:
        """The record of it.

        :param unused: where patches go that are none, if the driver uses virtual addresses; None: it uses real ones.
        """
        code = bytes.fromhex("".join(self.instructions))
        code = code.ljust(layout.CODE_BYTES, b"\0")
        patches = [
            (_frame(address) if unused is None else address, bytes.fromhex(value))
            for address, value in self.data.items()
        ]
        patches += [(layout.UNUSED if unused is None else unused, bytes(8))] * (layout.PATCHES - len(patches))
        targets = [bytes.fromhex(each).ljust(8, b"\0") for each in self.targets]
        targets += [bytes.fromhex("0700") + bytes(6)] * (_MOST_TARGETS - len(targets))
        parts = {
            RecordFields.PSW: _words(self.mask, self.start),
            RecordFields.FPC: self.fpc.to_bytes(4, "big"),
            RecordFields.PATCHES: b"".join(_words(place) + value for place, value in patches),
            RecordFields.GENERAL: _words(*self.registers),
            RecordFields.ACCESS: b"".join(each.to_bytes(4, "big") for each in self.access),
            RecordFields.CODE: code,
            RecordFields.TARGETS: b"".join(targets),
            RecordFields.PLACE: _words(self.start),
            RecordFields.CONTROL_0: _words(self.cr0),
            RecordFields.VECTORS: b"".join(each.to_bytes(16, "big") for each in self.vectors),
        }
        record = bytearray(layout.RECORD_BYTES)
        for place, content in parts.items():
            record[place : place + len(content)] = content
        return bytes(record)

    def opcodes(self) -> frozenset[Opcode]:
        """The opcodes in it, those of targets if it has an EXECUTE."""
        found = {Opcode.of(bytes.fromhex(each)) for each in self.instructions}
        if not found.isdisjoint((EXECUTE, EXECUTE_RELATIVE)):
            found |= {Opcode.of(bytes.fromhex(each)) for each in self.targets}
        return frozenset(found)

    @property
    def end(self) -> int:
        """The address behind the last instruction."""
        return self.start + sum(map(len, self.instructions)) // 2

    @property
    def ends_in_branch_back(self) -> bool:
        """Whether the last instruction only repeats the one before it."""
        return len(self.instructions) > 1 and self.instructions[-1].startswith(BRANCH_BACK)

    def to_line(self) -> str:
        """One line of JSON, without what is zero."""
        plain = Stream(seed=0, instructions=(), mask=0)
        kept = {
            name: value
            for name, value in dataclasses.asdict(self).items()
            if name in ("seed", "instructions", "mask") or value != getattr(plain, name)
        }
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str) -> Stream:
        """The stream in a line of JSON.

        :raises ValueError: if there is none in it.
        """
        return from_json(cls, line, "stream")

    def listing(self) -> list[str]:
        """The instructions, disassembled, and what it starts from."""
        lines, address = [], self.start
        for each in self.instructions:
            code = bytes.fromhex(each)
            lines.append(f"{address:x}  {each:<14}{disassemble(code, address)}")
            address += len(code)
        lines += [
            f"target {number}  {each:<14}{disassemble(bytes.fromhex(each))}" for number, each in enumerate(self.targets)
        ]
        registers = {
            name: {number: value for number, value in enumerate(getattr(self, name)) if value}
            for name in ("registers", "access", "vectors")
        }
        settings = [f"mask={self.mask:016x}", f"cr0={self.cr0:x}", f"fpc={self.fpc:08x}"]
        settings += [
            f"{name[0]}{number}={value:x}" for name, values in registers.items() for number, value in values.items()
        ]
        settings += [f"{address:x}:{value}" for address, value in self.data.items()]
        return [*lines, " ".join(settings)]


def _words(*values: int) -> bytes:
    return b"".join(value.to_bytes(8, "big") for value in values)


def _frame(address: int) -> int:
    """The real address of a virtual one of the data."""
    return layout.FRAMES + 0x1000 * layout.DATA.index(address & ~0xFFF) + (address & 0xFFF)
