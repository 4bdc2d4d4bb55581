# SPDX-License-Identifier: GPL-2.0-or-later
"""What a general instruction sees and changes: registers, condition code, storage, PSW address.

This reference model is written from the Principles of Operation for the tests only.  It shares no code with the
machine, on purpose: what both have wrong is wrong in two ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

OPERATION: Final = 1
EXECUTE: Final = 3
PROTECTION: Final = 4
ADDRESSING: Final = 5
SPECIFICATION: Final = 6
DATA: Final = 7
FIXED_POINT_OVERFLOW: Final = 8
FIXED_POINT_DIVIDE: Final = 9

ADDRESS_MASKS: Final = {24: (1 << 24) - 1, 31: (1 << 31) - 1, 64: (1 << 64) - 1}
STORAGE_END: Final = 4 << 20


class Interruption(Exception):  # noqa: N818 - the manual's word
    """A program interruption with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class UnpredictableError(Exception):
    """The manual leaves open what happens, or the example leaves what the model knows of storage."""


def ones(width: int) -> int:
    """The number with *width* ones."""
    return (1 << width) - 1


def signed(value: int, width: int) -> int:
    """The low *width* bits of *value* as a signed number."""
    value &= ones(width)
    return value - (1 << width) if value >> width - 1 else value


@dataclass
class State:
    """The CPU and the part of storage that examples use, the *window*; other bytes of storage must not be touched."""

    gr: list[int]
    cc: int
    address: int
    """Of the instruction, or of the EXECUTE that it is the target of."""
    window: int
    storage: bytearray
    mode: int = 64
    overflow_mask: bool = False
    length: int = 0
    """Of the same."""
    place: int = 0
    """Of the instruction itself, from which relative operands count."""
    next: int = 0
    touched: dict[int, int] = field(default_factory=dict)
    """Bytes that were stored, by address."""

    # Registers

    def low(self, register: int) -> int:
        """Bits 32-63 of a general register."""
        return self.gr[register] & ones(32)

    def high(self, register: int) -> int:
        """Bits 0-31 of a general register."""
        return self.gr[register] >> 32

    def set_low(self, register: int, value: int) -> None:
        """Replace bits 32-63."""
        self.gr[register] = self.gr[register] & ~ones(32) | value & ones(32)

    def set_high(self, register: int, value: int) -> None:
        """Replace bits 0-31."""
        self.gr[register] = self.low(register) | (value & ones(32)) << 32

    def set_whole(self, register: int, value: int) -> None:
        """Replace all 64 bits."""
        self.gr[register] = value & ones(64)

    def set_pair(self, register: int, value: int) -> None:
        """A doubleword into bits 32-63 of an even-odd pair."""
        self.set_low(register, value >> 32)
        self.set_low(register + 1, value)

    def pair(self, register: int) -> int:
        """The doubleword in bits 32-63 of an even-odd pair."""
        return self.low(register) << 32 | self.low(register + 1)

    # Addresses

    def wrap(self, address: int) -> int:
        """*address* in the addressing mode."""
        return address & ADDRESS_MASKS[self.mode]

    def effective(self, base: int, displacement: int, index: int = 0) -> int:
        """B, D and X: register 0 stands for zero."""
        value = displacement
        value += self.gr[base] if base else 0
        value += self.gr[index] if index else 0
        return self.wrap(value)

    def register_address(self, register: int) -> int:
        """The address in a register, which may be register 0."""
        return self.wrap(self.gr[register])

    def set_address(self, register: int, address: int) -> None:
        """An updated address: bits 0-31 stay in the 24-bit and 31-bit modes; those above the address are zeros."""
        if self.mode == 64:
            self.gr[register] = self.wrap(address)
        else:
            self.set_low(register, self.wrap(address))

    def length_in(self, register: int) -> int:
        """A length in a register: 32 bits of it in the 24-bit and 31-bit modes."""
        return self.gr[register] if self.mode == 64 else self.low(register)

    def set_length(self, register: int, length: int) -> None:
        """An updated length."""
        if self.mode == 64:
            self.set_whole(register, length)
        else:
            self.set_low(register, length)

    # Storage

    def load_bytes(self, address: int, length: int) -> bytes:
        """*length* bytes at *address*."""
        return bytes(self._byte(self.wrap(address + number)) for number in range(length))

    def _byte(self, address: int) -> int:
        self._check(address)
        if address in self.touched:
            return self.touched[address]
        return self.storage[address - self.window]

    def _check(self, address: int) -> None:
        if address >= STORAGE_END:
            raise Interruption(ADDRESSING)
        if not self.window <= address < self.window + len(self.storage):
            raise UnpredictableError

    def load(self, address: int, width: int) -> int:
        """The number of *width* bits at *address*."""
        return int.from_bytes(self.load_bytes(address, width // 8), "big")

    def store_bytes(self, address: int, data: bytes) -> None:
        """Store *data*, all of it or nothing."""
        places = [self.wrap(address + number) for number in range(len(data))]
        for place in places:
            self._check(place)
        for place, byte in zip(places, data, strict=True):
            self.touched[place] = byte

    def store(self, address: int, value: int, width: int) -> None:
        """Store a number of *width* bits."""
        self.store_bytes(address, (value & ones(width)).to_bytes(width // 8, "big"))

    # Checks and endings

    def require(self, condition: bool) -> None:
        """Specification exception unless *condition*."""
        if not condition:
            raise Interruption(SPECIFICATION)

    def require_even(self, *registers: int) -> None:
        """Specification exception unless all *registers* are even."""
        self.require(not any(register & 1 for register in registers))

    def overflowed(self) -> None:
        """Condition code 3, and fixed-point overflow if the program mask asks for it."""
        self.cc = 3
        if self.overflow_mask:
            raise Interruption(FIXED_POINT_OVERFLOW)

    def branch(self, target: int) -> None:
        """Go on at *target*."""
        self.next = self.wrap(target)


@dataclass(frozen=True)
class Fields:
    """The fields of an instruction; those that it does not have are zero."""

    r1: int = 0
    r2: int = 0
    r3: int = 0
    m: int = 0
    m4: int = 0
    x2: int = 0
    b1: int = 0
    d1: int = 0
    b2: int = 0
    d2: int = 0
    i: int = 0
    i3: int = 0
    i4: int = 0
    i5: int = 0
    l1: int = 0
    l2: int = 0


Function = Callable[[State, Fields], None]


@dataclass(frozen=True)
class General:
    """A general instruction of the model."""

    mnemonic: str
    format: str
    opcode: int
    function: Function


GENERAL: Final[dict[str, General]] = {}
"""All general instructions of the model, by mnemonic; filled by importing the other files here."""


def general(mnemonic: str, form: str, opcode: int) -> Callable[[Function], Function]:
    """Declare the decorated function to be the instruction *mnemonic*."""

    def declare(function: Function) -> Function:
        enter(mnemonic, form, opcode, function)
        return function

    return declare


def enter(mnemonic: str, form: str, opcode: int, function: Function) -> None:
    """Declare *function* to be the instruction *mnemonic*."""
    assert mnemonic not in GENERAL, mnemonic
    GENERAL[mnemonic] = General(mnemonic, form, opcode, function)
