# SPDX-License-Identifier: GPL-2.0-or-later
"""The source that is written: refusals in the body, effects in the epilogue."""

from __future__ import annotations

from emu.engine.rules.values import BoundCheck, Flag, Static
from emu.engine.rules.writer import Block, SourceWriter


def test_an_effect_is_written_behind_a_later_refusal() -> None:
    writer = SourceWriter()
    writer.write("table", "first", "second", "table[{index}] = {value}")
    writer.refuse_if("late")
    source = writer.source("def function():", Block(["end()"]))
    assert source.index("return False") < source.index("table[") < source.index("end()") < source.index("return True")


def test_a_branch_without_lines_is_left_out() -> None:
    block = Block()
    block.branch("first")
    _, other = block.branch("second")
    other.line("only")
    assert list(block.lines(0)) == ["if not (second):", "    only"]


def test_a_check_is_written_only_if_it_is_wanted() -> None:
    check = BoundCheck("carry")
    block = Block([check])
    assert not list(block.lines(0))
    check.is_wanted = True
    assert list(block.lines(0)) == ["if carry:", "    return False"]


def test_refusals_unless() -> None:
    writer = SourceWriter()
    writer.refuse_unless(Static(True))
    assert not writer.top.content
    writer.refuse_unless(Flag("good"))
    assert list(writer.top.lines(0)) == ["if not good:", "    return False"]
