# SPDX-License-Identifier: GPL-2.0-or-later
"""What a register has held, moment by moment."""

from __future__ import annotations

import numpy as np

from emu.traces import schema
from emu.traces.schema import Register
from tools.coverage.history import history

REGISTER = int(Register.CONTROL)


def rows(stream: str, *values: dict[str, int]) -> np.ndarray:
    made = np.zeros(len(values), dtype=schema.STREAMS[stream])
    for place, fields in enumerate(values):
        for name, value in fields.items():
            made[place][name] = value
    return made


def moments(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.uint64) << np.uint64(16)


def test_what_was_before_and_after_an_instruction() -> None:
    streams = {
        "states": rows("states", {"cpu": 0, "register": REGISTER, "value": 5}, {"cpu": 1, "register": REGISTER}),
        "registers": rows(
            "registers",
            {"number": 3, "register": REGISTER, "new": 7},
            {"number": 4, "register": REGISTER + 1, "new": 8},
            {"number": 5, "cpu": 1, "register": REGISTER, "new": 9},
        ),
    }
    found = history(streams, 0, REGISTER)
    assert found.at(moments(2, 3, 4, 9), side="left").tolist() == [5, 5, 7, 7]
    assert found.at(moments(2, 3, 4, 9), side="right").tolist() == [5, 7, 7, 7]
    assert history(streams, 1, REGISTER).at(moments(4, 6), side="left").tolist() == [0, 9]


def test_the_mask_that_an_interruption_has_loaded() -> None:
    mask = int(Register.PSW_MASK)
    streams = {
        "states": rows("states", {"register": mask, "value": 1}),
        "registers": rows("registers", {"number": 2, "register": mask, "new": 2}),
        "interruptions": rows("interruptions", {"number": 4, "new_mask": 4}, {"number": 5, "cpu": 1, "new_mask": 6}),
    }
    assert history(streams, 0, mask).at(moments(1, 3, 5, 7), side="left").tolist() == [1, 2, 4, 4]
