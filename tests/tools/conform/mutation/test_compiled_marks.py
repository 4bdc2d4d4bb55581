# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of compiled functions, and which of them are executed."""

from __future__ import annotations

import ast

from tools.conform.mutation.compiled_marks import parts_of

SOURCE = """\
def execute(record, address):
    first = address
    if first:
        second = first
        while second:
            second -= 1
        return second
    else:
        return 0
    return 1
"""


def test_a_part_ends_with_a_compound_statement() -> None:
    parts = [sorted(part.lines) for part in parts_of(ast.parse(SOURCE))]
    assert sorted(parts) == [[2, 3], [4, 5], [6], [7], [9], [10]]


def test_something_can_be_put_before_each() -> None:
    tree = ast.parse(SOURCE)
    for part in parts_of(tree):
        part.body[part.place : part.place] = ast.parse(f"mark({min(part.lines)})").body
    text = ast.unparse(tree)
    executed: list[int] = []
    namespace: dict[str, object] = {"mark": executed.append}
    exec(text, namespace)
    execute = namespace["execute"]
    assert execute(None, 1) == 0  # type: ignore[operator]
    assert executed == [2, 4, 6, 7]
    executed.clear()
    assert execute(None, 0) == 0  # type: ignore[operator]
    assert executed == [2, 9]
