# SPDX-License-Identifier: GPL-2.0-or-later
"""Operands that the engine's buffer does not know: of another space or key, by real address, or accessed first.

Where one is, :func:`emu.access.resolve` says in its compiled form.  It is asked in the body of an instruction, with
nothing changed, and again in the epilogue, where reference and change are recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.access import FETCH_OVERRIDE_END
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SIZE
from emu.engine.rules import octets
from emu.engine.rules.accesses import absolute_place, read
from emu.engine.rules.values import (
    NONE,
    WORD,
    Number,
    Octets,
    OutsideSubsetError,
    Sequence,
    Static,
    Stored,
    Value,
    constant,
    describe,
    exact,
    number,
)
from emu.teid import Access

if TYPE_CHECKING:
    from emu.engine.rules.core import Core

REAL_IF_DAT_IS_OFF: Final = Static(False)
NO_SPACE: Final = 4
"""What compiled code is given for the space that the PSW selects."""


def probe(
    translator: Core,
    cpu: Value,
    address: Value,
    length: Value,
    kind: Value,
    *,
    key: Value = NONE,
    space: Value = NONE,
    real: Value = REAL_IF_DAT_IS_OFF,
) -> Value:
    """:func:`emu.access.probe` of an operand that is one piece."""
    if not isinstance(length, Static):
        length = exact(length, "a length")
    if not isinstance(kind, Static) or not isinstance(real, Static) or kind.value is Access.INSTRUCTION_FETCH:
        raise OutsideSubsetError("the kind of an access is not known")
    writer = translator.writer
    where, size = Number(writer.bind(exact(address, "an address").text), 0, WORD - 1), number(length)
    if size.low < 1 or size.high > PAGE_SIZE:
        writer.refuse_if(f"(({size.text} - uint64(1)) >= {constant(PAGE_SIZE)})")
    writer.refuse_if(f"(({where.text} & {constant(PAGE_OFFSET_MASK)}) + {size.text} > {constant(PAGE_SIZE)})")
    end = constant(FETCH_OVERRIDE_END)
    writer.refuse_if(f"({where.text} < {end} and {where.text} + {size.text} > {end})")
    own_key = translator.attribute(cpu, "key")
    access_key = translator.distribute(key, lambda each: own_key if each == NONE else each)
    access_space = translator.distribute(space, lambda each: Static(NO_SPACE) if each == NONE else each)
    words = [writer.variable("ZERO"), writer.variable("ZERO")]
    for variable, value in zip(words, (access_key, access_space), strict=True):
        writer.block.line(f"{variable} = {number(value).text}")
    store, is_real = f"uint64({int(kind.value)})", f"uint64({int(real.value)})"
    arguments = f"{store}, {', '.join(words)}, {is_real}"
    writer.refuse_if(f"(not ask_operand(record, {where.text}, {arguments}))")
    absolute = Number(writer.bind("record.resolved"), 0, WORD - 1)
    writer.refuse_if(f"must_be_noticed(record, {absolute.text} >> uint64(12), {where.text} >> uint64(12), {store})")
    writer.write("accesses", where.text, "ZERO", f"resolve_operand(record, {{index}}, {arguments})")
    return Sequence((Sequence((absolute, length)),))


def read_absolute(translator: Core, _: Value, address: Value, length: Value) -> Value:
    """:meth:`emu.storage.Storage.read` in one page."""
    return read(translator, absolute_place(translator, address, length, is_store=False), length)


def write_absolute(translator: Core, _: Value, address: Value, data: Value) -> Value:
    """:meth:`emu.storage.Storage.write` in one page."""
    if not isinstance(data, Octets | Stored):
        raise OutsideSubsetError(f"{describe(data)} is stored")
    octets.put(translator, absolute_place(translator, address, octets.length_of(data), is_store=True).text, data)
    return NONE
