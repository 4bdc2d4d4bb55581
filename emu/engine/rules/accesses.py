# SPDX-License-Identifier: GPL-2.0-or-later
"""How compiled code reaches storage: operands by remembered fills, absolute storage by the host's tables of frames."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT, PAGE_SIZE
from emu.engine.rules import octets
from emu.engine.rules.core import DivergedError
from emu.engine.rules.fields import ARRAYS, Array
from emu.engine.rules.octets import LENGTHS, put
from emu.engine.rules.values import (
    NONE,
    WORD,
    Either,
    Flag,
    Number,
    ObjectPlace,
    Octets,
    OutsideSubsetError,
    Primitive,
    Static,
    Stored,
    Value,
    constant,
    describe,
    exact,
    number,
    static_integer,
)
from emu.engine.rules.writer import REFUSE
from emu.page_states import touch
from emu.storage import Storage
from emu.teid import Access

if TYPE_CHECKING:
    from emu.engine.rules.core import Core

_LAST_FRAME: Final = (1 << 44) - 1
"""No frame pool is larger."""


def left_to_model(translator: Core, *_: Value, **__: Value) -> Value:
    raise translator.refuse()


def checked(translator: Core, array: Array, index: Value) -> str:
    """The text of *index*; the model is to see to it if it is not within *array*."""
    found = exact(index, "an index")
    text = found.text if found.text.startswith("uint64(") else translator.writer.bind(found.text)
    if isinstance(array.count, str):
        translator.writer.refuse_if(f"({text} >= {array.count})")
    elif found.high >= array.count:
        translator.writer.refuse_if(f"({text} >= {constant(array.count)})")
    return text


def find_table_entry(_: Core) -> Value:
    """The engine's buffer knows where tables lie to spare Python the question; compiled code asks always."""
    return Primitive("tlb.find_table_entry", lambda _: NONE)


def note_table(_: Core) -> Value:
    return Primitive("tlb.note_table", lambda _: NONE)


def frame(translator: Core) -> Value:
    """The host's frame of a page, if it is there and the host needs not be asked."""
    return Primitive("hypervisor.frame", lambda page: find_frame(translator, page, is_operand=True))


def frame_for_store(translator: Core) -> Value:
    def perform(page: Value) -> Value:
        found = find_frame(translator, page, is_operand=True)
        if not translator.writer.is_question:
            translator.writer.block.line(f"note_change(record, {found.text})")
        return found

    return Primitive("hypervisor.frame_for_store", perform)


def find_frame(translator: Core, page: Value, *, is_operand: bool = False) -> Number:
    """The offset in the pool of the frame of *page*, if it is there and the host needs not be asked.

    :param is_operand: it is the page of the operand that is accessed, and nothing is read there, such as a table.
    """
    translator.require_reached("a page is accessed")
    at = checked(translator, ARRAYS["states of pages"], page)
    # Who only asks has accessed nothing.
    function = "find_frame"
    if translator.writer.is_question:
        function = "ask_frame" if is_operand and translator.writer.may_be_supplied else "locate_frame"
    found = translator.writer.bind(f"{function}(record, {at})")
    missing, _ = translator.writer.block.branch(f"({found} == NO_FRAME)")
    with translator.writer.inside(missing):
        if translator.notes_conditions:
            _touch(translator, at)
        missing.line(REFUSE)
    return Number(found, 0, _LAST_FRAME)


def _touch(translator: Core, page: str) -> None:
    """Note the condition that the state of *page* gives, of which the host needs not be asked."""
    asked, _ = translator.writer.block.branch("is_host_asked(record)")
    asked.line(REFUSE)
    state = Number(translator.writer.bind(f"load8(record.states_address + {page})"), 0, 0xFF)
    configuration = ObjectPlace("configuration")
    profile = translator.attribute(configuration, "profile")
    with contextlib.suppress(DivergedError):
        translator.call(touch, [state, Number(page, 0, (WORD >> PAGE_SHIFT) - 1), profile], {})


def absolute_place(translator: Core, address: Value, length: Value, *, is_store: bool) -> Number:
    """Where in this process the *length* bytes at absolute *address* are, which must lie in one page.

    A store must go into no page of code, and into none in which somebody watches for stores.
    """
    where = Number(translator.writer.bind(exact(address, "an address").text), 0, WORD - 1)
    translator.call(Storage.require, [ObjectPlace("storage"), where], {})
    offset = f"({where.text} & {constant(PAGE_OFFSET_MASK)})"
    translator.writer.refuse_if(f"({offset} + {exact(length, 'a length').text} > {constant(PAGE_SIZE)})")
    page = translator.writer.bind(f"({where.text} >> uint64({PAGE_SHIFT}))")
    frame = find_frame(translator, Number(page, 0, WORD - 1 >> PAGE_SHIFT))
    if is_store:
        translator.writer.refuse_if(f"(load8(record.code_pages_address + {page}) != ZERO)")
        translator.writer.refuse_if(f"is_storage_watched(record, {page}, uint64({int(Access.STORE)}))")
        translator.writer.block.line(f"note_change(record, {frame.text})")
    return Number(translator.writer.bind(f"(record.pool_address + {frame.text} + {offset})"), 0, WORD - 1)


