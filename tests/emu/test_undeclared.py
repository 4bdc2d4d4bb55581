# SPDX-License-Identifier: GPL-2.0-or-later
"""What has been forgotten in a declaration is found."""

from __future__ import annotations

from typing import Any, ClassVar

from emu.state import Section, each
from emu.undeclared import undeclared


class Part:
    STATE: ClassVar = Section("part", "value")

    def __init__(self) -> None:
        self.value = 0


class Base:
    STATE: ClassVar = Section("base", "text", excluded={"size": "a parameter"})

    def __init__(self) -> None:
        self.text = ""
        self.size = 8


class Whole(Base):
    STATE: ClassVar = Section("whole", "parts", "nothing", each("made", Part))

    def __init__(self) -> None:
        super().__init__()
        self.parts = [Part(), Part()]
        self.made = {1: Part()}
        self.nothing: Any = None


class Slotted:
    __slots__ = ("forgotten", "value")
    STATE: ClassVar = Section("slotted", "value")

    def __init__(self) -> None:
        self.value = self.forgotten = 0


def full() -> Whole:
    return Whole()


def test_all_is_declared() -> None:
    assert undeclared(full()) == []


def test_an_attribute_that_was_forgotten() -> None:
    one = full()
    one.forgotten = 1  # type: ignore[attr-defined]
    one.parts[0].lost = 2  # type: ignore[attr-defined]
    assert undeclared(one) == ["Part.lost: not declared", "Whole.forgotten: not declared"]


def test_a_declaration_of_what_is_not_there() -> None:
    one = full()
    del one.text
    assert undeclared(one) == ["Whole.text: declared and not there"]


def test_an_object_without_a_declaration() -> None:
    one = full()
    one.nothing = object()  # type: ignore[assignment]
    assert undeclared(one) == ["Whole.nothing: object declares no state"]


class Twice:
    STATE: ClassVar = Section("twice", "value", excluded={"value": "no"})

    def __init__(self) -> None:
        self.value = 0


def test_both_declared_and_excluded() -> None:
    assert undeclared(Twice()) == ["Twice.value: both a field and excluded"]


def test_slots_are_attributes() -> None:
    assert undeclared(Slotted()) == ["Slotted.forgotten: not declared"]


def test_objects_that_are_made_when_restored_are_looked_at() -> None:
    one = full()
    one.made[1].lost = 1  # type: ignore[attr-defined]
    assert undeclared(one) == ["Part.lost: not declared"]
