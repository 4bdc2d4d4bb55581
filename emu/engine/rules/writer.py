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


class Branch:
    """``if condition: then else: other``, in the block *around*."""

    def __init__(self, condition: str, around: Block) -> None:
        self.condition = condition
        self.then, self.other = Block(around=around), Block(around=around)
        self.then.instead, self.other.instead = self.other, self.then


@dataclass
class Block:
    """Lines in a row."""

    content: list[str | Branch | BoundCheck] = field(default_factory=list)
    around: Block | None = None
    """That in which the branch stands of which it is a side."""
    instead: Block | None = None
    """The other side."""

    def line(self, text: str) -> None:
        """Write *text* as a line."""
        self.content.append(text)

    def branch(self, condition: str) -> tuple[Block, Block]:
        """Write a branch, and give its two sides."""
        found = Branch(condition, self)
        self.content.append(found)
        return found.then, found.other

    def excludes(self, other: Block) -> bool:
        """Whether what is in it is never executed where *other* is: they are on two sides of a branch."""
        around = set(map(id, other._all_around()))
        return any(id(each.instead) in around for each in self._all_around() if each.instead is not None)

    def _all_around(self) -> Iterator[Block]:
        """It itself, and the blocks that it is a part of."""
        block: Block | None = self
        while block is not None:
            yield block
            block = block.around

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
    block: Block
    """Where in the body it is noted."""


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
        self.may_be_supplied = False
        """Whether it is enough for the answer that the page which is asked for could be given a frame."""
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

    def has_written(self, array: str) -> bool:
        """Whether an element of *array* may have been written before, on the way to where the next line goes."""
        return any(each.array == array and not each.block.excludes(self.block) for each in self.writes)

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
        place, written = self.variable("ZERO"), self.variable("ZERO")
        self.block.content += [f"{flag} = {when}", f"{place} = {index}", f"{written} = {value}"]
        self.writes.append(Effect(array, flag, place, written, self.block))
        then, _ = self.effects.branch(flag)
        then.line(statement.format(index=place, value=written))

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