def read_integer(translator: Core) -> Value:
    """An integer in absolute storage."""

    def perform(address: Value, length: Value) -> Value:
        known = static_integer(length)
        if known not in LENGTHS:
            raise OutsideSubsetError(f"an integer of {describe(length)} bytes is read")
        place = absolute_place(translator, address, length, is_store=False)
        return octets.integer(translator, read(translator, place, Static(known)), Static("big"))

    return Primitive("storage.read_integer", perform)


def write_integer(translator: Core) -> Value:
    """An integer into absolute storage."""

    def perform(address: Value, length: Value, value: Value) -> Value:
        known = static_integer(length)
        if known not in LENGTHS:
            raise OutsideSubsetError(f"an integer of {describe(length)} bytes is written")
        place = absolute_place(translator, address, length, is_store=True)
        found, most = exact(value, "what is stored"), (1 << 8 * known) - 1
        if found.high > most:
            # The model itself fails.
            translator.writer.refuse_if(f"({found.text} > {constant(most)})")
        put(translator, place.text, Octets(((Number(found.text, 0, min(found.high, most)), known),)))
        return NONE

    return Primitive("storage.write_integer", perform)


def find_operand(translator: Core) -> Value:
    """The engine's buffer: where an operand lies, if it is in one page that a remembered fill leads to."""

    def perform(address: Value, length: Value, kind: Value, *, is_real: Value) -> Value:
        if not isinstance(kind, Static) or not isinstance(is_real, Static):
            raise OutsideSubsetError("the kind of an access is not known")
        context = "real_context(record.context)" if is_real.value else "record.context"
        store = int(kind.value is Access.STORE)
        where, size = exact(address, "an address").text, exact(length, "a length").text
        arguments = f"record, {where}, {size}, uint64({store}), {context}"
        place = translator.writer.variable("ZERO")
        translator.writer.block.line(f"{place} = find_operand({arguments})")
        if not is_real.value:
            missing, _ = translator.writer.block.branch(f"({place} == ZERO)")
            missing.line(f"{place} = find_low_operand({arguments})")
            # Elsewhere the access itself, by the address, sees to what is recorded of the page.
            low, _ = missing.branch(f"({place} != ZERO)")
            with translator.writer.inside(low):
                made = "resolve_byte(record, {index}, {value})"
                translator.writer.write("low storage", where, f"uint64({store})", made)
        tag = translator.writer.bind(f"uint64({place} != ZERO)")
        return Either(tag, (NONE, Number(place, 0, WORD - 1)))

    return Primitive("tlb.find", perform)


def read_frame(translator: Core) -> Value:
    return Primitive("read_frame", lambda place, length: read(translator, number(place), length))


def read(translator: Core, place: Number, length: Value) -> Stored:
    """The *length* bytes at *place* in this process."""
    if translator.writer.has_written("storage"):
        # It may be what has been stored, which the epilogue has not done yet.
        raise OutsideSubsetError("storage is read after it was stored into")
    return Stored(place.text, length)


def write_frame(translator: Core) -> Value:
    def perform(place: Value, data: Value) -> Value:
        put(translator, number(place).text, data)
        return NONE

    return Primitive("write_frame", perform)


def _forget_all(translator: Core, page: str) -> Value:
    """Have all translations forgotten, among them those that lead to *page*; those of other CPUs, the model has."""
    translator.writer.refuse_if("(record.has_other_cpus != ZERO)")
    translator.writer.refuse_unless(Flag("may_forget_translations(record)"))
    translator.writer.write("reached", page, "ZERO", "forget_reached(record, {index})")
    translator.set_field("translations are forgotten", Static(1))
    return NONE


def page_changed(translator: Core) -> Value:
    """Where translations may lead to a page, all of them are dropped, which costs less than to look for these."""

    def perform(page: Value) -> Value:
        at = checked(translator, ARRAYS["states of pages"], page)
        is_reached = Flag(f"is_page_reached(record, {at})")
        return translator.choose(is_reached, lambda: _forget_all(translator, at), lambda: NONE)

    return Primitive("page_changed", perform)
