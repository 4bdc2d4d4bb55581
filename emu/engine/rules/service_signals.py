# SPDX-License-Identifier: GPL-2.0-or-later
"""Service signals in compiled code: the external interruption by which the end of a SERVICE CALL is announced.

Compiled code takes the signal of a command that it has ended itself, if nothing else is due.  Whatever is pending when
the engine is entered is the run loop's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from emu import interruption
from emu.devices.sclp import Sclp
from emu.engine.rules import swapping
from emu.engine.rules.finishing import finished
from emu.engine.rules.model import Model
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import ObjectPlace, Value

NAME: Final = "take_service_signal"


_FUNCTIONS: Final[Mapping[Any, Callable[..., Value]]] = {
    **swapping.FUNCTIONS,
    interruption.count_external: swapping.counting("external interruptions", "record.service_signals += {value}"),
}


@cache
def source() -> str:
    """The source of a function that takes the service signal which is pending, and returns whether it has.

    It takes the record, and the instruction address; else nothing has changed.

    :raises OutsideSubsetError: if the function of the model is not of the subset.
    """
    translator = Translator(Model(_FUNCTIONS))
    writer, cpu = translator.writer, ObjectPlace("cpu")
    writer.top.line("work = work_done(record)")
    # What is written of it in a trace is the model's.
    writer.refuse_if("(record.trace_address != ZERO)")
    in_a_row = translator.call(interruption.count_in_a_row, [cpu], {})
    swapping.refuse_more(translator, in_a_row, interruption.MOST_INTERRUPTIONS)
    translator.call(Sclp.interrupt, [ObjectPlace("SCLP"), cpu], {})
    return finished(translator, f"def {NAME}(record, address):", ends="interrupted")
