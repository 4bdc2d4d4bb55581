# SPDX-License-Identifier: GPL-2.0-or-later
"""Where branches meet: one value for what each of them has come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emu.engine.rules.values import (
    Either,
    Flag,
    Number,
    OutsideSubsetError,
    Sequence,
    Static,
    Stored,
    Structure,
    Value,
    constant,
    describe,
    exact,
    is_number,
    number,
)
from emu.engine.rules.writer import Block, SourceWriter

Sites = list[tuple[Block, Value]]
"""The end of each branch, and the value there."""
_MOST_SITES: Final = 64


@dataclass(frozen=True, slots=True)
class BranchEnd:
    """How a branch ends: where, with which value, and what the fields hold that are kept in variables."""

    block: Block
    value: Value
    fields: dict[str, Value]


def join(writer: SourceWriter, sites: Sites) -> Value:
    """The value that is that of the branch which was taken.

    :raises OutsideSubsetError: if there is no form for it.
    """
    first = sites[0][1]
    if all(value == first for _, value in sites):
        return first
    sites = _flat(sites)
    values = [value for _, value in sites]
    if len(sites) > _MOST_SITES:
        raise OutsideSubsetError("too many branches")
    if all(
        isinstance(value, Flag) or (isinstance(value, Static) and isinstance(value.value, bool)) for value in values
    ):
        return Flag(_assigned(writer, [(block, _flag_text(value)) for block, value in sites], "False"))
    if all(is_number(value) for value in values):
        # What may have left 64 bits is looked at before it becomes one of several.
        numbers = [exact(value, "") if isinstance(value, Number) and value.check else number(value) for value in values]
        text = _assigned(writer, [(site[0], each.text) for site, each in zip(sites, numbers, strict=True)], "ZERO")
        return Number(text, min(each.low for each in numbers), max(each.high for each in numbers))
    groups: dict[object, Sites] = {}
    for block, value in sites:
        groups.setdefault(_kind(value), []).append((block, value))
    if len(groups) == 1:
        return _join_parts(writer, sites)
    tag = writer.variable("ZERO")
    for place, group in enumerate(groups.values()):
        for block, _ in group:
            block.line(f"{tag} = {constant(place)}")
    return Either(tag, tuple(join(writer, group) for group in groups.values()))


def _flat(sites: Sites) -> Sites:
    """The same, with a site for each value that an Either may be."""
    flat: Sites = []
    for block, value in sites:
        if not isinstance(value, Either):
            flat.append((block, value))
            continue
        for place, alternative in enumerate(value.alternatives):
            then, _ = block.branch(f"({value.tag} == {constant(place)})")
            flat += _flat([(then, alternative)])
    return flat


def _flag_text(value: Value) -> str:
    return value.text if isinstance(value, Flag) else str(isinstance(value, Static) and bool(value.value))


def _assigned(writer: SourceWriter, sites: list[tuple[Block, str]], initial: str) -> str:
    """A variable that each branch has assigned its text."""
    variable = writer.variable(initial)
    for block, text in sites:
        block.line(f"{variable} = {text}")
    return variable


def _kind(value: Value) -> object:
    """What values must have in common to be joined into one."""
    if is_number(value):
        return int
    match value:
        case Structure(kind, _):
            return kind
        case Sequence(items):
            return len(items)
        case Stored():
            return Stored
    return value


def _join_parts(writer: SourceWriter, sites: Sites) -> Value:
    """The join of values that have parts, and the same ones."""
    first = sites[0][1]
    match first:
        case Structure(kind, fields):
            return Structure(
                kind,
                {
                    name: join(
                        writer, [(block, value.fields[name]) for block, value in sites if isinstance(value, Structure)]
                    )
                    for name in fields
                },
            )
        case Sequence(items):
            return Sequence(
                tuple(
                    join(writer, [(block, value.items[place]) for block, value in sites if isinstance(value, Sequence)])
                    for place in range(len(items))
                )
            )
        case Stored():
            stored = [(block, value) for block, value in sites if isinstance(value, Stored)]
            place = _assigned(writer, [(block, value.place) for block, value in stored], "ZERO")
            return Stored(place, join(writer, [(block, value.length) for block, value in stored]))
    raise OutsideSubsetError(f"{describe(first)} in one of several branches")
