# SPDX-License-Identifier: GPL-2.0-or-later
"""Interruptions in compiled code: what the machine itself does to storage, and the interruption of SUPERVISOR CALL.

The machine stores at real addresses of the prefix area, without keys and protection.  A page there that the host must
be asked for, that holds code, or in which somebody watches for accesses leaves the whole interruption to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from emu import interruption
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE
from emu.cpu import Cpu
from emu.engine.rules.accesses import find_frame, read
from emu.engine.rules.fields import FIELDS
from emu.engine.rules.model import Model, new_context
from emu.engine.rules.octets import length_of, put
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import (
    NONE,
    WORD,
    Number,
    ObjectPlace,
    Octets,
    OutsideSubsetError,
    Static,
    Value,
    constant,
    describe,
    exact,
    number,
    static_integer,
)
from emu.engine.rules.writer import Block
from emu.instruction_length import instruction_length
from emu.storage import Storage

if TYPE_CHECKING:
    from emu.engine.rules.core import Core

NAME: Final = "execute_SVC"
LENGTH: Final = instruction_length(0x0A)
"""Of SUPERVISOR CALL, in bytes."""


def _make_present(translator: Core, _: Value, page: Value) -> Value:
    find_frame(translator, page)
    return NONE


def _count_call(translator: Core, _: Value, code: Value) -> Value:
    change = "record.call_counts[{index}] += {value}"
    translator.writer.write("supervisor calls", number(code).text, constant(1), change)
    return NONE


def _place(translator: Core, address: Value, length: int, *, is_store: bool) -> Number:
    """Where in this process the *length* bytes at absolute *address* are, which must lie in one page."""
    where = Number(translator.writer.bind(exact(address, "an address").text), 0, WORD - 1)
    translator.call(Storage.require, [ObjectPlace("storage"), where], {})
    offset = f"({where.text} & {constant(PAGE_OFFSET_MASK)})"
    translator.writer.refuse_if(f"({offset} > {constant(PAGE_SIZE - length)})")
    page = translator.writer.bind(f"({where.text} >> uint64({PAGE_SHIFT}))")
    frame = find_frame(translator, Number(page, 0, WORD - 1 >> PAGE_SHIFT))
    if is_store:
        translator.writer.refuse_if(f"(load8(record.code_pages_address + {page}) != ZERO)")
        translator.writer.refuse_if("(record.watches_storage != ZERO)")
        translator.writer.block.line(f"note_change(record, {frame.text})")
    return Number(translator.writer.bind(f"(record.pool_address + {frame.text} + {offset})"), 0, WORD - 1)


def _read(translator: Core, _: Value, address: Value, length: Value) -> Value:
    known = static_integer(length)
    if known is None:
        raise OutsideSubsetError(f"{describe(length)} bytes are read")
    return read(translator, _place(translator, address, known, is_store=False), length)


def _write(translator: Core, _: Value, address: Value, data: Value) -> Value:
    if not isinstance(data, Octets):
        raise OutsideSubsetError(f"{describe(data)} is stored")
    length = number(length_of(data)).high
    put(translator, _place(translator, address, length, is_store=True).text, data)
    return NONE


FUNCTIONS: Final[Mapping[Any, Callable[..., Value]]] = {
    interruption.count_call: _count_call,
    interruption.make_present: _make_present,
    Storage.read: _read,
    Storage.write: _write,
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


def finished(translator: Translator, heading: str) -> str:
    """The source of the function, whose body *translator* has written: its fields are set in the end.

    If a PSW was loaded it is looked at, as the run loop does.
    """
    writer = translator.writer
    if "PSW loaded" in translator.fields:
        exceptional = translator.attribute(ObjectPlace("cpu"), "has_early_exception")
        writer.refuse_if(f"({number(exceptional).text} != ZERO)")
    writer.bind(f"{number(translator.field('work')).text} - work", "extra")
    if "context is changed" in translator.fields:
        translator.set_field("context", new_context(translator))
    epilogue = Block()
    for name, value in translator.fields.items():
        field = FIELDS[name]
        text = number(value).text
        if field.check is not None:
            writer.refuse_if(f"not {field.check.format(value=text)}")
        if field.write:
            epilogue.line(field.write.format(value=text))
    epilogue.line("retire(record, extra)")
    return writer.source(heading, epilogue)
