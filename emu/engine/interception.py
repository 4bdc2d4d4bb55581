# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions must not run natively, and how the engine is told.

Privileged and missing instructions trap by themselves.  Those declared as sensitive or as corrections do not.  If every
form of one is intercepted, its entry in the translator's table says so for good (:func:`intercept`).  If only some are,
a compiled callback finds candidates in each block that is about to run for the first time, and a block that holds such
a form is translated again while the entry says so (:mod:`emu.engine.new_blocks`).  Those that are wrong for some data
trap when they meet them (:mod:`emu.engine.quirks.vector_helpers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.engine import compiled
from emu.engine.blocks import BY_FORM, CANDIDATE, EXECUTE_OPCODE, SPLIT, SPLIT_TABLE, TABLE_BYTES, TARGET
from emu.engine.clean_pages import release_clean_pages
from emu.engine.quirks import (
    addressing_mode,
    block_starts,
    breaking_event,
    compare_and_trap,
    compare_logical,
    data_exception,
    exit_checks,
    ieee,
    isolate_string,
    operands_in_parts,
    register_checks,
    rotate_test,
    set_fpc_and_signal,
    square_root,
    string_comparison,
    sums,
    unused_comparison,
    vector_helpers,
)
from emu.engine.quirks.helpers import replace_helper
from emu.engine.quirks.register_places import layout
from emu.engine.quirks.translator_table import translator_table
from emu.facilities import DEFAULT_FACILITIES, OFFERED
from emu.isa.binary_floating_point import DXC_DFP_INSTRUCTION
from emu.isa.declaration import INSTRUCTIONS, Reason, decode
from emu.isa.execute import EXECUTE_RELATIVE_LONG
from emu.isa.facility_table import facility_of
from emu.isa.formats import RIL_B
from emu.isa.opcodes import Opcode
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    import numpy.typing as npt

    from emu.cpu import Cpu
    from emu.isa.declaration import Instruction

_UNASSIGNED: Final = ((0xE3EB, "LZRF"),)
"""Opcodes that Unicorn 2.1.4 executes although no instruction has them, and what it calls them."""
_DXC_SIMULATED: Final = 0x03
"""Bits of the data-exception codes of simulated IEEE exceptions, and of FF, which is compare and trap."""
_INTERCEPTED: Final = (Reason.SENSITIVE, Reason.CORRECTION)


@cache
def intercept() -> None:
    """Have trap what is intercepted in all its forms, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    # Before there is an instance of Unicorn.
    functions = compiled.callbacks()
    replace_helper(sums.HELPER, functions.condition_code)
    for each in (string_comparison, set_fpc_and_signal, data_exception):
        _replace(each.SOURCE, each.CALLED, each.REPLACING)
    fpc = layout().fpc
    _replace(ieee.source(fpc), ieee.CALLED, ieee.REPLACING)
    table = translator_table()
    entries = [table.declared(each) for each in INSTRUCTIONS if each.reason in _INTERCEPTED and each.only is None]
    entries += [table.entry(opcode, name) for opcode, name in _UNASSIGNED]
    entries += table.entries_of(missing_opcodes(OFFERED))
    table.set_trapping(entries, traps=True)
    square_root.mend()
    compare_and_trap.mend()
    isolate_string.mend()
    register_checks.mend()
    rotate_test.mend()
    addressing_mode.mend(functions.branch_operand, functions.relative_operand, functions.address_result)
    operands_in_parts.mend()
    compare_logical.mend()
    breaking_event.mend()
    exit_checks.mend()
    unused_comparison.mend()
    source, replacing = vector_helpers.source(fpc)
    _replace(source, vector_helpers.called(), replacing)
    block_starts.prepare()
    # Behind all that is loaded.
    release_clean_pages()


def _replace(source: str, called: tuple[str, ...], replacing: Mapping[str, str]) -> None:
    """Replace helpers by functions of *source*, which is in the compiler's intermediate language.

    :param called: the functions of Unicorn's that they call.
    :param replacing: the name of the function for each helper.
    :raises EngineError: if the library is not as it is known.
    """
    addresses = compiled.functions(next(iter(replacing)), source, called, replacing.values())
    for helper, address in zip(replacing, addresses, strict=True):
        replace_helper(helper, address)


def is_intercepted(instruction: bytes, address: int, cpu: Cpu) -> bool:
    """Whether *cpu* must have *instruction*, at *address*, executed by the model although the engine would do it."""
    if is_missing(instruction, cpu.configuration.facilities):
        return True
    decoded = decode(instruction)
    if decoded is None or decoded[0].reason is Reason.CONTROL:
        return False
    declared, operands = decoded
    is_ours = declared.is_for_model(operands, address)
    return is_ours or _is_wrong_in_mode(declared, cpu.is_64_bit, cpu.operands_are_apart)


def _is_wrong_in_mode(declared: Instruction, is_64_bit: bool, operands_are_apart: bool) -> bool:
    """Whether the engine executes an instruction wrongly in this mode, whatever its operands are."""
    return (declared.only_in_64_bit_mode and not is_64_bit) or (declared.has_relative_operand and operands_are_apart)


def is_intercepted_target(instruction: bytes, address: int, cpu: Cpu) -> bool:
    """Whether *cpu* must have *instruction*, as the target of an EXECUTE at *address*, executed by the model.

    The engine counts relative operands from the EXECUTE (:mod:`emu.engine.quirks.execute_targets`).
    """
    if is_missing(instruction, cpu.configuration.facilities):
        return True
    decoded = decode(instruction)
    if decoded is None or decoded[0].reason is Reason.CONTROL:
        return False
    declared, operands = decoded
    is_ours = declared.is_for_model(operands, address, is_target=True)
    return is_ours or _is_wrong_in_mode(declared, cpu.is_64_bit, cpu.operands_are_apart)


def is_executed_by_model(instruction: bytes, address: int, cpu: Cpu, target: bytes | None = None) -> bool:
    """Whether *instruction* at *address*, an EXECUTE of *target* if that is given, is for the model, not the engine."""
    if target is not None:
        if is_intercepted_target(target, address, cpu):
            return True
        instruction = target
    decoded = decode(instruction)
    if decoded is None:
        return is_missing(instruction, cpu.configuration.facilities)
    if decoded[0].reason is Reason.CONTROL or is_intercepted(instruction, address, cpu):
        return True
    with_registers = decoded[0].with_registers
    return with_registers is not None and with_registers(cpu, decoded[1])


def is_refused(condition: ProgramInterruption, instruction: bytes) -> bool:
    """Whether the *condition* that Unicorn reports of *instruction* only says that the model must execute it."""
    decoded = decode(instruction)
    if decoded is None or decoded[0].reason is not Reason.REFUSED:
        return False
    if condition.code is ProgramInterruptionCode.DATA:
        # With the lower codes such instructions are not permitted at all.
        return (condition.data_exception_code or 0) > DXC_DFP_INSTRUCTION
    return condition.code is ProgramInterruptionCode.SPECIFICATION


def is_completed(condition: ProgramInterruption) -> bool:
    """Whether what met the *condition* that Unicorn reports has been completed, so that it must not be executed again.

    That is the data exception of comparing or loading and trapping, and of SET FPC AND SIGNAL and its like: what they
    name a simulated IEEE exception (PoP 6, "Data-Exception Code").
    """
    code = condition.data_exception_code or 0
    is_data = condition.code is ProgramInterruptionCode.DATA
    return is_data and code > DXC_DFP_INSTRUCTION and code & _DXC_SIMULATED == _DXC_SIMULATED


def entry_of(instruction: bytes) -> int:
    """The entry of the translator's table for *instruction*.

    :raises EngineError: if there is none.
    """
    (entry,) = translator_table().entries_of((Opcode.of(instruction),))
    return entry


def is_in_table(instruction: bytes) -> bool:
    """Whether the translator's table has an entry for *instruction*."""
    return translator_table().has(Opcode.of(instruction))


@cache
def execute_relative_entry() -> int:
    """The entry of the translator's table for EXECUTE RELATIVE LONG.

    :raises EngineError: if there is none.
    """
    return translator_table().entry(EXECUTE_RELATIVE_LONG >> 4 << 8 | EXECUTE_RELATIVE_LONG & 0x0F, "EXRL")


@cache
def missing_opcodes(facilities: frozenset[int]) -> frozenset[Opcode]:
    """The opcodes of instructions that Unicorn executes, and that a machine with these *facilities* must not have."""
    opcodes = (Opcode(number >> 8, number & 0xFF) for number in translator_table().opcodes)
    return frozenset(opcode for opcode in opcodes if facility_of(opcode) not in {None, *facilities})


@cache
def _removed_opcodes(facilities: frozenset[int]) -> frozenset[Opcode]:
    """Those of them that other machines may have: the rest traps in every machine."""
    return missing_opcodes(facilities) - missing_opcodes(OFFERED)


def is_missing(instruction: bytes, facilities: frozenset[int]) -> bool:
    """Whether Unicorn would execute *instruction*, whose facility is not among *facilities*."""
    removed = _removed_opcodes(facilities)
    return bool(removed) and Opcode.of(instruction) in removed


@cache
def candidates(
    *, is_64_bit: bool = True, operands_are_apart: bool = False, facilities: frozenset[int] = DEFAULT_FACILITIES
) -> npt.NDArray[np.uint8]:
    """The table by which the block callback recognises instructions that may have to be intercepted in a mode.

    The first 65536 bytes are indexed by an instruction's first halfword, the second by its first and sixth byte.
    """
    table = np.zeros(TABLE_BYTES, dtype=np.uint8)
    table[EXECUTE_OPCODE << 8 : (EXECUTE_OPCODE + 1) << 8] = CANDIDATE
    enter_opcode(table, EXECUTE_RELATIVE_LONG, RIL_B.opcode, BY_FORM)
    for declared in INSTRUCTIONS:
        if declared.is_wrong_by_form:
            enter_opcode(table, declared.opcode, declared.format.opcode, BY_FORM)
        if _is_wrong_in_mode(declared, is_64_bit, operands_are_apart):
            enter_opcode(table, declared.opcode, declared.format.opcode, CANDIDATE)
        if declared.reason is not Reason.CONTROL and declared.format.is_relative:
            enter_opcode(table, declared.opcode, declared.format.opcode, TARGET)
    for opcode in _removed_opcodes(facilities):
        enter_opcode(table, int(str(opcode), 16), opcode.pieces, CANDIDATE)
    return table


def enter_opcode(table: npt.NDArray[np.uint8], opcode: int, pieces: tuple[tuple[int, int], ...], kind: int) -> None:
    """Enter *kind* in a *table* of candidates for the instruction whose *opcode* lies in these *pieces*.

    :raises ValueError: if there is no rule for such a place.
    """
    if pieces == ((0, 8),):
        table[opcode << 8 : (opcode + 1) << 8] |= kind
    elif pieces == ((0, 16),):
        table[opcode] |= kind
    elif pieces == ((0, 8), (12, 4)):
        for register in range(16):
            table[(opcode >> 4) << 8 | register << 4 | opcode & 0x0F] |= kind
    elif pieces == ((0, 8), (40, 8)):
        first, last = opcode >> 8, opcode & 0xFF
        table[first << 8 : (first + 1) << 8] |= SPLIT
        table[SPLIT_TABLE + (first << 8 | last)] |= kind
    else:
        raise ValueError(f"no rule for an opcode in the bits {pieces}")
