# SPDX-License-Identifier: GPL-2.0-or-later
"""What a function that translates an instruction is given, and how it may be replaced.

The last of the six functions that an entry of the translator's table names translates what the instruction does; those
before prepare its operands.  Each is given two structures of the translator's (seen in 2.1.4): its state, which holds
the address of the entry, the instruction, left-aligned in a word, and the address of Unicorn's own structure; and the
operands, which are the translator's names of values:

======  ==========================================================
offset  operand
======  ==========================================================
8       result
24      first operand
32      second operand, or its address
40      first-operand address, or that of the only operand
======  ==========================================================

What lies there when the instruction is translated, and is no register, is freed then.  A name is the distance of the
translator's record of a value from the translator's context; where the context is, is found by looking for the record
that is called "env".
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.engine.library import EngineError, InterruptCallback, Unicorn, exported
from emu.engine.quirks.translator_table import translator_table
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE

ADDRESS_OF_FIRST: Final = 16
ADDRESS_OF_SECOND: Final = 24
PREPARE: Final = 32
SET_CONDITION_CODE: Final = 48
TRANSLATE: Final = 56
"""Offsets in an entry of the addresses of some of the functions."""
_STATE_BYTES: Final = 512
_OWN_BYTES: Final = 1 << 14
_NAME: Final = 32
"""Offset in the record of a value of the address of what it is called."""
_LONGEST_NAME: Final = 16
_RECORD_BYTES: Final = range(32, 129, 8)
_LESS_UNSIGNED: Final = 4
_SET_LABEL: Final = 1
_LABEL_IS_PUT: Final = 1
"""Numbers of the translator's: a condition, an operation, and a bit of a label's first byte."""
_PATTERN: Final = bytes.fromhex("e3123450f004")
_PATTERN_ADDRESS: Final = 0x100
_NOT_AS_KNOWN: Final = "Unicorn's translator {}; this project needs Unicorn 2.1.4"

Function: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
"""A function that translates; what it returns says whether the block goes on.  Of those that prepare it is nothing."""
Replacement = Callable[["InstructionTranslation"], int]

_new_label = exported("gen_new_label_s390x", ctypes.c_void_p, ctypes.c_void_p)
_new_operation = exported("tcg_gen_op1_s390x", None, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_new_conjunction = exported("tcg_gen_andi_i64_s390x", None, *[ctypes.c_void_p] * 3, ctypes.c_int64)
_new_branch = exported(
    "tcg_gen_brcondi_i64_s390x", None, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p
)
_new_addition = exported("tcg_gen_addi_i64_s390x", None, *[ctypes.c_void_p] * 3, ctypes.c_int64)
_new_constant = exported("tcg_const_i64_s390x", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
_free = exported("tcg_temp_free_internal_s390x", None, *[ctypes.c_void_p] * 2)
_new_call = exported("tcg_gen_callN_s390x", None, *[ctypes.c_void_p] * 3, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p))


class _Operands(ctypes.Structure):
    _fields_ = (
        ("globals", ctypes.c_uint64),
        ("result", ctypes.c_uint64),
        ("second_result", ctypes.c_uint64),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
    )


class InstructionTranslation:
    """One instruction while it is translated."""

    def __init__(self, state: int, operands: int) -> None:
        """Look at it.

        :param state: the address of the translator's state, as the function is given it.
        :param operands: the address of the operands.
        """
        self._places = places()
        self._arguments = state, operands
        self.state: Final = state
        """The address of the translator's state."""
        self.operands: Final = _Operands.from_address(operands)
        """The translator's names of the operands."""

    @property
    def instruction(self) -> int:
        """The bytes of the instruction, left-aligned in a word of 64 bits."""
        return ctypes.c_uint64.from_address(self._arguments[0] + self._places.instruction).value

    @property
    def entry(self) -> int:
        """The address of the entry of the translator's table."""
        return ctypes.c_uint64.from_address(self._arguments[0] + self._places.instruction - 8).value

    @property
    def next_address(self) -> int:
        """The address of the next sequential instruction."""
        return self._next.value

    @next_address.setter
    def next_address(self, address: int) -> None:
        self._next.value = address

    @property
    def _next(self) -> ctypes.c_uint64:
        return ctypes.c_uint64.from_address(self._arguments[0] + self._places.next)

    def value(self, name: str) -> int:
        """What the translator calls the register that is called *name*, in capitals."""
        return self._places.values[name]

    def field(self, start: int, width: int) -> int:
        """The *width* bits of the instruction from bit *start* on, numbered from the left."""
        return self.instruction >> 64 - start - width & (1 << width) - 1

    def call(self, function: int) -> int:
        """Let *function*, whose address an entry names, translate or prepare what it does."""
        return int(Function(function)(*self._arguments))

    def add(self, result: int, value: int, number: int) -> None:
        """Have *result* become the sum of a *value* and a *number*."""
        _new_addition(self.context, result, value, number)

    def branch_if_low(self, result: int, value: int, mask: int, bound: int) -> int:
        """Have a branch made if the bits of *value* that *mask* has, which become *result*, are less than *bound*.

        Names of values that are no registers are good no more behind it, nor behind the label.

        Give the label, which must be put somewhere.
        """
        context = self.context
        label = int(_new_label(context))
        _new_conjunction(context, result, value, mask)
        _new_branch(context, _LESS_UNSIGNED, result, bound, label)
        return label

    def put(self, label: int) -> None:
        """Let *label* be here."""
        ctypes.c_uint8.from_address(label).value |= _LABEL_IS_PUT
        _new_operation(self.context, _SET_LABEL, label)

    def call_helper(self, helper: int, value: int, number: int) -> None:
        """Have the *helper* called with Unicorn's registers, a *value* and a *number*."""
        context = self.context
        constant = _new_constant(context, number)
        arguments = (ctypes.c_void_p * 3)(*(context + each for each in (self._places.registers, value, constant)))
        _new_call(context, helper, None, 3, arguments)
        _free(context, context + constant)

    @property
    def context(self) -> int:
        """The address of the translator's context."""
        own = ctypes.c_uint64.from_address(self._arguments[0] + self._places.own).value
        return ctypes.c_uint64.from_address(own + self._places.context).value


