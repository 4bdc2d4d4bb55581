# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trace tells as JSON, an object in each line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emu.isa.disassembler import disassemble
from emu.page_states import name as state_name
from tools.traces.functions import name_at
from tools.traces.story import (
    PageStateChanged,
    Told,
    ToldDeviceEvent,
    ToldHostAction,
    ToldInstruction,
    ToldInterruption,
)
from tools.traces.texts import short_name

if TYPE_CHECKING:
    from tools.traces.opened import OpenedTrace


def as_object(trace: OpenedTrace, told: Told) -> dict[str, Any]:
    """The object of what is *told*; addresses and the content of registers are numbers, that of storage hexadecimal."""
    match told:
        case ToldInstruction():
            return _instruction(trace, told)
        case ToldInterruption():
            return {
                "is": "interruption",
                "number": told.number,
                "turn": told.turn,
                "time": told.time,
                "cpu": told.cpu,
                "class": told.kind.word,
                "code": told.code,
                "length": told.length,
                "old_psw": [told.old.mask, told.old.address],
                "new_psw": [told.new.mask, told.new.address],
                "low_core": told.low_core.hex(),
            }
        case ToldHostAction():
            states = {"before": state_name(told.before), "after": state_name(told.after)}
            return {
                "is": "host",
                "number": told.number,
                "turn": told.turn,
                "time": told.time,
                "page": told.page,
                **states,
            }
        case ToldDeviceEvent():
            return {
                "is": "device",
                "number": told.number,
                "turn": told.turn,
                "time": told.time,
                "device": told.device,
                "event": told.kind.name.lower(),
                "data": told.data.decode(errors="replace"),
            }
        case PageStateChanged():
            return {"is": "essa", "number": told.number, "turn": told.turn, "cpu": told.cpu, **_hint(told)}


def _instruction(trace: OpenedTrace, told: ToldInstruction) -> dict[str, Any]:
    found: dict[str, Any] = {
        "is": "instruction",
        "number": told.number,
        "turn": told.turn,
        "time": told.time,
        "cpu": told.cpu,
        "ended": told.kind.name == "EXECUTED",
        "state": "problem" if told.is_problem_state else "supervisor",
        "address": told.address,
        "function": name_at(trace, told.address, is_problem_state=told.is_problem_state),
        "code": told.code.hex(),
        "text": disassemble(told.code, told.address) if told.code else "",
    }
    if told.target:
        found["target"] = {"address": told.target_address, "code": told.target.hex()}
    if told.registers:
        found["registers"] = {short_name(register): new for register, (_, new) in told.registers.items()}
    for name, is_store in (("stores", True), ("fetches", False)):
        accesses = [each for each in told.accesses if each.is_store == is_store]
        if accesses:
            found[name] = [
                {
                    "logical": each.logical,
                    "absolute": each.absolute,
                    **({"old": each.old.hex()} if is_store else {}),
                    "new": each.new.hex(),
                }
                for each in accesses
            ]
    if told.states:
        found["essa"] = [_hint(each) for each in told.states]
    if told.keys:
        found["keys"] = [{"page": page, "before": before, "after": after} for page, before, after in told.keys]
    if told.translations:
        found["translations"] = [
            {
                "kind": each.kind.name.lower().replace("_", " "),
                "logical": each.logical,
                "absolute": each.absolute,
                "asce": each.space,
            }
            for each in told.translations
        ]
    return found


def _hint(told: PageStateChanged) -> dict[str, Any]:
    states = {"before": state_name(told.before), "after": state_name(told.after)}
    return {"request": told.request, "page": told.page, **states, "address": told.address}
