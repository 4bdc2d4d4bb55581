# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-interruption conditions in compiled code: what is noted of one where it is raised, to be taken afterwards.

Only the few things are noted that access exceptions have; a condition that has more is left to the model, and so is one
that is raised when something has been changed already.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from emu.engine.rules.fields import FIELDS
from emu.engine.rules.values import (
    NONE,
    Either,
    Number,
    OutsideSubsetError,
    Static,
    Structure,
    Value,
    describe,
    exact,
    number,
)
from emu.program_interruption import Ending, ProgramInterruption, default_ending

if TYPE_CHECKING:
    from emu.engine.rules.core import Core

ENDINGS: Final = tuple(Ending)
"""By the numbers that they are noted as."""
LAST_CODE: Final = 0x1FF
"""No program-interruption code that is noted is higher."""
_NOTED: Final = frozenset({"code", "ending", "translation_exception", "exception_access"})


def constructed(translator: Core, arguments: list[Value], keywords: dict[str, Value]) -> Structure:
    """A condition with these arguments."""
    signature = inspect.signature(ProgramInterruption)
    given = signature.bind(*arguments, **keywords).arguments
    fields = {name: given.get(name, Static(each.default)) for name, each in signature.parameters.items()}
    if fields["ending"] == NONE:
        fields["ending"] = translator.call(default_ending, [fields["code"]], {})
    return Structure(ProgramInterruption, fields)


def note(translator: Core, raised: Value) -> bool:
    """Write that *raised* is noted, and give whether it is, so that it can be taken: else it is the model's."""
    is_other = not isinstance(raised, Structure) or raised.kind is not ProgramInterruption
    is_late = translator.writer.writes or any(FIELDS[name].write for name in translator.fields)
    if is_other or is_late or translator.writer.is_question:
        return False
    assert isinstance(raised, Structure)
    if any(value not in (NONE, Static(False)) for name, value in raised.fields.items() if name not in _NOTED):
        return False
    if raised.fields["exception_access"] not in (NONE, Static(0)):
        return False
    ending = translator.distribute(raised.fields["ending"], _number_of_ending)
    identification = raised.fields["translation_exception"]
    is_identified = translator.distribute(identification, lambda each: Static(each != NONE))
    identified_as = translator.distribute(identification, lambda each: Static(0) if each == NONE else each)
    words = [
        exact(each, "what is noted of a condition").text
        for each in (
            raised.fields["code"],
            ending,
            number(is_identified),
            identified_as,
            Static(int(raised.fields["exception_access"] != NONE)),
        )
    ]
    translator.writer.block.line(f"note_condition(record, {', '.join(words)})")
    return True


def _number_of_ending(ending: Value) -> Value:
    if not isinstance(ending, Static):
        raise OutsideSubsetError(f"the ending {describe(ending)}")
    return Static(ENDINGS.index(ending.value))


def noted() -> Structure:
    """The condition that has been noted."""
    fields: dict[str, Value] = dict.fromkeys(inspect.signature(ProgramInterruption).parameters, NONE)
    fields |= {
        "code": Number("record.condition_code", 1, LAST_CODE),
        "ending": Either("record.condition_ending", tuple(Static(each) for each in ENDINGS)),
        "translation_exception": Either(
            "record.is_condition_identified", (NONE, Number("record.condition_identification", 0, (1 << 64) - 1))
        ),
        "exception_access": Either("record.has_condition_access", (NONE, Static(0))),
    }
    return Structure(ProgramInterruption, fields)
