# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that somebody may have meant."""

from __future__ import annotations

import pytest

from emu.input_files.near_names import did_you_mean, near_names

NAMES = ("do_exception", "do_dat_exception", "vprintk", "_printk", "start_program", "puts", "essa_probe", "x")


@pytest.mark.parametrize(
    ("wanted", "first"),
    (
        ("do_exceptoin", "do_exception"),
        ("DO_EXCEPTION", "do_exception"),
        ("printk", "vprintk"),
        ("start_programm", "start_program"),
        ("essa", "essa_probe"),
        ("program", "start_program"),
    ),
)
def test_the_likest_comes_first(wanted: str, first: str) -> None:
    assert near_names(wanted, NAMES)[0] == first


@pytest.mark.parametrize("wanted", ("", "x", "qqqqqq", "0", "z" * 100_000))
def test_there_may_be_none(wanted: str) -> None:
    assert near_names(wanted, NAMES) == []


def test_there_are_not_more_than_somebody_reads() -> None:
    names = [f"do_exception_{number}" for number in range(1000)]
    assert len(near_names("do_exception", names)) == 5


def test_what_is_put_behind_a_message() -> None:
    assert did_you_mean("qqqqqq", NAMES) == ""
    assert did_you_mean("putss", NAMES) == ": did you mean puts?"
    assert did_you_mean("printk", ("printk", "printks", "printk_a")) == ": did you mean printk, printks or printk_a?"
