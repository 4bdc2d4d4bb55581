# SPDX-License-Identifier: GPL-2.0-or-later
"""The source that the translator writes: blocks of lines, and in front of them the variables that branches assign.

Every effect of an instruction is *deferred*: what shall be written, where, and a flag that says that this point was
reached go into variables, and only the epilogue writes.  A refusal ("not plain: give it to the model") is written into
the body alone.  So no refusal can follow an effect, whatever the function looks like, and nothing has to be shown of
the single function.  What it reads after it has written it comes from these variables, which the translator knows; to
fetch from storage after a store is outside of the subset.  The other way, to write the body twice, once without
effects, would compute everything twice and need the same rule for what is read back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from emu.engine.rules.values import BoundCheck, Flag, Static

REFUSE: Final = "return False"


@dataclass
class Branch:
    """``if condition: then else: other``."""

    condition: str
    then: Block
    other: Block


@dataclass
class Block:
    """Lines in a row."""

    content: list[str | Branch | BoundCheck] = field(default_factory=list)

    def line(self, text: str) -> None:
        """Write *text* as a line."""
        self.content.append(text)

    def branch(self, condition: str) -> tuple[Block, Block]:
        """Write a branch, and give its two sides."""
        found = Branch(condition, Block(), Block())
        self.content.append(found)
        return found.then, found.other

    def lines(self, depth: int) -> Iterator[str]:
        """The block as source, *depth* steps to the right."""
        margin = "    " * depth
        for each in self.content:
            if isinstance(each, str):
                yield margin + each
                continue
            if isinstance(each, BoundCheck):
                if each.is_wanted:
                    yield f"{margin}if {each.condition}:"
                    yield f"{margin}    {REFUSE}"
                continue
            then, other = list(each.then.lines(depth + 1)), list(each.other.lines(depth + 1))
            if then:
                yield f"{margin}if {each.condition}:"
                yield from then
                if other:
                    yield f"{margin}else:"
                    yield from other
            elif other:
                yield f"{margin}if not ({each.condition}):"
                yield from other


@dataclass(frozen=True)
class Effect:
    """A deferred write of an element of *array*: done if *flag* is true."""

    array: str
    flag: str
    index: str
    value: str


class SourceWriter:
    """The function that is being written."""

    def __init__(self) -> None:
        self.top = Block()
        self.block = self.top
        """Where the next line goes."""
        self.writes: list[Effect] = []
        self.effects = Block()
        """The lines of the epilogue, in the order in which the model does them."""
        self.is_question = False
        """Whether only what would be found is of interest, and nothing is to be changed."""
        self._variables: dict[str, str] = {}
        self._names = 0

    def name(self, prefix: str) -> str:
        """A name that is not used yet."""
        self._names += 1
        return f"{prefix}{self._names}"

    def variable(self, initial: str) -> str:
        """A variable that branches may assign, which is *initial* before."""
        found = self.name("v")
        self._variables[found] = initial
        return found

    def bind(self, text: str, name: str = "") -> str:
        """A name, or this *name*, for what *text* computes here."""
        if text.isidentifier() and not name:
            return text
        found = name or self.name("t")
        self.block.line(f"{found} = {text}")
        return found

    def refuse_if(self, condition: str) -> None:
        """Leave the instruction to the model if *condition* holds."""
        then, _ = self.block.branch(condition)
        then.line(REFUSE)

    def refuse_unless(self, condition: Static | Flag) -> None:
        """The same unless *condition* holds."""
        if isinstance(condition, Flag):
            self.refuse_if(f"not {condition.text}")
        elif not condition.value:
            self.block.line(REFUSE)

    def write(self, array: str, index: str, value: str, statement: str, *, when: str = "True") -> None:
        """Note the write of *value* to element *index* of *array*, which *statement* does in the epilogue.

        :param when: the condition on which it is done.
        """
        if self.is_question:
            return
        flag = self.variable("False")
        places = [self.variable("ZERO"), self.variable("ZERO")]
        self.block.line(f"{flag} = {when}")
        for variable, text in zip(places, (index, value), strict=True):
            self.block.line(f"{variable} = {text}")
        self.writes.append(Effect(array, flag, *places))
        then, _ = self.effects.branch(flag)
        then.line(statement.format(index=places[0], value=places[1]))

    @contextmanager
    def inside(self, block: Block) -> Iterator[None]:
        """Have lines go into *block* for a while."""
        outside, self.block = self.block, block
        try:
            yield
        finally:
            self.block = outside

    def declarations(self) -> list[str]:
        """The lines that give the variables their first values."""
        return [f"    {name} = {initial}" for name, initial in self._variables.items()]

    def source(self, heading: str, epilogue: Block) -> str:
        """The whole function: variables, body, effects, and then *epilogue*."""
        lines = [heading, *self.declarations()]
        for block in (self.top, self.effects, epilogue):
            lines += block.lines(1)
        return "\n".join([*lines, "    return True", ""])
