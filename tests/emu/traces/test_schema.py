# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in a trace."""

from __future__ import annotations

from itertools import pairwise

import pytest

from emu import psw
from emu.bits import bit, bits
from emu.observing import ObserverOf
from emu.traces import schema


@pytest.mark.parametrize("stream", schema.STREAMS)
def test_rows_have_no_hidden_bytes_and_are_little_endian(stream: str) -> None:
    dtype = schema.STREAMS[stream]
    fields = [dtype.fields[name][0] for name in dtype.names or ()]
    assert dtype.itemsize == sum(field.itemsize for field in fields)
    assert all(field.newbyteorder("<") == field and field.kind == "u" for field in fields)


def test_each_level_has_what_the_one_below_has() -> None:
    levels = [set(streams) for streams in schema.LEVELS.values()]
    assert all(lower < upper for lower, upper in pairwise(levels))
    assert levels[-1] == set(schema.STREAMS)


def test_registers_follow_each_other_without_a_gap() -> None:
    banks = {
        schema.Register.GENERAL: 16,
        schema.Register.ACCESS: 16,
        schema.Register.CONTROL: 16,
        schema.Register.VECTOR: 64,
    }
    numbers = [first + each for first, length in banks.items() for each in range(length)]
    numbers += [register for register in schema.Register if register not in banks]
    assert sorted(numbers) == list(range(schema.REGISTERS))


def test_classes_of_interruption_are_called_as_observers_are_told() -> None:
    told = (ObserverOf.interrupted.__doc__ or "").replace("*", "").replace(",", "").split()
    assert all(
        each.name.lower().replace("_", "-") in told or f"{each.name.lower()}." in told
        for each in schema.InterruptionClass
    )


@pytest.mark.parametrize(
    ("mask", "mode"),
    (
        (0, schema.Mode.ADDRESSING_24),
        (psw.BASIC_ADDRESSING, schema.Mode.ADDRESSING_31),
        (psw.ADDRESSING_MODE, schema.Mode.ADDRESSING_64),
        (psw.DAT, schema.Mode.DAT),
        (psw.PROBLEM_STATE, schema.Mode.PROBLEM_STATE),
        (bit(17), schema.Mode.ACCESS_REGISTER),
        (bit(16), schema.Mode.SECONDARY_SPACE),
        (psw.ADDRESS_SPACE_CONTROL, schema.Mode.HOME_SPACE),
        (psw.WAIT | psw.KEY | psw.CONDITION_CODE | psw.PROGRAM_MASK | bits(0, 7) & ~psw.DAT, 0),
    ),
)
def test_the_mode_is_what_the_psw_says_of_addresses(mask: int, mode: int) -> None:
    assert schema.mode_of(mask) == mode
