# SPDX-License-Identifier: GPL-2.0-or-later
"""Which forms of an instruction are for the model: what its declaration says, translated for compiled code."""

from __future__ import annotations

from functools import cache
from typing import Final

from emu.engine.rules.instructions import operands, translations
from emu.engine.rules.model import Model
from emu.engine.rules.pure import pure_source
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import WORD, Number, Static, Value
from emu.isa.declaration import Instruction

NAME: Final = "is_form_for_model"


def form_name(declared: Instruction) -> str:
    """What the function for *declared* is called."""
    return f"{NAME}_{declared.mnemonic}"


def form_source(declared: Instruction) -> str:
    """The source of a function that takes the address of *declared* and the instruction as an integer, and returns
    whether it is for the model.

    :raises OutsideSubsetError: if the condition of the declaration is not of the subset.
    """
    translator = Translator(Model())
    arguments: list[Value] = [Static(declared), operands(translator, declared.format), Number("address", 0, WORD - 1)]
    found = translator.call(Instruction.is_for_model, arguments, {})
    return pure_source(translator, form_name(declared), ("address", "instruction"), found)


@cache
def forms() -> dict[int, Instruction]:
    """The instructions of which some forms are corrected, by their numbers: their places among all declared."""
    return {number: each.declared for number, each in enumerate(translations()) if each.declared.is_wrong_by_form}


def source() -> str:
    """The source of a function that says so of the instruction with a number, left-aligned in *word*."""
    lines = [f"def {NAME}(number, address, word):"]
    for number, declared in forms().items():
        raw = f"word >> uint64({64 - 8 * declared.format.length})"
        lines += [f"    if number == uint64({number}):", f"        return {form_name(declared)}(address, {raw})"]
    return "\n".join([*lines, "    return uint64(1)", ""])


def sources() -> tuple[str, ...]:
    """All that is compiled."""
    return source(), *(form_source(each) for each in forms().values())
