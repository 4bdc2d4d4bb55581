# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPRESSION CALL with dictionaries in which a character has many children: sibling descriptors of both formats.

The character p is the parent in all of them.  Its entry names the first four or five children, and the others are named
by sibling descriptors, from the one behind those children on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import INFERRED, VERIFIED, Case, CaseSection
from tools.conform.architecture.compression import (
    ENTRIES,
    EXPAND,
    FORMAT_1,
    SIZE_9,
    SOURCE,
    TRANSLATE,
    compression_row,
    entry_at,
    expansion_row,
    packed,
)
from tools.conform.architecture.exception_row import ExceptionRow
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value

PARENT = ord("p")
FIRST = 0x104
"""The index of the first child of p."""
CHILDREN = b"12345"
DESCRIPTOR = FIRST + len(CHILDREN)
"""That of the first sibling descriptor."""
SIBLINGS = b"abcdefghijklmnABCDEFGHIJKLMN"
"""The children in sibling descriptors: 7 or 14 in each."""
FORMATS = {0: (7, 3), FORMAT_1: (14, 4)}
"""Children in a descriptor, and bits of their count, by the bit of register 0."""
Dictionary = dict[Value, int]


def character_entry(
    count: int, children: bytes = b"", pointer: int = 0, *, examined: int = 0, more: int = 0, extension: bytes = b""
) -> int:
    """A character entry; *examined* has bits 3-7, and *more* bits 8-9, for the last two children of a descriptor."""
    head = count << 61 | examined << 56 | more << 54 | len(extension) << 53
    return head | pointer << 40 | int.from_bytes((extension + children).ljust(5, b"\0"), "big")


def parent(*, children: bytes = CHILDREN, examined: int = 0, more: int = 0, extension: bytes = b"") -> Dictionary:
    """The entry of p, with more children than it names."""
    count = len(children) + 1
    entry = character_entry(count, children, FIRST, examined=examined, more=more, extension=extension)
    return {entry_at(PARENT): entry}


def descriptor(index: int, form: int, count: int, children: bytes, examined: int = 0) -> Dictionary:
    """A sibling descriptor; *examined* has a bit for each child but the last two that there can be."""
    _, bits = FORMATS[form]
    if not form:
        return {entry_at(index): count << 61 | examined << 56 | int.from_bytes(children.ljust(7, b"\0"), "big")}
    whole = children.ljust(14, b"\0")
    head = count << 64 - bits | examined << 48 | int.from_bytes(whole[:6], "big")
    return {entry_at(index): head, entry_at(ENTRIES + index): int.from_bytes(whole[6:], "big")}


def name_of(form: int) -> str:
    return f"format-{int(form == FORMAT_1)}"


def places() -> Iterator[tuple[InstructionRow, str]]:
    """Each child of two descriptors, of which the first has as many as it can have, and more behind it."""
    rule = "A child in a sibling descriptor has the index behind that of the descriptor by its number; with the count "
    rule += "zero or the largest the descriptor is full, and another one follows behind its children."
    for form, (most, bits) in FORMATS.items():
        second = DESCRIPTOR + most + 1
        for count in (0, (1 << bits) - 1):
            dictionary = parent() | descriptor(DESCRIPTOR, form, count, SIBLINGS[:most])
            dictionary |= descriptor(second, form, 2, SIBLINGS[most : most + 3])
            for number in range(most):
                text = bytes((PARENT, SIBLINGS[number], PARENT))
                symbols = (DESCRIPTOR + 1 + number, PARENT)
                name = f"{name_of(form)}-count-{count}-child-{number + 1}"
                yield compression_row(name, text, symbols, dictionary, controls=form), rule
        # In all descriptors but the first the last two have entries, which are zeros here.
        for number, symbols in (
            (most, (second + 1,)),
            (most + 1, (second + 2,)),
            (most + 2, (PARENT, SIBLINGS[most + 2])),
        ):
            text = bytes((PARENT, SIBLINGS[number]))
            name = f"{name_of(form)}-next-descriptor-child-{number + 1 - most}"
            yield compression_row(name, text, symbols, dictionary, controls=form), rule
        third = second + most + 1
        chain = dictionary | descriptor(second, form, 0, SIBLINGS[most : 2 * most]) | descriptor(third, form, 1, b"?")
        row = compression_row(f"{name_of(form)}-third-descriptor", b"p?", (third + 1,), chain, controls=form)
        yield row, rule
        for child in CHILDREN:
            text = bytes((PARENT, child))
            symbols = (FIRST + CHILDREN.index(child),)
            row = compression_row(f"{name_of(form)}-own-child-{child - 0x30}", text, symbols, chain, controls=form)
            yield row, "The children that a character entry names have the indexes from its pointer on."


