# SPDX-License-Identifier: GPL-2.0-or-later
"""How compiled code reads and writes what instructions work on: fields, and tables of registers and pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from emu.bits import MASK_64
from emu.engine.record_limits import CONDITIONS
from emu.page_states import OperationRequest


@dataclass(frozen=True, slots=True)
class MachineField:
    """A field that instructions read or change.

    *text* reads it, and it holds at most *high*, or the model's value modulo 2**64 if that is None.  *write*, if
    instructions may change it, is the line of the epilogue that stores ``{value}``, empty if none is needed; *check* is
    the condition on which that may be done compiled.
    """

    text: str
    high: int | None = MASK_64
    write: str | None = None
    check: str | None = None


FIELDS: Final[Mapping[str, MachineField]] = {
    "psw mask": MachineField(
        "load_native(record.psw_address)",
        write="store_native(record.psw_address, {value})",
        check="may_change_psw_mask(record, {value})",
    ),
    "instruction address": MachineField("address", write="store_native(record.psw_address + uint64(8), {value})"),
    "system mask": MachineField(
        "record.system_mask",
        write="change_system_mask(record, {value})",
        check="may_change_system_mask(record, {value}, extra)",
    ),
    "condition code": MachineField("condition_code(record)", 3, "set_condition_code(record, {value})"),
    "breaking event address": MachineField(
        "load_native(record.breaking_event_address)", write="store_native(record.breaking_event_address, {value})"
    ),
    "prefix": MachineField("record.prefix", 0x7FFF_E000),
    "CPU address": MachineField("record.cpu_address", 0xFFFF),
    "timer origin": MachineField("record.timer_origin", None),
    "programmable field": MachineField("record.programmable_field", 0xFFFF),
    "epoch": MachineField("record.epoch", None),
    "program parameter": MachineField("record.program_parameter", write="record.program_parameter = {value}"),
    "translations are forgotten": MachineField("ZERO", 2, "forget_translations(record, {value})"),
    "context is changed": MachineField("ZERO", 1, ""),
    "context": MachineField("record.known_context", write="change_context(record, {value})", check="({value} != ZERO)"),
    "work": MachineField("work", (1 << 62) - 1, ""),
    "turn": MachineField("ZERO", (1 << 62) - 1, "record.turn_begun = {value}"),
    "next address": MachineField("address", write=""),
    "instruction length": MachineField("ZERO", 6, ""),
    "relative base": MachineField("address", write=""),
    "executed": MachineField("executed(record)", (1 << 62) - 1),
    "interrupted CPU": MachineField("record.interrupted_cpu", write="record.interrupted_cpu = {value}"),
    "interrupted after": MachineField("record.interrupted_after", write="record.interrupted_after = {value}"),
    "interruptions in a row": MachineField(
        "record.interruptions_in_a_row", (1 << 62) - 1, write="record.interruptions_in_a_row = {value}"
    ),
    "otherwise interrupted CPU": MachineField(
        "record.otherwise_interrupted_cpu", write="record.otherwise_interrupted_cpu = {value}"
    ),
    "otherwise interrupted after": MachineField(
        "record.otherwise_interrupted_after", write="record.otherwise_interrupted_after = {value}"
    ),
    "other interruptions in a row": MachineField(
        "record.other_interruptions_in_a_row", (1 << 62) - 1, write="record.other_interruptions_in_a_row = {value}"
    ),
    "completed service call": MachineField(
        "load_native(record.completed_call_address)", write="complete_service_call(record, {value})"
    ),
    "service event": MachineField("record.has_service_event", 1),
    # If it were on, the signal would have been pending when the engine was entered, and been taken before.
    "event signal": MachineField("ZERO", 1, ""),
    "PSW loaded": MachineField("ZERO", 1, ""),
    "PSW change length": MachineField("ZERO", 6, ""),
}

FIELDS_OF: Final[Mapping[tuple[str, str], str]] = {
    ("cpu", "_system_mask"): "system mask",
    ("cpu", "system_mask"): "system mask",
    ("cpu", "prefix"): "prefix",
    ("cpu", "address"): "CPU address",
    ("cpu", "executed"): "executed",
    ("cpu", "cpu_timer_origin"): "timer origin",
    ("cpu", "tod_programmable"): "programmable field",
    ("cpu", "next_address"): "next address",
    ("cpu", "instruction_length"): "instruction length",
    ("cpu", "relative_base"): "relative base",
    ("cpu", "psw_loaded"): "PSW loaded",
    ("cpu", "psw_change_length"): "PSW change length",
    ("registers", "condition_code"): "condition code",
    ("cpu", "program_parameter"): "program parameter",
    ("registers", "breaking_event_address"): "breaking event address",
    ("timing", "work"): "work",
    ("timing", "epoch"): "epoch",
    ("SCLP", "completed"): "completed service call",
    ("SCLP", "has_event"): "service event",
    ("SCLP", "_event_signal"): "event signal",
}
"""The field that an attribute of an object is."""
GROUPS_OF: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("repetition", "program"): ("interrupted CPU", "interrupted after", "interruptions in a row"),
    ("repetition", "interruption"): (
        "otherwise interrupted CPU",
        "otherwise interrupted after",
        "other interruptions in a row",
    ),
}
"""Attributes that are tuples: a field for each item."""


@dataclass(frozen=True, slots=True)
class Array:
    """A table: how an element at ``{index}`` is read and written, how many there are, and the most that one holds.

    *check* is the condition on which ``{value}`` may be written compiled.
    """

    read: str
    write: str | None
    count: int | str
    high: int
    check: str = ""


ARRAYS: Final[Mapping[str, Array]] = {
    "general registers": Array(
        "load_native(record.registers_address + ({index} << uint64(3)))",
        "store_native(record.registers_address + ({index} << uint64(3)), {value})",
        16,
        MASK_64,
    ),
    "vector registers": Array(
        "load_native(record.vector_registers_address + ({index} << uint64(3)))",
        "store_native(record.vector_registers_address + ({index} << uint64(3)), {value})",
        64,
        MASK_64,
    ),
    "control registers": Array(
        "load_native(record.control_registers_address + ({index} << uint64(3)))",
        "store_native(record.control_registers_address + ({index} << uint64(3)), {value})",
        16,
        MASK_64,
        "may_change_control_register(record, {index}, {value})",
    ),
    "keys of pages": Array(
        "load8(record.keys_address + {index})",
        "store8(record.keys_address + {index}, {value})",
        "record.storage_pages",
        255,
    ),
    "states of pages": Array(
        "load8(record.states_address + {index})",
        "store8(record.states_address + {index}, {value})",
        "record.storage_pages",
        255,
    ),
    "transitions": Array("load8(record.transitions_address + {index})", None, len(OperationRequest) << 7, 255),
    "CPUs": Array("record.cpu_states[{index}]", None, "record.cpu_count", 0x1F),
    "program interruptions": Array(
        "record.condition_counts[{index}]", "record.condition_counts[{index}] = {value}", CONDITIONS, MASK_64 >> 1
    ),
    "operation requests": Array(
        "record.request_counts[{index}]",
        "record.request_counts[{index}] = {value}",
        len(OperationRequest),
        MASK_64 >> 1,
    ),
}
