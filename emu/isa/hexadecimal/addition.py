# SPDX-License-Identifier: GPL-2.0-or-later
"""ADD and SUBTRACT, NORMALIZED and UNNORMALIZED (PoP chapter 18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RR, RX_A
from emu.isa.hexadecimal.arithmetic import intermediate_sum, negated
from emu.isa.hexadecimal.data import EXTENDED, LONG, SHORT, HfpFormat, HfpNumber
from emu.isa.hexadecimal.operands import both_in_registers, put, second_in_storage
from emu.isa.hexadecimal.results import HfpResult, complete_sum, complete_unnormalized_sum

if TYPE_CHECKING:
    from emu.cpu import Cpu

Pair = tuple[HfpNumber, HfpNumber]
Completion = Callable[["Cpu", HfpNumber, HfpFormat], HfpResult]


def _add(cpu: Cpu, operands: Operands, numbers: Pair, form: HfpFormat, complete: Completion = complete_sum) -> None:
    result = complete(cpu, intermediate_sum(*numbers), form)
    put(cpu, operands.r1, form, result, sets_cc=True)


def _subtract(
    cpu: Cpu, operands: Operands, numbers: Pair, form: HfpFormat, complete: Completion = complete_sum
) -> None:
    first, second = numbers
    _add(cpu, operands, (first, negated(second)), form, complete)


@instruction(0x3A, "AER", RR, "ADD NORMALIZED (short HFP)")
def aer(cpu: Cpu, operands: Operands) -> None:
    """Add the short number in R2.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow; significance.
    """
    _add(cpu, operands, both_in_registers(cpu, operands, SHORT), SHORT)


@instruction(0x2A, "ADR", RR, "ADD NORMALIZED (long HFP)")
def adr(cpu: Cpu, operands: Operands) -> None:
    """Add the long number in R2.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow; significance.
    """
    _add(cpu, operands, both_in_registers(cpu, operands, LONG), LONG)


@instruction(0x36, "AXR", RR, "ADD NORMALIZED (extended HFP)")
def axr(cpu: Cpu, operands: Operands) -> None:
    """Add the extended number in the pair R2.

    :raises ProgramInterruption: data; specification; exponent overflow; exponent underflow; significance.
    """
    _add(cpu, operands, both_in_registers(cpu, operands, EXTENDED), EXTENDED)


@instruction(0x7A, "AE", RX_A, "ADD NORMALIZED (short HFP)")
def ae(cpu: Cpu, operands: Operands) -> None:
    """Add the short number in storage.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow; significance.
    """
    _add(cpu, operands, second_in_storage(cpu, operands, SHORT), SHORT)


@instruction(0x6A, "AD", RX_A, "ADD NORMALIZED (long HFP)")
def ad(cpu: Cpu, operands: Operands) -> None:
    """Add the long number in storage.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow; significance.
    """
    _add(cpu, operands, second_in_storage(cpu, operands, LONG), LONG)


@instruction(0x3B, "SER", RR, "SUBTRACT NORMALIZED (short HFP)")
def ser(cpu: Cpu, operands: Operands) -> None:
    """Subtract the short number in R2.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow; significance.
    """
    _subtract(cpu, operands, both_in_registers(cpu, operands, SHORT), SHORT)


@instruction(0x2B, "SDR", RR, "SUBTRACT NORMALIZED (long HFP)")
def sdr(cpu: Cpu, operands: Operands) -> None:
    """Subtract the long number in R2.

    :raises ProgramInterruption: data; exponent overflow; exponent underflow; significance.
    """
    _subtract(cpu, operands, both_in_registers(cpu, operands, LONG), LONG)


@instruction(0x37, "SXR", RR, "SUBTRACT NORMALIZED (extended HFP)")
def sxr(cpu: Cpu, operands: Operands) -> None:
    """Subtract the extended number in the pair R2.

    :raises ProgramInterruption: data; specification; exponent overflow; exponent underflow; significance.
    """
    _subtract(cpu, operands, both_in_registers(cpu, operands, EXTENDED), EXTENDED)


@instruction(0x7B, "SE", RX_A, "SUBTRACT NORMALIZED (short HFP)")
def se(cpu: Cpu, operands: Operands) -> None:
    """Subtract the short number in storage.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow; significance.
    """
    _subtract(cpu, operands, second_in_storage(cpu, operands, SHORT), SHORT)


@instruction(0x6B, "SD", RX_A, "SUBTRACT NORMALIZED (long HFP)")
def sd(cpu: Cpu, operands: Operands) -> None:
    """Subtract the long number in storage.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; exponent underflow; significance.
    """
    _subtract(cpu, operands, second_in_storage(cpu, operands, LONG), LONG)


@instruction(0x3E, "AUR", RR, "ADD UNNORMALIZED (short HFP)")
def aur(cpu: Cpu, operands: Operands) -> None:
    """Add the short number in R2, without normalizing the result.

    :raises ProgramInterruption: data; exponent overflow; significance.
    """
    _add(cpu, operands, both_in_registers(cpu, operands, SHORT), SHORT, complete_unnormalized_sum)


@instruction(0x2E, "AWR", RR, "ADD UNNORMALIZED (long HFP)")
def awr(cpu: Cpu, operands: Operands) -> None:
    """Add the long number in R2, without normalizing the result.

    :raises ProgramInterruption: data; exponent overflow; significance.
    """
    _add(cpu, operands, both_in_registers(cpu, operands, LONG), LONG, complete_unnormalized_sum)


@instruction(0x7E, "AU", RX_A, "ADD UNNORMALIZED (short HFP)")
def au(cpu: Cpu, operands: Operands) -> None:
    """Add the short number in storage, without normalizing the result.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; significance.
    """
    _add(cpu, operands, second_in_storage(cpu, operands, SHORT), SHORT, complete_unnormalized_sum)


@instruction(0x6E, "AW", RX_A, "ADD UNNORMALIZED (long HFP)")
def aw(cpu: Cpu, operands: Operands) -> None:
    """Add the long number in storage, without normalizing the result.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; significance.
    """
    _add(cpu, operands, second_in_storage(cpu, operands, LONG), LONG, complete_unnormalized_sum)


@instruction(0x3F, "SUR", RR, "SUBTRACT UNNORMALIZED (short HFP)")
def sur(cpu: Cpu, operands: Operands) -> None:
    """Subtract the short number in R2, without normalizing the result.

    :raises ProgramInterruption: data; exponent overflow; significance.
    """
    _subtract(cpu, operands, both_in_registers(cpu, operands, SHORT), SHORT, complete_unnormalized_sum)


@instruction(0x2F, "SWR", RR, "SUBTRACT UNNORMALIZED (long HFP)")
def swr(cpu: Cpu, operands: Operands) -> None:
    """Subtract the long number in R2, without normalizing the result.

    :raises ProgramInterruption: data; exponent overflow; significance.
    """
    _subtract(cpu, operands, both_in_registers(cpu, operands, LONG), LONG, complete_unnormalized_sum)


@instruction(0x7F, "SU", RX_A, "SUBTRACT UNNORMALIZED (short HFP)")
def su(cpu: Cpu, operands: Operands) -> None:
    """Subtract the short number in storage, without normalizing the result.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; significance.
    """
    _subtract(cpu, operands, second_in_storage(cpu, operands, SHORT), SHORT, complete_unnormalized_sum)


@instruction(0x6F, "SW", RX_A, "SUBTRACT UNNORMALIZED (long HFP)")
def sw(cpu: Cpu, operands: Operands) -> None:
    """Subtract the long number in storage, without normalizing the result.

    :raises ProgramInterruption: data; access exceptions; exponent overflow; significance.
    """
    _subtract(cpu, operands, second_in_storage(cpu, operands, LONG), LONG, complete_unnormalized_sum)
