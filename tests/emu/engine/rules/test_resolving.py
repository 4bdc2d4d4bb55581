# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled form of the access rules: nothing is done before everything has been looked at.

What it finds is compared with what Python finds in ``tests/emu/engine/test_fill_callback.py``.
"""

from __future__ import annotations

from emu.engine.rules import resolving
from emu.engine.rules.writer import REFUSE


def test_nothing_is_refused_after_something_has_been_done() -> None:
    lines = [line.strip() for line in resolving.source().splitlines()]
    first_effect = min(number for number, line in enumerate(lines) if line.startswith(("store", "note_resolved")))
    assert REFUSE in lines[:first_effect]
    assert REFUSE not in lines[first_effect:]


def test_what_it_leaves_behind_is_where_the_access_leads() -> None:
    source = resolving.source()
    assert source.startswith(resolving.HEADING.format(name="resolve"))
    assert source.count("note_resolved(") == 1
    assert source.count("store8(record.keys_address") == 1


def test_a_question_changes_nothing() -> None:
    asked, made = resolving.byte_question_source(), resolving.byte_source()
    for effect in ("note_change(", "store8(record.keys_address"):
        assert effect in made
        assert effect not in asked
    assert asked.count("note_resolved(") == made.count("note_resolved(") == 1
