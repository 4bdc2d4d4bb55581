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
from emu.bits import MASK_64
from emu.cpu import Cpu
from emu.devices.sclp import Sclp
from emu.engine.record_limits import FACILITY_WORDS, MOST_CPUS
from emu.engine.rules.accesses import (
    checked,
    find_operand,
    find_table_entry,
    frame,
    frame_for_store,
    left_to_model,
    note_table,
    page_changed,
    read_frame,
    read_integer,
    write_frame,
    write_integer,
)
from emu.engine.rules.fields import ARRAYS, FIELDS, FIELDS_OF, GROUPS_OF, Array
from emu.engine.rules.operand_access import probe, read_absolute, write_absolute
from emu.engine.rules.services import (
    cpus,
    device,
    flush,
    flush_all,
    follower,
    is_watching,
    may_be_watched,
    sensed_cpu,
    turn_given_up,
)
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
    Sequence,
    Several,
    Static,
    Structure,
    Value,
    constant,
    describe,
    exact,
    number,
    static_integer,
)
from emu.facilities import facility_doublewords
from emu.isa.diagnose import FUNCTIONS, give_up_turn
from emu.isa.signaling import ORDERS, SENSING
from emu.page_states import PageStates, Profile
from emu.psw import DAT, PROBLEM_STATE, Psw
from emu.storage import Storage
from emu.storage_keys import StorageKeys
from emu.timing import Timing

if TYPE_CHECKING:
    from emu.engine.rules.core import Core, Scope

_LAST_FRAME: Final = (1 << 44) - 1
"""No frame pool is larger."""
CLASSES: Final[Mapping[str, type]] = {
    "cpu": Cpu,
    "storage": Storage,
    "keys": StorageKeys,
    "states": PageStates,
    "timing": Timing,
    "SCLP": Sclp,
}
"""The kinds of objects that have properties and methods to be carried out."""


_IN_SYSTEM_MASK: Final = ("problem_state", "key", "dat", "space")
"""What the CPU keeps apart of its system mask, from which compiled code takes it."""
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
    ("configuration", "watching"): "watching",
    ("configuration", "counts"): "counts",
    ("counts", "operation_requests"): "operation requests",
    ("counts", "program_interruptions"): "program interruptions",
    ("configuration", "repetition"): "repetition",
    ("registers", "psw"): "psw",
    ("SCLP", "_configuration"): "configuration",
    ("keys", "bytes"): "keys of pages",
    ("states", "bytes"): "states of pages",
    ("states", "transitions"): "transitions",
}


def _facility_doublewords(*_: Any) -> Value:
    """The facility list, of which it is known how long it may be."""
    items = tuple(Number(f"record.facility_list[uint64({word})]", 0, MASK_64) for word in range(FACILITY_WORDS))
    return Several(items, Number("record.facility_list_length", 1, FACILITY_WORDS))


_LEFT: Final = (
    Cpu.set_addressing_mode,
    Cpu.set_program_mask,
    Sclp.carry_out,
    *(perform for order, perform in ORDERS.items() if order not in SENSING),
    *(perform for perform in FUNCTIONS.values() if perform is not give_up_turn),
)
"""Functions of the model that are left to it: what they do is not plain."""


_REPLACED: Final[Mapping[Any, Callable[..., Value]]] = {
    facility_doublewords: _facility_doublewords,
    access.probe: probe,
    give_up_turn: turn_given_up,
    Cpu.leave_context: lambda translator, _: _change_context(translator),
    Storage.read: read_absolute,
    Storage.write: write_absolute,
}
"""What is done in place of functions of the model."""