def counts() -> Iterator[tuple[InstructionRow, str]]:
    rule = "A sibling descriptor that is not full has as many children as its count says, and none follows."
    for form, (most, _) in FORMATS.items():
        for count in range(1, most if not form else most + 1):
            dictionary = parent() | descriptor(DESCRIPTOR, form, count, SIBLINGS[: most if not form else 14])
            dictionary |= descriptor(DESCRIPTOR + count + 1, form, 1, b"#")
            text = bytes((PARENT, SIBLINGS[count - 1], PARENT))
            name = f"{name_of(form)}-count-{count}-last"
            yield compression_row(name, text, (DESCRIPTOR + count, PARENT), dictionary, controls=form), rule
            rest = b"#" if count == most else bytes((SIBLINGS[count],))
            name = f"{name_of(form)}-count-{count}-behind"
            symbols = (PARENT, rest[0])
            yield compression_row(name, bytes((PARENT,)) + rest, symbols, dictionary, controls=form), rule


GRANDCHILD = 0x1F0


def examining() -> Iterator[tuple[InstructionRow, str]]:
    """The child has a child, z, which is found only if the entry of the child is examined."""
    rule = "A child is examined, and its children and extension characters looked at, if its bit is one: for the last "
    rule += "two children of the first descriptor one in the parent's entry; in other descriptors these have none, and "
    rule += "are examined."
    child = character_entry(1, b"z", GRANDCHILD)
    for form, (most, _) in FORMATS.items():
        for number in range(most):
            index = DESCRIPTOR + 1 + number
            text = bytes((PARENT, SIBLINGS[number])) + b"z"
            for is_examined in (False, True):
                # All bits but its own are the opposite.
                all_bits = (1 << most) - 1
                bits = 1 << most - 1 - number if is_examined else all_bits ^ 1 << most - 1 - number
                dictionary = parent(more=bits & 3) | {entry_at(index): child}
                dictionary |= descriptor(DESCRIPTOR, form, 0, SIBLINGS[:most], bits >> 2)
                symbols = (GRANDCHILD,) if is_examined else (index, ord("z"))
                name = f"{name_of(form)}-child-{number + 1}-{'examined' if is_examined else 'not-examined'}"
                yield compression_row(name, text, symbols, dictionary, controls=form), rule
        second = DESCRIPTOR + most + 1
        for number in (0, most - 3, most - 2, most - 1):
            index = second + 1 + number
            text = bytes((PARENT, SIBLINGS[most + number])) + b"z"
            dictionary = parent() | descriptor(DESCRIPTOR, form, 0, SIBLINGS[:most])
            dictionary |= descriptor(second, form, 0, SIBLINGS[most : 2 * most]) | {entry_at(index): child}
            is_examined = number >= most - 2
            symbols = (GRANDCHILD,) if is_examined else (index, ord("z"))
            name = f"{name_of(form)}-next-child-{number + 1}-without-bits"
            yield compression_row(name, text, symbols, dictionary, controls=form), rule
    for number, character in enumerate(CHILDREN):
        text = bytes((PARENT, character)) + b"z"
        for is_examined in (False, True):
            bit = 1 << 4 - number
            dictionary = parent(examined=bit if is_examined else 0x1F ^ bit, more=3)
            dictionary |= {entry_at(FIRST + number): child} | descriptor(DESCRIPTOR, 0, 1, b"!")
            symbols = (GRANDCHILD,) if is_examined else (FIRST + number, ord("z"))
            name = f"own-child-{number + 1}-{'examined' if is_examined else 'not-examined'}"
            yield (
                compression_row(name, text, symbols, dictionary),
                "A child that the entry itself names has its bit there.",
            )


