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


def test_what_is_written_on_one_side_of_a_branch_is_not_on_the_other() -> None:
    writer = SourceWriter()
    then, other = writer.block.branch("first")
    with writer.inside(then):
        writer.write("storage", "here", "that", "{index} = {value}")
        assert writer.has_written("storage")
        assert not writer.has_written("keys")
        inner, _ = writer.block.branch("second")
        with writer.inside(inner):
            assert writer.has_written("storage")
    with writer.inside(other):
        assert not writer.has_written("storage")
        inner, _ = writer.block.branch("second")
        with writer.inside(inner):
            assert not writer.has_written("storage")
    assert writer.has_written("storage")
    behind, _ = writer.block.branch("first")
    with writer.inside(behind):
        assert writer.has_written("storage")
