# SPDX-License-Identifier: GPL-2.0-or-later
"""The decimal instructions (PoP chapter 8): AP, CP, DP, ED, EDMK, MP, SP, SRP and ZAP.

Unicorn 2.1.4 lacks them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import insert, signed
from emu.isa import packed_decimal
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import SS_A, SS_B, SS_C
from emu.program_interruption import DXC_OPERAND, ProgramInterruption, ProgramInterruptionCode, data_exception
from emu.psw import ADDRESS_31, DECIMAL_OVERFLOW
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode
_LONGEST_SECOND: Final = 8
"""Bytes that a multiplier or divisor may have."""


def _first_address(cpu: Cpu, operands: Operands) -> int:
    return cpu.effective_address(operands.b1, operands.d1)


def _second(cpu: Cpu, operands: Operands) -> bytes:
    return access.load(cpu, cpu.effective_address(operands.b2, operands.d2), operands.l2 + 1)


def _target(cpu: Cpu, operands: Operands) -> bytes:
    """The first operand, which is going to be replaced.

    :raises ProgramInterruption: access exceptions, of fetching and of storing it.
    """
    address, length = _first_address(cpu, operands), operands.l1 + 1
    access.probe(cpu, address, length, Access.STORE)
    return access.load(cpu, address, length)


def _sign_condition_code(value: int) -> int:
    return 0 if not value else 1 if value < 0 else 2


def _store_result(cpu: Cpu, operands: Operands, value: int) -> None:
    """Store *value* in the first operand and set the condition code.

    :raises ProgramInterruption: decimal overflow, completing, if digits are lost and the program mask asks for it.
    """
    length = operands.l1 + 1
    overflow = abs(value) >= 10 ** (2 * length - 1)
    access.store(cpu, _first_address(cpu, operands), packed_decimal.pack(abs(value), value < 0, length))
    cpu.cc = 3 if overflow else _sign_condition_code(value)
    if overflow and cpu.psw.mask & DECIMAL_OVERFLOW:
        raise ProgramInterruption(_Code.DECIMAL_OVERFLOW)


@instruction(0xFA, "AP", SS_B, "ADD DECIMAL")
def ap(cpu: Cpu, operands: Operands) -> None:
    """Add the second operand to the first.

    :raises ProgramInterruption: access exceptions; data; decimal overflow.
    """
    second = _second(cpu, operands)
    first = _target(cpu, operands)
    _store_result(cpu, operands, packed_decimal.value(first) + packed_decimal.value(second))


@instruction(0xFB, "SP", SS_B, "SUBTRACT DECIMAL")
def sp(cpu: Cpu, operands: Operands) -> None:
    """Subtract the second operand from the first.

    :raises ProgramInterruption: access exceptions; data; decimal overflow.
    """
    second = _second(cpu, operands)
    first = _target(cpu, operands)
    _store_result(cpu, operands, packed_decimal.value(first) - packed_decimal.value(second))


@instruction(0xF8, "ZAP", SS_B, "ZERO AND ADD")
def zap(cpu: Cpu, operands: Operands) -> None:
    """Put the second operand in the first.

    :raises ProgramInterruption: access exceptions; data; decimal overflow.
    """
    second = _second(cpu, operands)
    access.probe(cpu, _first_address(cpu, operands), operands.l1 + 1, Access.STORE)
    _store_result(cpu, operands, packed_decimal.value(second))


@instruction(0xF9, "CP", SS_B, "COMPARE DECIMAL")
def cp(cpu: Cpu, operands: Operands) -> None:
    """Compare the operands.

    :raises ProgramInterruption: access exceptions; data.
    """
    first = access.load(cpu, _first_address(cpu, operands), operands.l1 + 1)
    second = _second(cpu, operands)
    cpu.cc = _sign_condition_code(packed_decimal.value(first) - packed_decimal.value(second))


def _check_lengths(operands: Operands) -> None:
    if operands.l2 >= _LONGEST_SECOND or operands.l2 >= operands.l1:
        raise ProgramInterruption(_Code.SPECIFICATION)


@instruction(0xFC, "MP", SS_B, "MULTIPLY DECIMAL")
def mp(cpu: Cpu, operands: Operands) -> None:
    """Multiply the first operand by the second; the condition code stays.

    :raises ProgramInterruption: specification for a multiplier of more than 8 bytes, or not shorter than the
        multiplicand; access exceptions; data, also if the multiplicand has fewer bytes of leading zeros than the
        multiplier has bytes.
    """
    _check_lengths(operands)
    second = _second(cpu, operands)
    first = _target(cpu, operands)
    multiplicand, first_negative = packed_decimal.unpack(first)
    multiplier, second_negative = packed_decimal.unpack(second)
    if any(first[: len(second)]):
        raise data_exception(DXC_OPERAND)
    product = packed_decimal.pack(multiplicand * multiplier, first_negative != second_negative, len(first))
    access.store(cpu, _first_address(cpu, operands), product)


@instruction(0xFD, "DP", SS_B, "DIVIDE DECIMAL")
def dp(cpu: Cpu, operands: Operands) -> None:
    """Divide the first operand by the second: it becomes quotient and remainder; the condition code stays.

    :raises ProgramInterruption: specification for a divisor of more than 8 bytes, or not shorter than the dividend;
        access exceptions; data; decimal divide for a zero divisor or a quotient that does not fit.
    """
    _check_lengths(operands)
    second = _second(cpu, operands)
    first = _target(cpu, operands)
    dividend, first_negative = packed_decimal.unpack(first)
    divisor, second_negative = packed_decimal.unpack(second)
    quotient_length = len(first) - len(second)
    if not divisor or dividend // divisor >= 10 ** (2 * quotient_length - 1):
        raise ProgramInterruption(_Code.DECIMAL_DIVIDE)
    quotient, remainder = divmod(dividend, divisor)
    result = packed_decimal.pack(quotient, first_negative != second_negative, quotient_length)
    result += packed_decimal.pack(remainder, first_negative, len(second))
    access.store(cpu, _first_address(cpu, operands), result)


@instruction(0xF0, "SRP", SS_C, "SHIFT AND ROUND DECIMAL")
def srp(cpu: Cpu, operands: Operands) -> None:
    """Shift the digits of the first operand left, or right with rounding by the digit I3.

    Bits 58-63 of the second-operand address are the signed number of digits, positive to the left.

    :raises ProgramInterruption: access exceptions; data; decimal overflow.
    """
    first = _target(cpu, operands)
    magnitude, negative = packed_decimal.unpack(first)
    if operands.i3 > 9:
        raise data_exception(DXC_OPERAND)
    shift = signed(cpu.effective_address(operands.b2, operands.d2), 6)
    if shift >= 0:
        magnitude *= 10**shift
    else:
        lost = 10 ** (-shift - 1)
        magnitude = (magnitude // lost + operands.i3) // 10
    _store_result(cpu, operands, -magnitude if negative else magnitude)


# Editing

_DIGIT_SELECTOR: Final = 0x20
_SIGNIFICANCE_STARTER: Final = 0x21
_FIELD_SEPARATOR: Final = 0x22
_ZONE: Final = 0xF0
_PLUS_SIGNS: Final = (0xA, 0xC, 0xE, 0xF)


class _Editor:
    """The state of one editing operation."""

    def __init__(self, cpu: Cpu, pattern: bytes, source: int) -> None:
        self._cpu = cpu
        self._pattern = pattern
        self._source = source
        self._byte: int | None = None
        """The source byte whose right half is the next digit."""
        self._significance = False
        self._last_field_is_zero = True
        self.mark: int | None = None
        """Offset of the last result byte that a nonzero digit gave before significance began."""

    def edit(self) -> bytes:
        """The result; it replaces the pattern."""
        return bytes(self._result(offset, byte) for offset, byte in enumerate(self._pattern))

    @property
    def condition_code(self) -> int:
        """0: the last field is zero; 1: less than zero; 2: greater than zero."""
        if self._last_field_is_zero:
            return 0
        return 1 if self._significance else 2

    def _result(self, offset: int, pattern: int) -> int:
        if pattern in (_DIGIT_SELECTOR, _SIGNIFICANCE_STARTER):
            return self._digit_result(offset, pattern)
        if pattern == _FIELD_SEPARATOR:
            self._significance = False
            self._last_field_is_zero = True
            return self._pattern[0]
        return pattern if self._significance or not offset else self._pattern[0]

    def _digit_result(self, offset: int, pattern: int) -> int:
        digit, plus = self._next_digit()
        result = _ZONE | digit if digit or self._significance else self._pattern[0]
        if digit:
            self._last_field_is_zero = False
            if not self._significance:
                self.mark = offset
        if digit or pattern == _SIGNIFICANCE_STARTER:
            self._significance = True
        if plus:
            self._significance = False
        return result

    def _next_digit(self) -> tuple[int, bool]:
        """The next source digit, and whether a plus sign stands to its right in the same byte."""
        if self._byte is not None:
            digit, self._byte = self._byte & 0x0F, None
            return digit, False
        byte = access.load_integer(self._cpu, self._source, 1)
        self._source = self._cpu.wrap(self._source + 1)
        digit, right = byte >> 4, byte & 0x0F
        if digit > 9:
            raise data_exception(DXC_OPERAND)
        if right <= 9:
            self._byte = byte
        return digit, right in _PLUS_SIGNS


def _edit(cpu: Cpu, operands: Operands) -> int | None:
    """Edit, and give the address of the first significant result byte if there is one to mark."""
    address = _first_address(cpu, operands)
    pattern = _target(cpu, operands)
    editor = _Editor(cpu, pattern, cpu.effective_address(operands.b2, operands.d2))
    result = editor.edit()
    access.store(cpu, address, result)
    cpu.cc = editor.condition_code
    return None if editor.mark is None else cpu.wrap(address + editor.mark)


@instruction(0xDE, "ED", SS_A, "EDIT")
def ed(cpu: Cpu, operands: Operands) -> None:
    """Edit packed numbers in the second operand under the pattern in the first, which the result replaces.

    :raises ProgramInterruption: access exceptions; data.
    """
    _edit(cpu, operands)


@instruction(0xDF, "EDMK", SS_A, "EDIT AND MARK")
def edmk(cpu: Cpu, operands: Operands) -> None:
    """Edit as ED does, and put in general register 1 the address of the first significant digit, if it is a digit of
    the source that began significance.

    :raises ProgramInterruption: access exceptions; data.
    """
    marked = _edit(cpu, operands)
    if marked is None:
        return
    if cpu.is_64_bit:
        cpu.gr[1] = marked
    elif cpu.address_limit == ADDRESS_31:
        cpu.set_gr32(1, marked)
    else:
        cpu.gr[1] = insert(cpu.gr[1], 40, 63, marked)