_kept: Final[list[Any]] = []
"""Functions that the table names."""


def replace_translation(opcode: int, name: str, make: Callable[[int], Replacement]) -> None:
    """Replace the function that translates the instruction of *opcode* that Unicorn calls *name*.

    :param make: is given the address of the function, and gives the one in its stead.
    :raises EngineError: if the library is not as it is known.
    """
    places()
    place = translator_table().entry(opcode, name) + TRANSLATE
    replacement = make(function_at(place))
    _write(place, Function(lambda state, operands: replacement(InstructionTranslation(state, operands))))


def function_of(opcode: int, name: str, which: int) -> int:
    """The address of one of the functions that the entry of *opcode*, which Unicorn calls *name*, has.

    :param which: its offset in the entry.
    :raises EngineError: if there is no such entry.
    """
    return function_at(translator_table().entry(opcode, name) + which)


def function_at(place: int) -> int:
    """The address that lies at *place* of the table."""
    return ctypes.c_uint64.from_address(place).value


def _write(place: int, function: Any) -> None:
    _kept.append(function)
    with translator_table().writable():
        ctypes.c_uint64.from_address(place).value = ctypes.cast(function, ctypes.c_void_p).value or 0


class Places:
    """Where things are, by offset: all but *context*, which is in Unicorn's structure, in the translator's state."""

    def __init__(self) -> None:
        self.instruction = self.own = self.context = self.registers = self.next = 0
        self.values: dict[str, int] = {}


@cache
def places() -> Places:
    """The offsets, found by an experiment once in a process.

    :raises EngineError: if they are not found.
    """
    table = translator_table()
    load, entry = table.entry(0xE304, "LG") + TRANSLATE, table.entry(0xE304, "LG")
    original = function_at(load)
    unicorn = _probe()
    found: list[Places | str] = []

    def look(state: int, operands: int) -> int:
        try:
            found.append(_find(unicorn.address, entry, state, _Operands.from_address(operands)))
        except EngineError as error:
            found.append(str(error))
        return int(Function(original)(state, operands))

    _write(load, Function(look))
    unicorn.start(_PATTERN_ADDRESS)
    with table.writable():
        ctypes.c_uint64.from_address(load).value = original
    if not found or isinstance(found[0], str):
        raise EngineError(found[0] if found else _NOT_AS_KNOWN.format("did not translate LG"))
    return found[0]


def _probe() -> Unicorn:
    """An instance that will translate the pattern."""
    unicorn = Unicorn()
    unicorn.uc.ctl_set_tlb_mode(uc_const.UC_TLB_CPU)
    unicorn.uc.mem_map(0, 4096)
    unicorn.hook(uc_const.UC_HOOK_INTR, InterruptCallback(lambda *_: unicorn.stop()))
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    unicorn.uc.mem_write(_PATTERN_ADDRESS, _PATTERN + bytes(2))
    return unicorn


def _find(own: int, entry: int, state: int, operands: _Operands) -> Places:
    found = Places()
    words = memoryview(ctypes.string_at(state, _STATE_BYTES)).cast("Q").tolist()
    wanted = int.from_bytes(_PATTERN.ljust(8, b"\0"), "big")
    pairs = [index for index in range(len(words) - 1) if words[index : index + 2] == [entry, wanted]]
    if len(pairs) != 1 or own not in words[pairs[0] :]:
        raise EngineError(_NOT_AS_KNOWN.format("keeps its state differently"))
    found.instruction, found.own = 8 * pairs[0] + 8, 8 * words.index(own, pairs[0])
    places = [index for index, word in enumerate(words) if word == _PATTERN_ADDRESS + len(_PATTERN)]
    if len(places) != 1:
        raise EngineError(_NOT_AS_KNOWN.format("keeps the next address differently"))
    found.next = 8 * places[0]
    for offset in range(0, _OWN_BYTES, 8):
        values = _values(_word(own + offset), operands.result)
        if values:
            found.context, found.registers, found.values = offset, values["ENV"], values
            return found
    raise EngineError(_NOT_AS_KNOWN.format("has no value called env"))


def _values(context: int, register: int) -> dict[str, int]:
    """The names of values from that called "env" to that of general register 1, if that is *register* in *context*."""
    if _called(context + register) != "R1":
        return {}
    for size in _RECORD_BYTES:
        if _called(context + register + size) == "R2":
            found = {}
            for name in range(register, 0, -size):
                found[_called(context + name)] = name
                if "ENV" in found:
                    return found
    return {}


def _called(record: int) -> str:
    """What the *record* of a value calls it, in capitals."""
    return _bytes(_word(record + _NAME), _LONGEST_NAME).split(b"\0")[0].upper().decode("ascii", "replace")


def _word(address: int) -> int:
    return int.from_bytes(_bytes(address, 8), "little")


def _bytes(address: int, length: int) -> bytes:
    """What lies at *address* of this process; nothing if that is no memory."""
    if not 0 < address < 1 << 63:
        return b""
    with open("/proc/self/mem", "rb", buffering=0) as memory:  # noqa: PTH123 - not a file to be read as a whole
        try:
            return os.pread(memory.fileno(), length, address)
        except OSError:
            return b""
