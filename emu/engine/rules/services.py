# SPDX-License-Identifier: GPL-2.0-or-later
"""What the model asks in compiled code: of other CPUs, devices, who watches and the translation-lookaside buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.cpu import Cpu, CpuState, PendingExternal
from emu.devices.sclp import Sclp
from emu.engine.rules.values import (
    NONE,
    Either,
    Flag,
    Number,
    ObjectPlace,
    OutsideSubsetError,
    Primitive,
    Static,
    Structure,
    Value,
    describe,
    exact,
    number,
)
from emu.engine.tables import CPU_CALL, CPU_RESTART, CPU_STATE, CPU_STOP

if TYPE_CHECKING:
    from emu.engine.rules.core import Core


def cpus(translator: Core) -> Value:
    """All CPUs, if it is known what there is to be sensed of them."""
    translator.writer.refuse_if("(record.cpu_count == ZERO)")
    return ObjectPlace("CPUs")


def device(_: Core) -> Value:
    """Compiled code knows of one device."""

    def perform(kind: Value) -> Value:
        if kind != Static(Sclp):
            raise OutsideSubsetError(f"the device {describe(kind)}")
        return ObjectPlace("SCLP")

    return Primitive("configuration.device", perform)


def sensed_cpu(address: str, word: str) -> Structure:
    """What is known of the CPU with this address, if *word* is what is sensed of it."""

    def has(bit: int) -> Flag:
        return Flag(f"((({word} >> uint64({bit})) & uint64(1)) != ZERO)")

    call = Either(f"(({word} >> uint64({CPU_CALL})) & uint64(1))", (NONE, Number("ZERO", 0, 0xFFFF)))
    known: dict[str, Value] = {
        "address": Number(address, 0, 0xFFFF),
        "state": Either(f"({word} & uint64({CPU_STATE}))", tuple(Static(each) for each in CpuState)),
        "pending": Structure(PendingExternal, {"external_call": call}),
        "restart_pending": has(CPU_RESTART),
        "stop_pending": has(CPU_STOP),
    }
    return Structure(Cpu, known)


def turn_given_up(translator: Core, _: Value, __: Value) -> Value:
    """The CPU's turn begins anew after the instruction, if it is known that no other CPU can run then."""
    after = f"({number(translator.field('work')).text} + uint64(1))"
    translator.writer.refuse_unless(Flag(f"({after} < record.idle_until)"))
    translator.set_field("turn", Number(after, 1, (1 << 62) - 1))
    return NONE


def may_be_watched(translator: Core) -> Value:
    def perform(address: Value, length: Value) -> Value:
        where, size = exact(address, "an address").text, exact(length, "a length").text
        translator.writer.refuse_if(f"is_area_watched(record, {where}, {size})")
        return Static(False)

    return Primitive("watching.may_be_of", perform)


def flush(translator: Core) -> Value:
    def perform() -> Value:
        translator.writer.refuse_unless(Flag("may_forget_translations(record)"))
        translator.set_field("translations are forgotten", Static(1))
        return NONE

    return Primitive("tlb.flush", perform)


def flush_all(translator: Core) -> Value:
    """Those of all CPUs, if there is but one."""

    def perform() -> Value:
        translator.writer.refuse_if("(record.has_other_cpus != ZERO)")
        translator.writer.refuse_unless(Flag("may_forget_translations(record)"))
        translator.set_field("translations are forgotten", Static(2))
        return NONE

    return Primitive("translations.flush_all", perform)


def is_watching(_: Core) -> Value:
    """What is asked before somebody is told of an access: those to pages that are watched are left to the model."""
    return Static(False)


def follower(translator: Core) -> Value:
    """Who is told of each access that the model makes: where accesses are traced, they are the model's."""
    translator.writer.refuse_if("are_accesses_followed(record)")
    return NONE
