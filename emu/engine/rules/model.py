# SPDX-License-Identifier: GPL-2.0-or-later
"""The objects of the model as compiled code has them: fields of the shared record, Unicorn's words, tables of pages.

This is all that the translator knows of the machine.  What has no entry here is looked up in the object's class and
carried out like any other function.  What is asked of the host and of the engine's buffer is left to the model.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from emu import access
from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.bits import MASK_64
from emu.cpu import Cpu
from emu.engine.rules import arithmetic, octets
from emu.engine.rules.fields import ARRAYS, FIELDS, Array
from emu.engine.rules.octets import LENGTHS, put
from emu.engine.rules.values import (
    NONE,
    UNBOUNDED,
    WORD,
    Either,
    Flag,
    Number,
    ObjectPlace,
    OutsideSubsetError,
    Primitive,
    Static,
    Stored,
    Structure,
    Value,
    constant,
    describe,
    exact,
    number,
    static_integer,
)
from emu.page_states import PageStates, Profile
from emu.psw import DAT, PROBLEM_STATE, Psw
from emu.storage import Storage
from emu.storage_keys import StorageKeys
from emu.teid import Access
from emu.timing import Timing

if TYPE_CHECKING:
    from emu.engine.rules.core import Core

_LAST_FRAME: Final = (1 << 44) - 1
"""No frame pool is larger."""
CLASSES: Final[Mapping[str, type]] = {
    "cpu": Cpu,
    "storage": Storage,
    "keys": StorageKeys,
    "states": PageStates,
    "timing": Timing,
}
"""The kinds of objects that have properties and methods to be carried out."""


_FIELDS_OF: Final[Mapping[tuple[str, str], str]] = {
    ("cpu", "_system_mask"): "system mask",
    ("cpu", "system_mask"): "system mask",
    ("cpu", "prefix"): "prefix",
    ("cpu", "address"): "CPU address",
    ("cpu", "cpu_timer_origin"): "timer origin",
    ("cpu", "tod_programmable"): "programmable field",
    ("cpu", "next_address"): "next address",
    ("cpu", "instruction_length"): "instruction length",
    ("cpu", "relative_base"): "relative base",
    ("registers", "condition_code"): "condition code",
    ("timing", "work"): "work",
    ("timing", "epoch"): "epoch",
}
_OBJECTS_OF: Final[Mapping[tuple[str, str], str]] = {
    ("cpu", "configuration"): "configuration",
    ("cpu", "registers"): "registers",
    ("cpu", "tlb"): "tlb",
    ("cpu", "gr"): "general registers",
    ("cpu", "vr"): "vector registers",
    ("cpu", "cr"): "control registers",
    ("cpu", "_engine_psw"): "psw",
    ("configuration", "storage"): "storage",
    ("configuration", "keys"): "keys",
    ("configuration", "states"): "states",
    ("configuration", "timing"): "timing",
    ("configuration", "facilities"): "facilities",
    ("configuration", "observers"): "observers",
    ("configuration", "hypervisor"): "hypervisor",
    ("configuration", "translations"): "translations",
    ("configuration", "counts"): "counts",
    ("counts", "operation_requests"): "operation requests",
    ("registers", "psw"): "psw",
    ("keys", "bytes"): "keys of pages",
    ("states", "bytes"): "states of pages",
    ("states", "transitions"): "transitions",
}


_LEFT: Final = (access.probe, Cpu.load_psw, Storage.read, Storage.write)
"""Functions of the model that are left to it: what they do is not plain."""


class Model:
    """What the translator is told of the model."""

    package: Final = "emu."
    """Functions of modules that begin so are carried out."""

    def __init__(self, functions: Mapping[Any, Callable[..., Value]] | None = None) -> None:
        """Know the objects of this module.

        :param functions: what to do in place of functions of the model, beyond those that are left to it.
        """
        self._functions = dict.fromkeys(_LEFT, _left_to_model) | dict(functions or {})

    def function(self, known: Any) -> Callable[..., Value] | None:
        """What is done in place of the function *known*, if it is not carried out itself."""
        try:
            return self._functions.get(known)
        except TypeError:
            return None

    def initial(self, name: str) -> Value:
        """What the field *name* holds before the instruction."""
        field = FIELDS[name]
        if field.high is None:
            return Number(field.text, -UNBOUNDED, UNBOUNDED)
        return Number(field.text, 0, field.high)

    # Attributes

    def attribute(self, translator: Core, owner: ObjectPlace, name: str) -> Value:
        """The attribute *name* of *owner*."""
        where = (owner.name, name)
        if where in _FIELDS_OF:
            return self._read_field(translator, _FIELDS_OF[where])
        if where in _OBJECTS_OF:
            return ObjectPlace(_OBJECTS_OF[where])
        special = _SPECIAL.get(where)
        if special is not None:
            return special(translator)
        if owner.name in ("hypervisor", "tlb", "translations"):
            return Primitive(f"{owner.name}.{name}", lambda *_, **__: _left_to_model(translator))
        if owner.name in CLASSES:
            return translator.class_attribute(CLASSES[owner.name], name, owner)
        raise OutsideSubsetError(f"{owner.name}.{name}")

    @staticmethod
    def _read_field(translator: Core, name: str) -> Value:
        if name == "condition code" and name not in translator.fields:
            translator.writer.refuse_if("condition_code_is_deferred(record)")
        return translator.field(name)

    def set_attribute(self, translator: Core, owner: ObjectPlace, name: str, value: Value) -> None:
        """Set the attribute *name* of *owner*."""
        field = _FIELDS_OF.get((owner.name, name))
        if field is None:
            setter = getattr(getattr(CLASSES.get(owner.name), name, None), "fset", None)
            if setter is None:
                raise OutsideSubsetError(f"{owner.name}.{name} is set")
            translator.call(setter, [owner, value], {})
            return
        known, value = FIELDS[field], translator.integer(value)
        if known.write is None:
            raise OutsideSubsetError(f"{owner.name}.{name} is set")
        if known.write and known.high is not None and exact(value, f"{owner.name}.{name}").high > known.high:
            raise OutsideSubsetError(f"{owner.name}.{name} is set to {describe(value)}")
        translator.set_field(field, number(value))

    # Elements

    def element(self, translator: Core, owner: ObjectPlace, index: Value) -> Value:
        """The element *index* of *owner*."""
        if owner.name == "psw":
            return translator.field(_psw_field(index))
        array = _array(owner)
        at = _checked(translator, array, index)
        return translator.element(owner.name, at, array.read.format(index=at), array.high)

    def set_element(self, translator: Core, owner: ObjectPlace, index: Value, value: Value) -> None:
        """Set the element *index* of *owner*."""
        if owner.name == "psw":
            if FIELDS[_psw_field(index)].write is None:
                raise OutsideSubsetError("the PSW mask that Unicorn runs with is set")
            translator.set_field(_psw_field(index), exact(value, "an instruction address"))
            return
        array = _array(owner)
        if array.write is None:
            raise OutsideSubsetError(f"an element of the {owner.name} is set")
        found = exact(translator.integer(value), f"an element of the {owner.name}")
        if found.high > max(array.high, MASK_64 if array.high > 255 else 0):
            raise OutsideSubsetError(f"an element of the {owner.name} is set to {describe(value)}")
        translator.writer.write(owner.name, _checked(translator, array, index), found.text, array.write)

    def contains(self, translator: Core, owner: ObjectPlace, item: Value) -> Static | Flag:
        """Whether *item* is in *owner*."""
        known = static_integer(item)
        if owner.name != "facilities" or known is None:
            raise OutsideSubsetError(f"{describe(item)} in {owner.name}")
        return Flag(f"(((record.facilities[uint64({known >> 6})] >> uint64({known & 63})) & uint64(1)) != ZERO)")

    def loop(self, translator: Core, owner: ObjectPlace, statement: ast.For) -> None:
        """A loop over *owner*: observers are told by the model, if anybody listens."""
        match statement.body:
            case [ast.Expr(ast.Call(ast.Attribute(_, name)))] if owner.name == "observers":
                listens = "record.states_followed" if name == "state_changed" else "record.observed"
                translator.writer.refuse_if(f"({listens} != ZERO)")
            case _:
                raise OutsideSubsetError(f"a loop over the {owner.name}")


def _left_to_model(translator: Core, *_: Value, **__: Value) -> Value:
    raise translator.refuse()


def _array(owner: ObjectPlace) -> Array:
    if owner.name not in ARRAYS:
        raise OutsideSubsetError(f"an element of the {owner.name}")
    return ARRAYS[owner.name]


def _checked(translator: Core, array: Array, index: Value) -> str:
    """The text of *index*; the model is to see to it if it is not within *array*."""
    found = exact(index, "an index")
    text = found.text if found.text.startswith("uint64(") else translator.writer.bind(found.text)
    if isinstance(array.count, str):
        translator.writer.refuse_if(f"({text} >= {array.count})")
    elif found.high >= array.count:
        translator.writer.refuse_if(f"({text} >= {constant(array.count)})")
    return text


def _psw_field(index: Value) -> str:
    known = static_integer(index)
    if known not in (0, 1):
        raise OutsideSubsetError(f"the PSW's word {describe(index)}")
    return "instruction address" if known else "psw mask"


def _in_mask(bits: int) -> Callable[[Core], Value]:
    def perform(translator: Core) -> Value:
        return Flag(f"(({number(translator.field('system mask')).text} & {constant(bits)}) != ZERO)")

    return perform


def _of_psw(name: str) -> Callable[[Core], Value]:
    """What the property *name* of the PSW is, as the CPU keeps it."""

    def perform(translator: Core) -> Value:
        psw = Structure(Psw, {"mask": translator.field("system mask"), "address": Static(0)})
        return translator.attribute(psw, name)

    return perform


def _find_table_entry(_: Core) -> Value:
    """The engine's buffer knows where tables lie to spare Python the question; compiled code asks always."""
    return Primitive("tlb.find_table_entry", lambda _: NONE)


