# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled answer to the question where an access leads: translated from the model's own :func:`access.resolve`.

What a question needs beyond the checks, the reference and change bits, and where the answer is kept, is in
:mod:`emu.engine.callbacks`.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from emu import access
from emu.engine.rules import arithmetic
from emu.engine.rules.core import condition_of
from emu.engine.rules.fields import FIELDS
from emu.engine.rules.model import Model
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import WORD, Number, ObjectPlace, exact
from emu.engine.rules.writer import Block
from emu.teid import Access

HEADING: Final = "def resolve(record, address, access):"


@cache
def source() -> str:
    """The source of a function that finds where *access* to *address* leads, and returns whether it has.

    It takes the record, and leaves the absolute address there; if it has found none, nothing has changed.

    :raises OutsideSubsetError: if the function of the model is not of the subset.
    """
    translator = Translator(Model())
    cpu = ObjectPlace("cpu")
    address, kind = Number("address", 0, WORD - 1), Number("access", min(Access), max(Access))
    # There each byte is to be looked at.
    is_finer = translator.call(access.needs_byte_checks, [cpu, address, kind], {})
    translator.writer.refuse_unless(arithmetic.negated(condition_of(translator, is_finer)))
    found = exact(translator.call(access.resolve, [cpu, address, kind], {}), "an absolute address")
    assert not any(FIELDS[name].write for name in translator.fields)
    epilogue = Block()
    epilogue.line(f"note_resolved(record, {found.text})")
    return translator.writer.source(HEADING, epilogue)