def extensions() -> Iterator[tuple[InstructionRow, str]]:
    rule = "A child with additional extension characters is found only if they follow in the source, all of them; if "
    rule += "not, the symbol of the parent is the longest, whatever other children there are."
    for form, (most, _) in FORMATS.items():
        # The second child is b with the extension xyz and, behind it, the child w.
        long_child = character_entry(1, b"w", GRANDCHILD, extension=b"xyz")
        dictionary = parent() | descriptor(DESCRIPTOR, form, 0, SIBLINGS[:most], (1 << most - 2) - 1)
        dictionary |= descriptor(DESCRIPTOR + most + 1, form, 1, b"b") | {entry_at(DESCRIPTOR + 2): long_child}
        for name, text, symbols in (
            ("all", b"pbxyz", (DESCRIPTOR + 2,)),
            ("and-a-child", b"pbxyzw", (GRANDCHILD,)),
            ("and-no-child", b"pbxyzv", (DESCRIPTOR + 2, ord("v"))),
            ("differing", b"pbxyw", (PARENT, *b"bxyw")),
            ("too-short", b"pbxy", (PARENT, *b"bxy")),
            ("none", b"pb", (PARENT, ord("b"))),
        ):
            yield compression_row(f"{name_of(form)}-extension-{name}", text, symbols, dictionary, controls=form), rule
        short = parent(children=b"1234", extension=b"q") | descriptor(FIRST + 4, form, 1, b"a")
        short |= {entry_at(ord("o")): character_entry(1, b"p", PARENT, examined=0x10)}
        for name, text, symbols in (
            ("own-child", b"opq4", (FIRST + 3,)),
            ("sibling", b"opqa", (FIRST + 5,)),
            ("not-there", b"op5", (*b"op5",)),
        ):
            yield (
                compression_row(f"{name_of(form)}-four-children-{name}", text, symbols, short, controls=form),
                "An entry with an extension character names four children, and the descriptor is behind those.",
            )
    rule = "Children that begin with the same character, and come before any other, are tried one after the other; "
    rule += "siblings are looked at if none of them is right and another child follows."
    x, y = (character_entry(0, extension=each) for each in (b"x", b"y"))
    twice = parent(children=b"aab45", examined=0x1C) | descriptor(DESCRIPTOR, 0, 1, b"a")
    twice |= {entry_at(FIRST): x, entry_at(FIRST + 1): y}
    only = parent(children=b"aaaaa", examined=0x1F) | descriptor(DESCRIPTOR, 0, 1, b"a")
    only |= {entry_at(FIRST + number): x for number in range(4)} | {entry_at(FIRST + 4): y}
    for name, text, symbols, dictionary in (
        ("first", b"pax", (FIRST,), twice),
        ("second", b"pay", (FIRST + 1,), twice),
        ("sibling", b"paz", (DESCRIPTOR + 1, ord("z")), twice),
        ("last", b"pay", (FIRST + 4,), only),
        ("neither", b"paz", (PARENT, *b"az"), only),
    ):
        yield (
            compression_row(f"same-character-{name}", text, symbols, dictionary),
            rule,
        )


def endings() -> Iterator[tuple[InstructionRow, str]]:
    rule = "cc 0 at the end of the source, be it in the middle of a string; cc 1 if there is no room for a symbol more."
    for form, (most, _) in FORMATS.items():
        dictionary = parent() | descriptor(DESCRIPTOR, form, 0, SIBLINGS[:most])
        dictionary |= descriptor(DESCRIPTOR + most + 1, form, 1, b"?")
        child, after = DESCRIPTOR + 3, DESCRIPTOR + most + 2
        for kind, text, symbols, room, cc, left in (
            ("end-at-parent", b"pcp", (child, PARENT), 0x28, 0, 0),
            ("no-room", b"pcp?p", (child, after), 3, 1, 1),
            ("room-for-all", b"pcp?", (child, after), 3, 0, 0),
            ("no-room-at-all", b"pc", (), 1, 1, 2),
        ):
            for start in (0, 5):
                name = f"{name_of(form)}-{kind}-bit-{start}"
                yield (
                    compression_row(
                        name, text, symbols, dictionary, start=start, room=room, cc=cc, left=left, controls=form
                    ),
                    rule,
                )
    translated = parent() | descriptor(DESCRIPTOR, 0, 0, SIBLINGS[:7]) | descriptor(DESCRIPTOR + 8, 0, 1, b"?")
    # Halfwords for 10A and 10F hex.
    translated |= {"page4+0x210": 0xFF55_0000, "page4+0x218": 0x03FF}
    yield (
        compression_row("translated", b"papf", (0x155, 0x1FF), translated, controls=TRANSLATE, table=0x1000),
        "With symbol translation the symbol stored is what the table has for it, at the right of a halfword.",
    )