class Model:
    """What the translator is told of the model."""

    package: Final = "emu."
    """Functions of modules that begin so are carried out."""

    def __init__(self, functions: Mapping[Any, Callable[..., Value]] | None = None) -> None:
        """Know the objects of this module.

        :param functions: what to do in place of functions of the model, beyond those that are left to it.
        """
        self._functions: dict[Any, Callable[..., Value]] = {**dict.fromkeys(_LEFT, left_to_model), **_REPLACED}
        self._functions |= functions or {}

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
        if where in FIELDS_OF:
            return translator.field(FIELDS_OF[where])
        if where in _OBJECTS_OF:
            return ObjectPlace(_OBJECTS_OF[where])
        if where in GROUPS_OF:
            return Sequence(tuple(translator.field(each) for each in GROUPS_OF[where]))
        special = _SPECIAL.get(where)
        if special is not None:
            return special(translator)
        if owner.name in ("hypervisor", "tlb", "translations"):
            raise translator.refuse()
        if owner.name in CLASSES:
            return translator.class_attribute(CLASSES[owner.name], name, owner)
        raise OutsideSubsetError(f"{owner.name}.{name}")

    def set_attribute(self, translator: Core, owner: ObjectPlace, name: str, value: Value) -> None:
        """Set the attribute *name* of *owner*."""
        field = FIELDS_OF.get((owner.name, name))
        if owner.name == "cpu" and name in _IN_SYSTEM_MASK:
            return
        group = GROUPS_OF.get((owner.name, name))
        if group is not None:
            for each, item in zip(group, translator.items(value), strict=True):
                translator.set_field(each, exact(item, each))
            return
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
        at = checked(translator, array, index)
        if owner.name == "CPUs":
            return sensed_cpu(at, translator.writer.bind(array.read.format(index=at)))
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
        translator.require_reached(f"an element of the {owner.name} is set")
        found = exact(translator.integer(value), f"an element of the {owner.name}")
        if found.high > max(array.high, MASK_64 if array.high > 255 else 0):
            raise OutsideSubsetError(f"an element of the {owner.name} is set to {describe(value)}")
        at = checked(translator, array, index)
        if array.check:
            translator.writer.refuse_if(f"not {array.check.format(index=at, value=found.text)}")
        translator.writer.write(owner.name, at, found.text, array.write)

    def contains(self, translator: Core, owner: ObjectPlace, item: Value) -> Static | Flag:
        """Whether *item* is in *owner*."""
        known = static_integer(item)
        if owner.name != "facilities" or known is None:
            raise OutsideSubsetError(f"{describe(item)} in {owner.name}")
        return Flag(f"(((record.facilities[uint64({known >> 6})] >> uint64({known & 63})) & uint64(1)) != ZERO)")

    def length(self, owner: ObjectPlace) -> Number:
        """How many elements *owner* has."""
        count = ARRAYS[owner.name].count if owner.name == "CPUs" else None
        if not isinstance(count, str):
            raise OutsideSubsetError(f"the length of the {owner.name}")
        return Number(count, 1, MOST_CPUS)

    def loop(self, translator: Core, owner: ObjectPlace, statement: ast.For, scope: Scope) -> None:
        """A loop over *owner*: observers are told by the model, if anybody listens, and a trace is written here."""
        is_of_observers = owner.name == "observers"
        match statement.body:
            case [ast.Expr(ast.Call(ast.Attribute(_, "state_changed"), [_, page, *what]))] if is_of_observers:
                followed = number(translator.evaluate(page, scope)).text
                translator.writer.refuse_if(f"is_state_followed(record, {followed})")
                _trace(translator, "trace_state", followed, what, scope)
            case [ast.Expr(ast.Call(ast.Attribute(_, "key_changed"), [_, page, *what]))] if is_of_observers:
                translator.writer.refuse_if("(record.keys_followed != ZERO)")
                _trace(translator, "trace_key", number(translator.evaluate(page, scope)).text, what, scope)
            case [ast.Expr(ast.Call(ast.Attribute(_, "interrupted")))] if is_of_observers:
                translator.writer.refuse_if("(record.interruptions_followed != ZERO)")
            case _:
                raise OutsideSubsetError(f"a loop over the {owner.name}")


def _trace(translator: Core, function: str, page: str, what: list[ast.expr], scope: Scope) -> None:
    """Have *function* called, with *page* and with the bytes *what*, from right to left."""
    octets = [number(translator.evaluate(each, scope)).text for each in what]
    text = " | ".join(f"({each} << uint64({8 * place}))" for place, each in enumerate(octets))
    translator.writer.write(function, page, f"({text})", f"{function}(record, {{index}}, {{value}})")


def new_context(translator: Core) -> Number:
    """The context of translations that control registers and key say now, if the CPU has been in it; else zero."""
    is_changed = number(translator.field("context is changed")).text
    controls = [
        number(translator.model.element(translator, ObjectPlace("control registers"), Static(register))).text
        for register in (0, 1, 7, 13)
    ]
    key = number(translator.attribute(ObjectPlace("cpu"), "key")).text
    return Number(f"find_context(record, {', '.join((is_changed, *controls, key))})", 0, MASK_64)


def _array(owner: ObjectPlace) -> Array:
    if owner.name not in ARRAYS:
        raise OutsideSubsetError(f"an element of the {owner.name}")
    return ARRAYS[owner.name]


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


def _change_context(translator: Core) -> Value:
    """The context of translations is another one from now on: which, is found when all is known that it depends on."""
    translator.set_field("context is changed", Static(1))
    return NONE


def _context_changed(translator: Core) -> Value:
    return Primitive("tlb.context_changed", lambda: _change_context(translator))


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
    ("configuration", "cpus"): cpus,
    ("configuration", "follower"): follower,
    ("configuration", "device"): device,
    ("translations", "page_changed"): page_changed,
    ("translations", "flush_all"): flush_all,
    ("watching", "may_be_of"): may_be_watched,
    ("watching", "is_set"): is_watching,
    ("tlb", "flush"): flush,
    ("storage", "write_integer"): write_integer,
    ("storage", "size"): lambda _: Number("(record.storage_pages << uint64(12))", 0, WORD - 1),
    ("storage", "pages"): lambda _: Number("record.storage_pages", 0, WORD >> 12),
    ("storage", "read_frame"): read_frame,
    ("storage", "write_frame"): write_frame,
    # What Unicorn itself needs of it, no compiled instruction changes.
    ("registers", "set_control_register_0"): lambda _: Primitive("set_control_register_0", lambda _: NONE),
    ("tlb", "context_changed"): _context_changed,
    ("tlb", "find"): find_operand,
    # What is not noted is found again.
    ("tlb", "note"): lambda _: Primitive("tlb.note", lambda *_, **__: NONE),
    ("tlb", "find_table_entry"): find_table_entry,
    ("tlb", "note_table"): note_table,
    ("storage", "read_integer"): read_integer,
    # The host is told of them later.
    ("hypervisor", "refused"): lambda _: Primitive("hypervisor.refused", lambda _: NONE),
    ("hypervisor", "frame"): frame,
    ("hypervisor", "frame_for_store"): frame_for_store,
}
