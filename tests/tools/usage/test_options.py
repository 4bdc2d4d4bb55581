# SPDX-License-Identifier: GPL-2.0-or-later
"""Declared options: what they are called, what is made of what is typed, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum

import pytest

from tools.usage.errors import UsageError
from tools.usage.options import argument, group, member_of, option, parameters, read_options, within


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def hexadecimal(text: str) -> int:
    return int(text, 16)


@dataclass(frozen=True, kw_only=True)
class Wheels:
    """Options of a part."""

    number: int = option(4, flag="--wheels", help="How many.", parse=within(2, 6))
    spare_wheel: bool = option(False, help="With another one.")


@dataclass(frozen=True, kw_only=True)
class Car:
    """Options of a whole."""

    model: str = argument(help="Which.", metavar="MODEL")
    colour: Colour = option("red", help="Its colour.", parse=member_of(lambda: Colour))
    serial_number: int | None = option(help="In hexadecimal.", parse=hexadecimal)
    extras: tuple[int, ...] = option(help="What else.", flag="--extra", kind=int, is_repeated=True, parse=tuple)
    wheels: Wheels | None = group(Wheels)


def test_the_names_follow_from_the_fields() -> None:
    assert [(each.name, each.flag) for each in parameters(Car)] == [
        ("model", "model"),
        ("colour", "--colour"),
        ("serial_number", "--serial-number"),
        ("extra", "--extra"),
        ("wheels", "--wheels"),
        ("spare_wheel", "--spare-wheel"),
    ]


def test_the_type_of_the_default_is_that_of_what_is_typed() -> None:
    assert [each.option.kind for each in parameters(Car)] == [str, str, str, int, int, bool]


def test_defaults() -> None:
    expected = Car(model="T", colour=Colour.RED, serial_number=None, extras=(), wheels=None)
    assert read_options(Car, {"model": "T"}) == Car(model="T") == expected


def test_what_is_typed() -> None:
    typed = {"model": "T", "colour": "blue", "serial_number": "ff", "extra": [1, 2], "spare_wheel": True}
    made = Car(model="T", colour=Colour.BLUE, serial_number=255, extras=(1, 2), wheels=Wheels(spare_wheel=True))
    assert read_options(Car, typed) == made


def test_a_group_of_which_nothing_is_given_is_none() -> None:
    assert read_options(Car, {"model": "T", "wheels": 4}).wheels is None


@pytest.mark.parametrize(
    ("typed", "message"),
    (
        ({"colour": "pink"}, "--colour: expected red, blue, not 'pink'"),
        ({"wheels": 7}, "--wheels: expected 2 to 6, not 7"),
        ({"serial_number": "x"}, "--serial-number: invalid literal"),
    ),
)
def test_an_error_names_the_flag(typed: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_options(Car, {"model": "T"} | typed)
    assert str(raised.value).startswith(message)


def test_what_is_no_option_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError, match="Car: weels"):
        read_options(Car, {"model": "T", "weels": 3})


def test_a_field_is_a_field_of_its_dataclass_and_nothing_else() -> None:
    assert [each.name for each in fields(Car)] == ["model", "colour", "serial_number", "extras", "wheels"]
