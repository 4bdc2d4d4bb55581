# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE LOGICAL (CLC) of 1, 2, 4 and 8 bytes loses the condition code at an access exception.

Unicorn 2.1.4 loads these operands to where the condition code will be computed from, before it knows that the second
one can be fetched.  So the function that translates CLC is replaced by one that for these lengths loads them to values
of their own, and then sets the condition code as for COMPARE LOGICAL (CLG).
"""

from __future__ import annotations

from functools import cache
from typing import Final

from emu.engine.quirks.translation import (
    PREPARE,
    SET_CONDITION_CODE,
    TRANSLATE,
    InstructionTranslation,
    Replacement,
    function_of,
    replace_translation,
)

_LOADS: Final = {0: (0xE390, "LLGC"), 1: (0xE391, "LLGH"), 3: (0xE316, "LLGF"), 7: (0xE304, "LG")}
"""By the length code: instructions that load a value of that length without sign."""


@cache
def mend() -> None:
    """Replace the function, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    replace_translation(0xD500, "CLC", _loading_first)


def _loading_first(original: int) -> Replacement:
    loads = {code: function_of(*load, TRANSLATE) for code, load in _LOADS.items()}
    prepare = function_of(0x5800, "L", PREPARE)
    set_condition_code = function_of(0xE321, "CLG", SET_CONDITION_CODE)

    def translate(translation: InstructionTranslation) -> int:
        load = loads.get(translation.field(8, 8))
        if load is None:
            return translation.call(original)
        operands = translation.operands
        second = operands.second
        operands.second = operands.address
        translation.call(prepare)
        translation.call(load)
        operands.first = operands.result
        operands.second = second
        translation.call(prepare)
        outcome = translation.call(load)
        # All five are freed, each once.
        operands.result, operands.second = second, operands.result
        translation.call(set_condition_code)
        return outcome

    return translate
