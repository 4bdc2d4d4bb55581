# SPDX-License-Identifier: GPL-2.0-or-later
"""Program interruptions in compiled code: the model's own, taken for the condition that has been noted."""

from __future__ import annotations

from functools import cache
from typing import Final

from emu import interruption
from emu.cpu import Cpu
from emu.engine.rules import conditions
from emu.engine.rules.finishing import finished
from emu.engine.rules.model import Model
from emu.engine.rules.swapping import FUNCTIONS, refuse_more
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import WORD, Number, ObjectPlace
from emu.instruction_length import instruction_length

NAME: Final = "interrupt"
_LONGEST: Final = instruction_length(0xFF)


@cache
def source() -> str:
    """The source of a function that takes the program interruption which has been noted, and returns whether it has.

    It takes the record, and the address and length of the instruction, which has not ended; else nothing has changed.

    :raises OutsideSubsetError: if the function of the model is not of the subset.
    """
    translator = Translator(Model(FUNCTIONS))
    writer, cpu, condition = translator.writer, ObjectPlace("cpu"), conditions.noted()
    writer.top.line("work = work_done(record)")
    writer.refuse_if("(record.interruptions_followed != ZERO)")
    # Whoever lets instructions run one by one sees the interruption as well.
    writer.refuse_if("(record.limit <= uint64(1))")
    address, length = Number("address", 0, WORD - 1), Number("length", 2, _LONGEST)
    behind = Number("(address + length)", 2, WORD - 1 + _LONGEST)
    translator.set_field("next address", translator.call(Cpu.wrap, [cpu, behind], {}))
    in_a_row = translator.call(interruption.count_program, [cpu, condition], {})
    refuse_more(translator, in_a_row, interruption.MOST_PROGRAM_INTERRUPTIONS)
    translator.call(interruption.program, [cpu, condition, address, length], {})
    return finished(translator, f"def {NAME}(record, address, length):", ends="interrupted")
