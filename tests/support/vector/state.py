# SPDX-License-Identifier: GPL-2.0-or-later
"""What vector instructions see, and how the reference model of the vector facility is written.

The instructions are written down from the Principles of Operation chapters 21 to 24; nothing is shared with the
machine.  A register is an integer of 128 bits, an element an unsigned one; *es* is the logarithm of its size in bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

REGISTER_BITS: Final = 128
OPERATION: Final = 1
SPECIFICATION: Final = 6
VECTOR_PROCESSING: Final = 0x1B
EQUAL: Final = 0
LOW: Final = 1
HIGH: Final = 2

SIZES: Final = range(4)
WITH_QUADWORD: Final = range(5)
SMALL: Final = range(3)

Fields = dict[str, int]


class Recognised(Exception):  # noqa: N818 - the manual's word for a program interruption that is due
    """A program interruption: its code, and the VXC if it has one."""

    def __init__(self, code: int, vxc: int | None = None) -> None:
        super().__init__(code, vxc)
        self.code = code
        self.vxc = vxc


@dataclass
class State:
    """What vector instructions see."""

    v: list[int]
    gr: list[int]
    fpc: int = 0
    cc: int = 0
    storage: dict[int, int] = field(default_factory=dict)
    """The byte at each address."""
    unpredictable: set[int] = field(default_factory=set)
    """Bytes of the result that the manual leaves open."""

    def load(self, address: int, length: int) -> int:
        return int.from_bytes(bytes(self.storage[address + index] for index in range(length)), "big")

    def store(self, address: int, length: int, value: int) -> None:
        for index, byte in enumerate(value.to_bytes(length, "big")):
            self.storage[address + index] = byte

    def address(self, fields: Fields) -> int:
        """The operand address of the fields b2, d2 and x2, in 64-bit mode."""
        total = fields["d2"]
        for name in ("b2", "x2"):
            if fields.get(name):
                total += self.gr[fields[name]]
        return total & (1 << 64) - 1


Execute = Callable[[State, Fields], None]


@dataclass(frozen=True)
class VectorInstruction:
    """An instruction: *sizes* are the values of the mask field *size* that are not reserved."""

    opcode: int
    name: str
    form: str
    execute: Execute
    size: str = ""
    sizes: tuple[int, ...] = ()


INSTRUCTIONS: Final[dict[str, VectorInstruction]] = {}


def define(
    opcode: int, name: str, form: str, size: str = "", sizes: range | tuple[int, ...] = ()
) -> Callable[[Execute], Execute]:
    """Enter the decorated function; another value of field *size* than *sizes* is a specification exception."""

    def enter(function: Execute) -> Execute:
        def execute(state: State, fields: Fields) -> None:
            if size and fields[size] not in sizes:
                raise Recognised(SPECIFICATION)
            function(state, fields)

        INSTRUCTIONS[name] = VectorInstruction(0xE700 | opcode, name, form, execute, size, tuple(sizes))
        return function

    return enter


# Elements


def bits(es: int) -> int:
    return 8 << es


def split(value: int, es: int) -> list[int]:
    width = bits(es)
    return [value >> shift & (1 << width) - 1 for shift in range(REGISTER_BITS - width, -1, -width)]


def join(elements: list[int], es: int) -> int:
    value = 0
    for element in elements:
        value = value << bits(es) | element & (1 << bits(es)) - 1
    return value


def signed(value: int, es: int) -> int:
    return value - (value >> bits(es) - 1 << bits(es))


def all_ones(es: int) -> int:
    return (1 << bits(es)) - 1


def cc_of_all(truths: list[bool]) -> int:
    return 0 if all(truths) else 1 if any(truths) else 3
