# SPDX-License-Identifier: GPL-2.0-or-later
"""How every translated function ends that executes something: what is checked at last, and what the epilogue sets."""

from __future__ import annotations

from emu.engine.rules.fields import FIELDS
from emu.engine.rules.model import new_context
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import ObjectPlace, number
from emu.engine.rules.writer import Block


def finished(translator: Translator, heading: str, *, ends: str = "retire") -> str:
    """The source of the function, whose body *translator* has written: its fields are set in the end.

    If a PSW was loaded it is looked at, as the run loop does.

    :param ends: the function that counts what has been done.
    """
    writer = translator.writer
    if "PSW loaded" in translator.fields:
        exceptional = translator.attribute(ObjectPlace("cpu"), "has_early_exception")
        writer.refuse_if(f"({number(exceptional).text} != ZERO)")
    writer.bind(f"{number(translator.field('work')).text} - work", "extra")
    if "context is changed" in translator.fields:
        translator.set_field("context", new_context(translator))
    epilogue = Block()
    for name, value in translator.fields.items():
        field = FIELDS[name]
        text = number(value).text
        if field.check is not None:
            writer.refuse_if(f"not {field.check.format(value=text)}")
        if field.write:
            epilogue.line(field.write.format(value=text))
    epilogue.line(f"{ends}(record, extra)")
    return writer.source(heading, epilogue)
