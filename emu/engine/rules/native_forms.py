# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions of a new block may run natively, although other forms of the same are corrected.

Python meets this file only through :mod:`emu.engine.compiled`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from emu.engine.rules import forms, pure
from emu.engine.rules.instructions import opcodes
from emu.engine.rules.opcodes import instruction_number
from emu.engine.rules.primitives import code_instruction
from emu.engine.units import unit

_INVISIBLE: Final = np.uint64(0)
_FOR_MODEL: Final = np.uint64(1)
_is_number_for_model: Any = pure.compiled(
    forms.source(),
    forms.NAME,
    pure.NAMES
    | {
        forms.form_name(each): pure.compiled(forms.form_source(each), forms.form_name(each), pure.NAMES)
        for each in forms.forms().values()
    },
)


@unit(words=1, made_of=(opcodes().content(), *forms.sources()))
def is_form_for_model(record: Any, address: Any) -> Any:
    """Whether the instruction at *address*, of which some forms are corrected, is of one that is the model's.

    Of one that is not visible, or reaches into the next page, Python decides.
    """
    word = code_instruction(record, address)
    return _FOR_MODEL if word == _INVISIBLE else _is_number_for_model(instruction_number(word), address, word)
