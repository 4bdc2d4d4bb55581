# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled answer to the question where an access leads: translated from the model's own :func:`access.resolve`.

What a question needs beyond the checks, the reference and change bits, and where the answer is kept, is in
:mod:`emu.engine.fill_callback`.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from emu import access
from emu.engine.rules import arithmetic
from emu.engine.rules.core import condition_of
from emu.engine.rules.fields import FIELDS
from emu.engine.rules.model import Model
from emu.engine.rules.operand_access import NO_SPACE
from emu.engine.rules.translator import Translator
from emu.engine.rules.values import NONE, WORD, Either, Flag, Number, ObjectPlace, Value, constant, exact
from emu.engine.rules.writer import Block
from emu.psw import AddressSpaceControl
from emu.teid import Access

HEADING: Final = "def {name}(record, address, access):"


def source() -> str:
    """The source of a function that finds where *access* to the page at *address* leads, and returns whether it has.

    It takes the record, and leaves the absolute address there; if it has found none, nothing has changed.

    :raises OutsideSubsetError: if the function of the model is not of the subset.
    """
    return _source("resolve", is_of_page=True, is_question=False)


def byte_source() -> str:
    """The same for the byte at *address*, in whose page other bytes may have other rules."""
    return _source("resolve_byte", is_of_page=False, is_question=False)


def byte_question_source() -> str:
    """The same, with nothing changed: the access is not made yet."""
    return _source("ask_byte", is_of_page=False, is_question=True)


OPERAND_HEADING: Final = "def {name}(record, address, access, key, space, is_real):"


def operand_source() -> str:
    """The source of a function that makes the access to the byte at *address* which an instruction asks for.

    It takes an access key, a space or :data:`NO_SPACE`, and whether the address is real.
    """
    return _operand_source("resolve_operand", is_question=False)


def operand_question_source() -> str:
    """The same, with nothing changed: the access is not made yet."""
    return _operand_source("ask_operand", is_question=True)


@cache
def _operand_source(name: str, *, is_question: bool) -> str:
    translator = Translator(Model())
    # The instruction asks for the frame itself then, and one may be supplied.
    translator.writer.is_question = translator.writer.may_be_supplied = is_question
    space = Either(f"uint64(space == {constant(NO_SPACE)})", (Number("space", 0, max(AddressSpaceControl)), NONE))
    keywords: dict[str, Value] = {"key": Number("key", 0, 15), "space": space, "real": Flag("(is_real != ZERO)")}
    arguments: list[Value] = [
        ObjectPlace("cpu"),
        Number("address", 0, WORD - 1),
        Number("access", Access.FETCH, Access.STORE),
    ]
    found = exact(translator.call(access.resolve, arguments, keywords), "an absolute address")
    epilogue = Block()
    epilogue.line(f"note_resolved(record, {found.text})")
    return translator.writer.source(OPERAND_HEADING.format(name=name), epilogue)


@cache
def _source(name: str, *, is_of_page: bool, is_question: bool) -> str:
    translator = Translator(Model())
    translator.writer.is_question = is_question
    translator.notes_conditions = is_of_page
    cpu = ObjectPlace("cpu")
    address, kind = Number("address", 0, WORD - 1), Number("access", min(Access), max(Access))
    if is_of_page:
        needs_checks = translator.call(access.needs_byte_checks, [cpu, address, kind], {})
        translator.writer.refuse_unless(arithmetic.negated(condition_of(translator, needs_checks)))
    found = exact(translator.call(access.resolve, [cpu, address, kind], {}), "an absolute address")
    assert not any(FIELDS[field].write for field in translator.fields)
    epilogue = Block()
    epilogue.line(f"note_resolved(record, {found.text})")
    return translator.writer.source(HEADING.format(name=name), epilogue)


SOURCES: Final = (source, byte_source, byte_question_source, operand_source, operand_question_source)
"""All that is compiled."""
