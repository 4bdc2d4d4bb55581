# SPDX-License-Identifier: GPL-2.0-or-later
"""Interruptions in compiled code: what the machine itself does to storage, and the interruption of SUPERVISOR CALL.

The machine stores at real addresses of the prefix area, without keys and protection.  A page there that the host must
be asked for, that holds code, or in which somebody watches for accesses leaves the whole interruption to the model.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from emu import interruption
from emu.cpu import Cpu
from emu.engine.rules.accesses import find_frame
from emu.engine.rules.core import condition_of
from emu.engine.rules.finishing import finished
from emu.engine.rules.model import Model
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import (
    NONE,
    WORD,
    Number,
    ObjectPlace,
    Static,
    Value,
    constant,
    number,
)
from emu.instruction_length import instruction_length

if TYPE_CHECKING:
    from emu.engine.rules.core import Core

NAME: Final = "execute_SVC"
LENGTH: Final = instruction_length(0x0A)
"""Of SUPERVISOR CALL, in bytes."""


def _make_present(translator: Core, _: Value, page: Value) -> Value:
    find_frame(translator, page)
    return NONE


def counting(what: str, change: str) -> Callable[..., Value]:
    """What is done in place of a function that counts an interruption of a code: *change*, a line of the epilogue."""

    def perform(translator: Core, _: Value, code: Value) -> Value:
        translator.writer.write(what, number(code).text, constant(1), change)
        return NONE

    return perform


def refuse_more(translator: Core, in_a_row: Value, most: int) -> None:
    """Leave it to the model if there are more than *most* interruptions in a row, which may be a loop."""
    few = translator.compared(ast.LtE, in_a_row, Static(most))
    translator.writer.refuse_unless(condition_of(translator, few))


FUNCTIONS: Final[Mapping[Any, Callable[..., Value]]] = {
    interruption.count_call: counting("supervisor calls", "record.call_counts[{index}] += {value}"),
    interruption.make_present: _make_present,
}
"""What is done in place of functions of the model that else are left to it."""


@cache
def source() -> str:
    """The source of a function that takes the interruption of SUPERVISOR CALL, and returns whether it has.

    It takes the record, the address of the instruction, and the interruption code; else nothing has changed.

    :raises OutsideSubsetError: if the function of the model is not of the subset.
    """
    translator = Translator(Model(FUNCTIONS))
    writer, cpu = translator.writer, ObjectPlace("cpu")
    writer.top.line("work = work_done(record)")
    writer.refuse_if("(record.interruptions_followed != ZERO)")
    behind = Number(f"(address + {constant(LENGTH)})", LENGTH, WORD - 1 + LENGTH)
    translator.set_field("instruction address", translator.call(Cpu.wrap, [cpu, behind], {}))
    translator.call(interruption.supervisor_call, [cpu, Number("number", 0, 0xFF), Static(LENGTH)], {})
    return finished(translator, f"def {NAME}(record, address, number):")
