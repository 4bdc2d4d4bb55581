# SPDX-License-Identifier: GPL-2.0-or-later
"""What Unicorn notes of branches that may not be taken, in the breaking-event-address register (seen in 2.1.4).

* Of one that ends at the end of a page, or reaches into the next one, it notes the address if the branch is not taken,
  and does not if it is: the last operation of its translation keeps the register where it should change it.
* Of a relative one to the very next instruction it notes the address although the condition is not met.

The last function that the entries of these branches name translates them.  It gets one before it that lets all other
branches go on to it, and gives these to :func:`_translate`.  There the last operation, a conditional move, gets its
two values the other way round; and a branch to the next instruction is translated as if that were elsewhere, so that
it ends in such a move, too.  Where what is used lies was seen by reading the x86-64 wheel, and an experiment shows
whether it holds.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.engine import compiled
from emu.engine.library import EngineError, InterruptCallback, Unicorn, exported
from emu.engine.quirks.addressing_mode import ADDRESS
from emu.engine.quirks.register_file import EngineRegisters
from emu.engine.quirks.translation import TRANSLATE, Function, InstructionTranslation, function_at, places
from emu.engine.quirks.translator_table import translator_table
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE

_BRANCHES: Final = (
    *((0x4700, "BC"), (0x0700, "BCR"), (0xA704, "BRC"), (0xC004, "BRCL")),
    *((0x4600, "BCT"), (0x0600, "BCTR"), (0xE346, "BCTG"), (0xB946, "BCTGR")),
    *((0xA706, "BRCT"), (0xA707, "BRCTG"), (0xCC06, "BRCTH")),
    *((0x8600, "BXH"), (0x8700, "BXLE"), (0xEB44, "BXHG"), (0xEB45, "BXLEG")),
    *((0x8400, "BRXH"), (0x8500, "BRXLE"), (0xEC44, "BRXHG"), (0xEC45, "BRXHLE")),
    *((0xECF6, "CRB"), (0xECE4, "CGRB"), (0xEC76, "CRJ"), (0xEC64, "CGRJ")),
    *((0xECFE, "CIB"), (0xECFC, "CGIB"), (0xEC7E, "CIJ"), (0xEC7C, "CGIJ")),
    *((0xECF7, "CLRB"), (0xECE5, "CLGRB"), (0xEC77, "CLRJ"), (0xEC65, "CLGRJ")),
    *((0xECFF, "CLIB"), (0xECFD, "CLGIB"), (0xEC7F, "CLIJ"), (0xEC7D, "CLGIJ")),
)
_RELATIVE: Final = frozenset(
    {0xA704, 0xC004, 0xA706, 0xA707, 0xCC06, 0x8400, 0x8500, 0xEC44, 0xEC45}
    | {0xEC76, 0xEC64, 0xEC7E, 0xEC7C, 0xEC77, 0xEC65, 0xEC7F, 0xEC7D}
)
"""Those of the branches whose target is relative."""
_LONG: Final = frozenset({0xC004, 0xCC06})
"""Those of them with 32 bits of halfwords, and not 16."""

_MOST_OPERATIONS: Final = 4
"""Operations from the one that sets the instruction address to the last one."""
_NO_OPERATION: Final = 0
_LESS_UNSIGNED: Final = 4
"""Numbers of the translator's: an operation, and a condition."""
_STEPPED: Final = 0x24
"""Offset in the translator's structure of a byte: whether blocks may not lead to one another."""
_ELSEWHERE: Final = 2

