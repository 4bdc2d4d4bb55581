# SPDX-License-Identifier: GPL-2.0-or-later
"""From blocks to instructions and back."""

from __future__ import annotations

import numpy as np

from emu.traces import schema
from emu.traces.instructions import CodeTable
from emu.traces.schema import FlowKind, Mode

CODE = (
    (0x1000, bytes.fromhex("1812a7290001e33020000004")),  # LR, LGHI, LG
    (0x2000, bytes.fromhex("07fe")),  # BCR
    (0x3000, b""),  # could not be fetched
    (0x4000, bytes.fromhex("18341856")),
)  # fmt: skip


def table(order: tuple[int, ...] = (0, 1, 2, 3)) -> CodeTable:
    """The blocks, added one by one in this order."""
    made = CodeTable()
    for number in order:
        address, code = CODE[number]
        rows = np.zeros(1, dtype=schema.STREAMS["blocks"])
        rows[0] = number, address, Mode.ADDRESSING_64, 3, len(code)
        made.add(rows, b"xyz" + code)
    return made


def flow(*rows: tuple[int, ...]) -> np.ndarray:
    """Rows of number, time, block, start, count, cpu, kind, and maybe turn."""
    made = [(number, (*others, 0)[6], *others[:6]) for number, *others in rows]
    return np.array(made, dtype=schema.STREAMS["flow"])


def test_blocks_are_cut_into_instructions() -> None:
    made = table()
    assert made.addresses.tolist() == [0x1000, 0x1002, 0x1006, 0x2000, 0x3000, 0x4000, 0x4002]
    assert [made.bytes_at(place).hex() for place in range(len(made))] == [
        "1812", "a7290001", "e33020000004", "07fe", "", "1834", "1856",
    ]  # fmt: skip
    assert made.within(0x1002, 0x2000).tolist() == [False, True, True, True, False, False, False]


def test_a_row_is_the_instructions_that_were_executed() -> None:
    executed = table().expand(
        flow((10, 100, 0, 0, 3, 1, 0), (13, 140, 2, 0, 0, 1, 2), (13, 150, 3, 1, 1, 0, 0), (13, 150, 1, 0, 0, 0, 1))
    )
    assert executed["number"].tolist() == [10, 11, 12, 13, 13, 13]
    assert executed["time"].tolist() == [100, 101, 102, 140, 150, 150]
    assert executed["address"].tolist() == [0x1000, 0x1002, 0x1006, 0x3000, 0x4002, 0x2000]
    assert executed["cpu"].tolist() == [1, 1, 1, 1, 0, 0]
    assert executed["kind"].tolist() == [0, 0, 0, FlowKind.NOT_EXECUTED, 0, FlowKind.TARGET]
    assert set(executed["mode"].tolist()) == {Mode.ADDRESSING_64}


def test_the_order_in_which_blocks_come_does_not_matter() -> None:
    other = table((3, 1, 0, 2))
    rows = flow((0, 0, 0, 1, 2, 0, 0), (2, 2, 3, 0, 2, 0, 0))
    executed = other.expand(rows)
    assert executed["address"].tolist() == [0x1002, 0x1006, 0x4000, 0x4002]
    assert [other.bytes_at(place).hex() for place in executed["place"]] == ["a7290001", "e33020000004", "1834", "1856"]


def test_folding_what_was_expanded_gives_the_same() -> None:
    made = table()
    rows = flow((10, 100, 0, 0, 3, 1, 0), (13, 140, 2, 0, 0, 1, 2), (13, 150, 3, 1, 1, 0, 0), (14, 151, 0, 0, 2, 0, 0))
    assert made.fold(made.expand(rows)).tolist() == rows.tolist()


def test_what_took_longer_is_no_part_of_the_same_row() -> None:
    made = table()
    executed = made.expand(flow((10, 100, 0, 0, 3, 1, 0)))
    executed["time"][2] += 16
    assert made.fold(executed).tolist() == flow((10, 100, 0, 0, 2, 1, 0), (12, 118, 0, 2, 1, 1, 0)).tolist()


def test_folding_a_part_gives_rows_that_begin_within_blocks() -> None:
    made = table()
    executed = made.expand(flow((10, 100, 0, 0, 3, 1, 0)))
    assert made.fold(executed[[0, 2]]).tolist() == flow((10, 100, 0, 0, 1, 1, 0), (12, 102, 0, 2, 1, 1, 0)).tolist()
    assert made.fold(executed[:0]).size == 0


def test_the_turn_is_that_of_the_first_instruction_of_a_row() -> None:
    made = table()
    rows = flow((10, 100, 2, 0, 0, 1, 2), (10, 164, 0, 0, 2, 1, 0, 1))
    executed = made.expand(rows)
    assert executed["turn"].tolist() == [0, 1, 0]
    assert made.fold(executed).tolist() == rows.tolist()
    # Nothing is joined to what an interruption comes before.
    executed["turn"][2] = 1
    assert len(made.fold(executed)) == 3