def _note_table(_: Core) -> Value:
    return Primitive("tlb.note_table", lambda _: NONE)


def _frame(translator: Core) -> Value:
    """The host's frame of a page, if it is there and the host needs not be asked."""
    return Primitive("hypervisor.frame", lambda page: _find_frame(translator, page))


def _frame_for_store(translator: Core) -> Value:
    def perform(page: Value) -> Value:
        found = _find_frame(translator, page)
        if not translator.writer.is_question:
            translator.writer.block.line(f"note_change(record, {found.text})")
        return found

    return Primitive("hypervisor.frame_for_store", perform)


def _find_frame(translator: Core, page: Value) -> Number:
    at = _checked(translator, ARRAYS["states of pages"], page)
    found = translator.writer.bind(f"find_frame(record, {at})")
    translator.writer.refuse_if(f"({found} == NO_FRAME)")
    return Number(found, 0, _LAST_FRAME)


def _read_integer(translator: Core) -> Value:
    """An integer in absolute storage."""

    def perform(address: Value, length: Value) -> Value:
        known = static_integer(length)
        if known not in LENGTHS:
            raise OutsideSubsetError(f"an integer of {describe(length)} bytes is read")
        where = Number(translator.writer.bind(exact(address, "an address").text), 0, WORD - 1)
        translator.call(Storage.require, [ObjectPlace("storage"), where], {})
        offset = f"({where.text} & {constant(PAGE_SIZE - 1)})"
        translator.writer.refuse_if(f"({offset} > {constant(PAGE_SIZE - known)})")
        frame = _find_frame(translator, arithmetic.binary(ast.RShift, where, Static(PAGE_SHIFT)))
        place = Number(f"(record.pool_address + {frame.text} + {offset})", 0, WORD - 1)
        return octets.integer(translator, _read(translator, place, Static(known)), Static("big"))

    return Primitive("storage.read_integer", perform)