_new_operation = exported("tcg_emit_op_s390x", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_remove_operation = exported("tcg_op_remove_s390x", None, *[ctypes.c_void_p] * 2)
_new_move = exported("tcg_gen_movcond_i64_s390x", None, ctypes.c_void_p, ctypes.c_int, *[ctypes.c_void_p] * 5)

_OURS: Final = "translate_branch_otherwise"
_FUNCTION: Final = """
declare i32 @{original}(i64, i64)
define i32 @our_{original}(i64 %state, i64 %operands) {{
    %address_place = add i64 %state, {address}
    %address_pointer = inttoptr i64 %address_place to i64*
    %address = load i64, i64* %address_pointer
    %next_place = add i64 %state, {next}
    %next_pointer = inttoptr i64 %next_place to i64*
    %next = load i64, i64* %next_pointer
    %instruction_place = add i64 %state, {instruction}
    %instruction_pointer = inttoptr i64 %instruction_place to i64*
    %instruction = load i64, i64* %instruction_pointer
    %changed = xor i64 %address, %next
    %is_other_page = icmp ugt i64 %changed, 4095
    %bytes = sub i64 %next, %address
    %halfwords = lshr i64 %bytes, 1
    %long = lshr i64 %instruction, 16
    %long_field = and i64 %long, 4294967295
    %short = lshr i64 %instruction, 32
    %short_field = and i64 %short, 65535
    %is_long = icmp eq i64 %long_field, %halfwords
    %is_short = icmp eq i64 %short_field, %halfwords
    %may_be_next = or i1 %is_long, %is_short
    %is_rare = or i1 %is_other_page, %may_be_next
    br i1 %is_rare, label %otherwise, label %as_before
as_before:
    %result = musttail call i32 @{original}(i64 %state, i64 %operands)
    ret i32 %result
otherwise:
    %other = musttail call i32 @{ours}(i64 %state, i64 %operands)
    ret i32 %other
}}
"""
_NOT_AS_KNOWN: Final = "Unicorn translates branches otherwise; this project needs Unicorn 2.1.4"

_originals: Final[dict[int, int]] = {}
"""The function that translated each branch before, by the address of its entry."""
_relative: Final[dict[int, int]] = {}
"""The width of the relative target, by the address of the entry."""


@cache
def mend() -> None:
    """Replace the functions, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    table = translator_table()
    for opcode, name in _BRANCHES:
        entry = table.entry(opcode, name)
        _originals[entry] = function_at(entry + TRANSLATE)
        if opcode in _RELATIVE:
            _relative[entry] = 32 if opcode in _LONG else 16
    names = {function: f"translate_branch_{number}" for number, function in enumerate(sorted(set(_originals.values())))}
    where = places()
    source = f"declare i32 @{_OURS}(i64, i64)\n" + "".join(
        _FUNCTION.format(original=name, ours=_OURS, address=ADDRESS, next=where.next, instruction=where.instruction)
        for name in names.values()
    )
    own = {name: function for function, name in names.items()} | {
        _OURS: ctypes.cast(_translate_otherwise, ctypes.c_void_p).value or 0
    }
    addresses = compiled.functions("branches", source, (), [f"our_{name}" for name in names.values()], own)
    replacing = dict(zip(names, addresses, strict=True))
    with table.writable():
        for entry, function in _originals.items():
            ctypes.c_uint64.from_address(entry + TRANSLATE).value = replacing[function]
    _check()


class _Operation(ctypes.Structure):
    """An operation of the translator's, with the operands of a conditional move."""

    _fields_ = (
        ("number", ctypes.c_uint8),
        ("next", ctypes.c_uint64),
        ("before", ctypes.c_uint64),
        ("result", ctypes.c_uint64),
        ("compared", ctypes.c_uint64 * 2),
        ("if_met", ctypes.c_uint64),
        ("if_not", ctypes.c_uint64),
    )


def _translate(translation: InstructionTranslation) -> int:
    """Translate a branch at the end of a page, or to the next instruction."""
    following = translation.next_address
    width = _relative.get(translation.entry)
    address = ctypes.c_uint64.from_address(translation.state + ADDRESS).value
    leads_there = width is not None and 2 * translation.field(16, width) == following - address
    stepped = ctypes.c_uint8.from_address(translation.state + _STEPPED)
    before = stepped.value
    if leads_there:
        # Not to be taken for one to the next instruction, and to be translated as at the end of a page.
        stepped.value = 1
        translation.next_address = following + _ELSEWHERE
    result = translation.call(_originals[translation.entry])
    stepped.value, translation.next_address = before, following
    context, register = translation.context, translation.value("GBEA")
    last, *others = _last_operations(context)
    move = _number_of_move(context, register)
    if (last.number, last.result) == (move, context + register):
        last.if_met, last.if_not = last.if_not, last.if_met
        if leads_there:
            wanted = move, context + translation.value("PSW_ADDR")
            address_move = next(each for each in others if (each.number, each.result) == wanted)
            address_move.if_not = address_move.if_met
    return result


_translate_otherwise: Final = Function(lambda state, operands: _translate(InstructionTranslation(state, operands)))


def _last_operations(context: int) -> list[_Operation]:
    """The operations that came last, the last one first."""
    marker = _new_operation(context, _NO_OPERATION)
    found, at = [], marker
    for _ in range(_MOST_OPERATIONS):
        at = _Operation.from_address(at).before - _Operation.next.offset
        found.append(_Operation.from_address(at))
    _remove_operation(context, marker)
    return found


_numbers: Final[list[int]] = []
"""That of a conditional move, when it is known."""


def _number_of_move(context: int, value: int) -> int:
    """The translator's number of a conditional move; *value* is the name of one."""
    if not _numbers:
        _new_move(context, _LESS_UNSIGNED, *[value] * 5)
        (found, *_) = _last_operations(context)
        _numbers.append(found.number)
        _remove_operation(context, ctypes.addressof(found))
    return _numbers[0]


_PAGE: Final = 0x1000
_EXPERIMENTS: Final = (
    (_PAGE - 4, "a7840010", True),
    (_PAGE - 4, "a7740010", False),
    (_PAGE - 2, "0785", True),
    (_PAGE - 2, "0775", False),
    (_PAGE - 6, "ec1100108076", True),
    (0x100, "a7740002", False),
    (0x100, "a7840002", True),
)
"""Where in a page a branch lies, the branch, and whether it is taken with condition code 0 and registers of zeros."""


def _check() -> None:
    """Execute some branches, and see what is noted and where they lead.

    :raises EngineError: if that is not what the manual says.
    """
    unicorn = Unicorn()
    unicorn.uc.ctl_set_tlb_mode(uc_const.UC_TLB_CPU)
    unicorn.uc.mem_map(0, (len(_EXPERIMENTS) + 1) * _PAGE)
    unicorn.hook(uc_const.UC_HOOK_INTR, InterruptCallback(lambda *_: unicorn.stop()))
    registers = EngineRegisters(unicorn)
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    for number, (offset, code, is_taken) in enumerate(_EXPERIMENTS):
        address, branch = number * _PAGE + offset, bytes.fromhex(code)
        unicorn.uc.mem_write(address, branch)
        registers.breaking_event_address, registers.gr[5] = 1, 0x20
        unicorn.start(address, 1)
        target = 0x20 if len(branch) == 2 else address + 2 * int.from_bytes(branch[2:4], "big")
        wanted = (address, target) if is_taken else (1, address + len(branch))
        if (registers.breaking_event_address, registers.psw[1]) != wanted:
            raise EngineError(_NOT_AS_KNOWN)