def expansions() -> Iterator[tuple[InstructionRow, str]]:
    rule = "An entry that is preceded stands behind what the others are, at its offset; the format of sibling "
    rule += "descriptors makes no difference."
    strings = {0x100: b"ABCDEFG", 0x101: b"ABCDEFGhijkl", 0x102: b"ABCDEFGhijklm", 0x103: b"\xff"}
    dictionary: Dictionary = {
        entry_at(0x100): 7 << 56 | int.from_bytes(b"ABCDEFG", "big"),
        entry_at(0x101): 5 << 61 | 0x100 << 48 | int.from_bytes(b"hijkl", "big") << 8 | 7,
        entry_at(0x102): 1 << 61 | 0x101 << 48 | int.from_bytes(b"m", "big") << 40 | 12,
        entry_at(0x103): 1 << 56 | 0xFF << 48,
    }
    for form in FORMATS:
        for name, symbols, fits, room in (
            ("all", (0x102, 0x103, 0x101, 0x70), 4, 30),
            ("no-room", (0x103, 0x101, 0x102), 2, 25),
            ("exactly", (0x103, 0x101, 0x102), 3, 26),
            ("alphabet", tuple(b"p1pa"), 4, 4),
            ("no-room-at-all", (0x103,), 0, 0),
        ):
            expanded = [strings.get(each, bytes((each % 256,))) for each in symbols[:fits]]
            row = expansion_row(
                f"{name_of(form)}-expansion-{name}", symbols, expanded, dictionary, room=room, controls=form
            )
            yield row, rule


def wrong() -> Iterator[ExceptionRow]:
    """What is done before the exception is left out; the manual does not say when such a thing is recognised."""
    rule = "A dictionary that cannot be right is a data exception with code 0."
    cases: tuple[tuple[str, int, Dictionary, Sequence[int] | bytes], ...] = (
        ("too-many-children", 0, {entry_at(PARENT): character_entry(7, CHILDREN, FIRST)}, b"Zp6"),
        (
            "too-many-with-extension",
            0,
            {entry_at(PARENT): character_entry(6, b"1234", FIRST, extension=b"q")},
            b"Zp6",
        ),
        ("pointer", 0, {entry_at(PARENT): character_entry(2, b"12", ENTRIES)}, b"Zp2"),
        ("six-extensions", 0, {entry_at(PARENT): 6 << 53}, b"Zp2"),
        ("child-and-five-extensions", 0, {entry_at(PARENT): 1 << 61 | 5 << 53 | FIRST << 40}, b"Zp2"),
        ("no-characters", EXPAND, {entry_at(0x100): 0}, (0x5A, 0x100)),
        ("six-preceded", EXPAND, {entry_at(0x100): 6 << 61 | 0x41 << 48}, (0x5A, 0x100)),
        ("preceded-by-itself", EXPAND, {entry_at(0x100): 1 << 61 | 0x100 << 48 | 0x41 << 40}, (0x5A, 0x100)),
    )
    for name, controls, dictionary, text in cases:
        source = packed(text) if controls else bytes(text)
        registers: dict[int, Value] = {0: SIZE_9 | controls, 1: "page3", 2: "page1", 3: 20, 4: "page2", 5: len(source)}
        yield ExceptionRow(
            name=f"wrong-{name}",
            rule=rule,
            source=SOURCE,
            basis=INFERRED,
            code="CMPSC 2,4",
            interruption=Code.DATA,
            ilc=4,
            registers=registers,
            storage={"page2": source, **dictionary},
            fields={"data_exception_code": 0},
        )


def all_cases() -> Iterator[Case]:
    for rows in (places, counts, examining, extensions, endings, expansions):
        for row, rule in rows():
            yield row.case(rule, SOURCE, VERIFIED)
    for each in wrong():
        yield each.case()


SECTION = CaseSection("Sibling descriptors", tuple(all_cases()))
