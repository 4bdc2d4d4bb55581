# SPDX-License-Identifier: GPL-2.0-or-later
"""MULTIPLY UNNORMALIZED and MULTIPLY AND ADD UNNORMALIZED (PoP chapter 18).

Nothing is normalized, and there are no conditions: a result has the characteristic of the product, modulo 128, and the
digits that its 28 places have room for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.declaration import Operands, instruction
from emu.isa.floating_registers import require_pair, require_registers
from emu.isa.formats import RRD, RXF
from emu.isa.hexadecimal.arithmetic import exact_sum, product
from emu.isa.hexadecimal.data import EXTENDED, LONG, HfpNumber, high_order, low_order
from emu.isa.hexadecimal.operands import in_register, in_storage

if TYPE_CHECKING:
    from emu.cpu import Cpu


def _product_of_registers(cpu: Cpu, operands: Operands) -> HfpNumber:
    require_registers(cpu, operands.r1, operands.r2, operands.r3)
    return product(in_register(cpu, operands.r3, LONG), in_register(cpu, operands.r2, LONG))


def _product_with_storage(cpu: Cpu, operands: Operands) -> HfpNumber:
    require_registers(cpu, operands.r1, operands.r3)
    return product(in_register(cpu, operands.r3, LONG), in_storage(cpu, operands, LONG))


def _require_pair(cpu: Cpu, operands: Operands) -> None:
    """Check that R1 designates a pair; the register itself is checked before.

    :raises ProgramInterruption: data; specification.
    """
    require_registers(cpu, operands.r1)
    require_pair(operands.r1)


def _added(cpu: Cpu, operands: Operands, intermediate: HfpNumber) -> HfpNumber:
    """The sum of the product and of the number in R1, in the places that the product has digits in."""
    total = exact_sum(intermediate, in_register(cpu, operands.r1, LONG))
    shift = 4 * (total.lowest - intermediate.lowest)
    fraction = total.fraction << shift if shift >= 0 else total.fraction >> -shift
    fraction &= (1 << 4 * EXTENDED.digits) - 1
    return HfpNumber(total.negative, intermediate.characteristic, fraction, EXTENDED.digits)


def _put_both(cpu: Cpu, register: int, number: HfpNumber) -> None:
    """Put both parts of *number* in the pair that *register* is the first or the second of."""
    first = register & ~2
    cpu.vr[2 * first], cpu.vr[2 * first + 4] = high_order(number), low_order(number)


@instruction(0xB338, "MAYLR", RRD, "MULTIPLY AND ADD UNNORMALIZED (long to extended low HFP)")
def maylr(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in R2, add R1; the low-order part is kept.

    :raises ProgramInterruption: data.
    """
    cpu.vr[2 * operands.r1] = low_order(_added(cpu, operands, _product_of_registers(cpu, operands)))


@instruction(0xB339, "MYLR", RRD, "MULTIPLY UNNORMALIZED (long to extended low HFP)")
def mylr(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in R2; the low-order part is kept.

    :raises ProgramInterruption: data.
    """
    cpu.vr[2 * operands.r1] = low_order(_product_of_registers(cpu, operands))


@instruction(0xB33A, "MAYR", RRD, "MULTIPLY AND ADD UNNORMALIZED (long to extended HFP)")
def mayr(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in R2, add R1; both parts are kept.

    :raises ProgramInterruption: data.
    """
    _put_both(cpu, operands.r1, _added(cpu, operands, _product_of_registers(cpu, operands)))


@instruction(0xB33B, "MYR", RRD, "MULTIPLY UNNORMALIZED (long to extended HFP)")
def myr(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in R2; both parts are kept.

    :raises ProgramInterruption: data; specification.
    """
    _require_pair(cpu, operands)
    _put_both(cpu, operands.r1, _product_of_registers(cpu, operands))


@instruction(0xB33C, "MAYHR", RRD, "MULTIPLY AND ADD UNNORMALIZED (long to extended high HFP)")
def mayhr(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in R2, add R1; the high-order part is kept.

    :raises ProgramInterruption: data.
    """
    cpu.vr[2 * operands.r1] = high_order(_added(cpu, operands, _product_of_registers(cpu, operands)))


@instruction(0xB33D, "MYHR", RRD, "MULTIPLY UNNORMALIZED (long to extended high HFP)")
def myhr(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in R2; the high-order part is kept.

    :raises ProgramInterruption: data.
    """
    cpu.vr[2 * operands.r1] = high_order(_product_of_registers(cpu, operands))


@instruction(0xED38, "MAYL", RXF, "MULTIPLY AND ADD UNNORMALIZED (long to extended low HFP)")
def mayl(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in storage, add R1; the low-order part is kept.

    :raises ProgramInterruption: data; access exceptions.
    """
    cpu.vr[2 * operands.r1] = low_order(_added(cpu, operands, _product_with_storage(cpu, operands)))


@instruction(0xED39, "MYL", RXF, "MULTIPLY UNNORMALIZED (long to extended low HFP)")
def myl(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in storage; the low-order part is kept.

    :raises ProgramInterruption: data; access exceptions.
    """
    cpu.vr[2 * operands.r1] = low_order(_product_with_storage(cpu, operands))


@instruction(0xED3A, "MAY", RXF, "MULTIPLY AND ADD UNNORMALIZED (long to extended HFP)")
def may(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in storage, add R1; both parts are kept.

    :raises ProgramInterruption: data; access exceptions.
    """
    _put_both(cpu, operands.r1, _added(cpu, operands, _product_with_storage(cpu, operands)))


@instruction(0xED3B, "MY", RXF, "MULTIPLY UNNORMALIZED (long to extended HFP)")
def my(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in storage; both parts are kept.

    :raises ProgramInterruption: data; specification; access exceptions.
    """
    _require_pair(cpu, operands)
    _put_both(cpu, operands.r1, _product_with_storage(cpu, operands))


@instruction(0xED3C, "MAYH", RXF, "MULTIPLY AND ADD UNNORMALIZED (long to extended high HFP)")
def mayh(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in storage, add R1; the high-order part is kept.

    :raises ProgramInterruption: data; access exceptions.
    """
    cpu.vr[2 * operands.r1] = high_order(_added(cpu, operands, _product_with_storage(cpu, operands)))


@instruction(0xED3D, "MYH", RXF, "MULTIPLY UNNORMALIZED (long to extended high HFP)")
def myh(cpu: Cpu, operands: Operands) -> None:
    """Multiply R3 by the long number in storage; the high-order part is kept.

    :raises ProgramInterruption: data; access exceptions.
    """
    cpu.vr[2 * operands.r1] = high_order(_product_with_storage(cpu, operands))