def _find(translator: Core) -> Value:
    """The engine's buffer: where an operand lies, if it is in one page that a remembered fill leads to."""

    def perform(address: Value, length: Value, kind: Value, *, is_real: Value) -> Value:
        if not isinstance(kind, Static) or not isinstance(is_real, Static):
            raise OutsideSubsetError("the kind of an access is not known")
        context = "real_context(record.context)" if is_real.value else "record.context"
        store = int(kind.value is Access.STORE)
        where, size = exact(address, "an address").text, exact(length, "a length").text
        place = translator.writer.bind(f"find_operand(record, {where}, {size}, uint64({store}), {context})")
        tag = translator.writer.bind(f"uint64({place} != ZERO)")
        return Either(tag, (NONE, Number(place, 0, WORD - 1)))

    return Primitive("tlb.find", perform)


def _read_frame(translator: Core) -> Value:
    return Primitive("read_frame", lambda place, length: _read(translator, number(place), length))


def _read(translator: Core, place: Number, length: Value) -> Stored:
    if any(each.array == "storage" for each in translator.writer.writes):
        # It may be what has been stored, which the epilogue has not done yet.
        raise OutsideSubsetError("storage is read after it was stored into")
    return Stored(place.text, length)


def _write_frame(translator: Core) -> Value:
    def perform(place: Value, data: Value) -> Value:
        put(translator, number(place).text, data)
        return NONE

    return Primitive("write_frame", perform)


def _page_changed(translator: Core) -> Value:
    """Translations that may lead to a page are dropped by the model."""

    def perform(page: Value) -> Value:
        at = _checked(translator, ARRAYS["states of pages"], page)
        translator.writer.refuse_if(f"(load8(record.reached_address + {at}) != ZERO)")
        return NONE

    return Primitive("page_changed", perform)


_SPECIAL: Final[Mapping[tuple[str, str], Callable[[Core], Value]]] = {
    ("cpu", "problem_state"): _in_mask(PROBLEM_STATE),
    ("cpu", "dat"): _in_mask(DAT),
    ("cpu", "key"): _of_psw("key"),
    ("cpu", "space"): _of_psw("address_space_control"),
    # While PER records, no instruction is executed compiled.
    ("cpu", "recording"): lambda _: NONE,
    # A CPU that executes is in the operating state.
    ("cpu", "stopped_since"): lambda _: NONE,
    ("configuration", "profile"): lambda _: Either("record.profile", tuple(Static(each) for each in Profile)),
    ("translations", "page_changed"): _page_changed,
    ("storage", "size"): lambda _: Number("(record.storage_pages << uint64(12))", 0, WORD - 1),
    ("storage", "pages"): lambda _: Number("record.storage_pages", 0, WORD >> 12),
    ("storage", "read_frame"): _read_frame,
    ("storage", "write_frame"): _write_frame,
    ("tlb", "find"): _find,
    ("tlb", "find_table_entry"): _find_table_entry,
    ("tlb", "note_table"): _note_table,
    ("storage", "read_integer"): _read_integer,
    ("hypervisor", "frame"): _frame,
    ("hypervisor", "frame_for_store"): _frame_for_store,
}
