# SPDX-License-Identifier: GPL-2.0-or-later
"""Which declared instructions are compiled: those whose functions are of the subset.

No list is kept: an instruction is compiled by being declared, and why another is not can be asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.cpu import Cpu
from emu.engine.rules.core import Core, DivergedError, condition_of
from emu.engine.rules.dispatch import OpcodeTables
from emu.engine.rules.finishing import finished
from emu.engine.rules.model import Model
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import WORD, Number, ObjectPlace, OutsideSubsetError, Static, Structure, Value
from emu.isa.declaration import INSTRUCTIONS, Instruction, Operands, Reason
from emu.isa.formats import Format

HEADING: Final = "def execute_{name}(record, address, instruction):"
_CPU: Final = ObjectPlace("cpu")
_WORDS: Final = re.compile(r"\w+")
_ASKED_OF_BURST: Final = frozenset(
    (
        *("quiet", "expected_subclasses", "epoch", "timer_origin", "programmable_field", "program_parameter"),
        *("cpu_states", "cpu_count", "idle_until", "turn_begun", "interruptions_followed", "executed", "interrupted"),
        *("may_change_system_mask", "may_change_psw_mask", "change_system_mask", "may_change_control_register"),
        *("complete_service_call", "has_service_event"),
    )
)
"""Fields of the record that are good in a burst only, since Python writes them for it; and functions of compiled code
that read these, or change how far the burst goes."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A declared instruction, and what the translator has made of it."""

    declared: Instruction
    source: str
    """Empty if it is not compiled."""
    reason: str
    """Why not."""

    @property
    def is_compiled(self) -> bool:
        """Whether the engine executes it compiled where it is plain."""
        return bool(self.source)


def translate(declared: Instruction) -> str:
    """The source of a function that executes *declared* and returns whether it has: else nothing has changed.

    It takes the record, the address of the instruction, and the instruction as an integer.

    :raises OutsideSubsetError: if the function of the model is not of the subset.
    """
    translator = Translator(Model())
    writer = translator.writer
    writer.top.line("work = work_done(record)")
    length = declared.format.length
    cpu_type = Cpu
    try:
        for check in (Instruction.is_installed, Instruction.is_permitted):
            checked = translator.call(check, [Static(declared), _CPU], {})
            writer.refuse_unless(condition_of(translator, checked))
        behind = Number(f"(address + uint64({length}))", length, WORD - 1 + length)
        translator.set_field("next address", translator.call(cpu_type.wrap, [_CPU, behind], {}))
        translator.set_field("instruction length", Static(length))
        translator.set_field("work", Number(f"(work + uint64({declared.work}))", 0, (1 << 62) - 1))
        fields = operands(translator, declared.format)
        # Of some instructions the engine may be shown another form that traps beside one that is for the model.
        is_ours = translator.call(
            Instruction.is_for_model, [Static(declared), fields, Number("address", 0, WORD - 1)], {}
        )
        writer.refuse_unless(condition_of(translator, is_ours))
        translator.call(declared.execute, [_CPU, fields], {})
    except DivergedError:
        raise OutsideSubsetError("every way through it is the model's") from None
    translator.set_field("instruction address", translator.field("next address"))
    return finished(translator, HEADING.format(name=declared.mnemonic))


def operands(translator: Core, form: Format) -> Structure:
    """The operand fields of an instruction, as :meth:`Format.extract` finds them."""
    raw = Number("instruction", 0, (1 << 8 * form.length) - 1)
    fields: dict[str, Value] = {name: Static(0) for name in Operands.__slots__}
    for field in form.fields:
        value = translator.call(Format._extract, [Static(form), Static(field), raw], {})  # noqa: SLF001
        fields[field.name] = translator.bound(value)
    return Structure(Operands, fields | {"raw": raw, "length": Static(form.length)})


@cache
def translations() -> tuple[Translated, ...]:
    """Every declared instruction, in their order."""
    return tuple(_translated(each) for each in INSTRUCTIONS)


def _translated(declared: Instruction) -> Translated:
    if declared.reason is Reason.EXECUTED:
        return Translated(declared, "", "it does not trap: only as the target of an EXECUTE is it the model's")
    if declared.reason is Reason.REFUSED:
        return Translated(declared, "", "it does not trap: only what the engine refuses is the model's")
    if declared.reason is Reason.UNREFUSED:
        return Translated(declared, "", "each form that traps by itself ends in an exception")
    try:
        return Translated(declared, translate(declared), "")
    except OutsideSubsetError as reason:
        return Translated(declared, "", str(reason))


def numbered() -> list[tuple[int, Translated]]:
    """The compiled instructions, each with its number, which is its place among all that are declared."""
    return [(number, each) for number, each in enumerate(translations()) if each.is_compiled]


def lone() -> list[tuple[int, Translated]]:
    """Those that can be executed without a burst of the engine: they ask for nothing that only a burst is told."""
    return [(number, each) for number, each in numbered() if not _ASKED_OF_BURST & set(_WORDS.findall(each.source))]


def opcodes() -> OpcodeTables:
    """The numbers of the declared instructions by their opcodes."""
    return OpcodeTables((number, each.declared) for number, each in enumerate(translations()))


def report() -> str:
    """What is compiled and, of the rest, why it is not: a line for each declared instruction."""
    compiled = [each for each in translations() if each.is_compiled]
    others = [each for each in translations() if not each.is_compiled]
    lines = [f"compiled where they are plain: {len(compiled)} of {len(translations())} declared instructions"]
    lines += [f"  {each.declared.mnemonic:8}{each.declared.title}" for each in compiled]
    lines += ["executed by the model alone:"]
    lines += [f"  {each.declared.mnemonic:8}{each.reason}" for each in others]
    return "\n".join(lines)
