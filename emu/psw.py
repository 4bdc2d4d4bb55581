# SPDX-License-Identifier: GPL-2.0-or-later
"""The program-status word (PoP chapter 4, "Program-Status-Word Format")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from emu.bits import bit, bits, field

PER: Final = bit(1)
DAT: Final = bit(5)
IO_MASK: Final = bit(6)
EXTERNAL_MASK: Final = bit(7)
KEY: Final = bits(8, 11)
MACHINE_CHECK_MASK: Final = bit(13)
ANY_INTERRUPTION: Final = IO_MASK | EXTERNAL_MASK | MACHINE_CHECK_MASK
"""The masks of all classes of interruption that the PSW can hold off."""
WAIT: Final = bit(14)
PROBLEM_STATE: Final = bit(15)
ADDRESS_SPACE_CONTROL: Final = bits(16, 17)
CONDITION_CODE: Final = bits(18, 19)
PROGRAM_MASK: Final = bits(20, 23)
DECIMAL_OVERFLOW: Final = bit(21)
HFP_EXPONENT_UNDERFLOW: Final = bit(22)
HFP_SIGNIFICANCE: Final = bit(23)
"""These are in the program mask."""
EXTENDED_ADDRESSING: Final = bit(31)
BASIC_ADDRESSING: Final = bit(32)
ADDRESSING_MODE: Final = EXTENDED_ADDRESSING | BASIC_ADDRESSING
SHORT_FORMAT: Final = bit(12)
"""One in the eight-byte form that LPSW loads, zero in the sixteen-byte form."""

_ZEROS: Final = bit(0) | bits(2, 4) | SHORT_FORMAT | bits(24, 30) | bits(33, 63)
"""Bits that must be zero; bit 24 is reserved as well, since runtime instrumentation is not provided."""

ADDRESS_24: Final = (1 << 24) - 1
ADDRESS_31: Final = (1 << 31) - 1
ADDRESS_64: Final = (1 << 64) - 1


class AddressSpaceControl(IntEnum):
    """PSW bits 16 and 17."""

    PRIMARY = 0
    ACCESS_REGISTER = 1
    SECONDARY = 2
    HOME = 3


@dataclass(frozen=True, slots=True)
class Psw:
    """A sixteen-byte z/Architecture PSW: *mask* is bits 0-63, *address* bits 64-127."""

    mask: int
    address: int

    @classmethod
    def from_bytes(cls, data: bytes) -> Psw:
        """The PSW stored in sixteen bytes."""
        return cls(int.from_bytes(data[:8], "big"), int.from_bytes(data[8:16], "big"))

    @classmethod
    def from_short(cls, word: int) -> Psw:
        """The PSW that LPSW makes of a doubleword: bit 12 inverted, bits 33-63 taken as the address."""
        return cls((word ^ SHORT_FORMAT) & ~ADDRESS_31, word & ADDRESS_31)

    def to_bytes(self) -> bytes:
        """The sixteen bytes that an interruption stores."""
        return self.mask.to_bytes(8, "big") + self.address.to_bytes(8, "big")

    @property
    def key(self) -> int:
        """The access key, 0 to 15."""
        return field(self.mask, 8, 11)

    @property
    def address_space_control(self) -> AddressSpaceControl:
        return AddressSpaceControl(field(self.mask, 16, 17))

    @property
    def address_limit(self) -> int:
        """The mask that the addressing mode puts on an address: 24, 31 or 64 one bits."""
        return address_limit(self.mask)

    def is_enabled(self, mask: int) -> bool:
        """Whether any of the bits *mask* is one."""
        return bool(self.mask & mask)

    def has_early_exception(self) -> bool:
        """Whether loading this PSW gives an early specification exception (PoP 6, "Early Exception Recognition")."""
        return has_early_exception(self.mask, self.address)

    def __str__(self) -> str:
        return f"{self.mask:016x} {self.address:016x}"


def has_early_exception(mask: int, address: int) -> bool:
    """Whether a PSW of *mask* and *address* gives one when it is loaded; the condition code may be left out."""
    if mask & _ZEROS:
        return True
    if mask & ADDRESSING_MODE == EXTENDED_ADDRESSING:
        return True
    return address > address_limit(mask)


def are_operands_apart(mask: int) -> bool:
    """Whether with the PSW mask *mask* operands are not in the space that instructions come from.

    PoP 3, "Translation Modes".
    """
    apart = (AddressSpaceControl.SECONDARY, AddressSpaceControl.ACCESS_REGISTER)
    return bool(mask & DAT) and field(mask, 16, 17) in apart


def address_limit(mask: int) -> int:
    """The address mask of the addressing mode in the PSW mask *mask*."""
    if mask & EXTENDED_ADDRESSING:
        return ADDRESS_64
    return ADDRESS_31 if mask & BASIC_ADDRESSING else ADDRESS_24
