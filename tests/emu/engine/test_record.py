# SPDX-License-Identifier: GPL-2.0-or-later
"""The record shared with compiled code: what its declaration says is how it is, and who it says writes a field does."""

from __future__ import annotations

import ast
import ctypes
import os
import re
from pathlib import Path

import pytest

from emu.engine import record as declaration
from emu.engine.record import RECORD_TYPE, WRITERS, Record, SharedRecord
from emu.engine.record_fields import FieldWriter
from emu.engine.record_limits import MOST_INSTRUCTIONS, NO_PAGE
from emu.engine.rules import interrupting, service_signals, swapping
from emu.engine.rules.instructions import numbered
from emu.page_states import OperationRequest

FOLDER = Path(declaration.__file__).parent
COMPILED = (
    *("callbacks.py", "compiled_parts.py", "fill_callback.py", "flushing.py", "following_callback.py"),
    "trace_emission.py",
    *("rules/callback.py", "rules/frames.py", "rules/lone.py", "rules/primitives.py", "rules/taking.py"),
)
PARTS_OF_ENTRIES = {
    "entry.key": "memo",
    "entry.known": "memo",
    **{f"entry.{name}": "contexts" for name in ("primary", "secondary", "home", "rest", "number")},
}
"""What the callbacks assign to through a name of an entry of a table."""


def test_python_and_callbacks_see_the_same_fields() -> None:
    assert tuple(RECORD_TYPE.names or ()) == tuple(WRITERS)
    assert RECORD_TYPE.itemsize == ctypes.sizeof(Record)
    for name in WRITERS:
        assert RECORD_TYPE.fields is not None
        assert RECORD_TYPE.fields[name][1] == getattr(Record, name).offset


def test_every_field_is_a_word_or_a_table() -> None:
    shared = SharedRecord()
    for name in WRITERS:
        value = getattr(shared.fields, name)
        assert isinstance(value, (int, ctypes.Array))
        if isinstance(value, int):
            setattr(shared.fields, name, -1)
            assert getattr(shared.fields, name) == (1 << 64) - 1


def test_a_table_changes_with_the_record() -> None:
    shared = SharedRecord()
    shared.fields.instruction_counts[9] = 5
    assert shared.table("instruction_counts")[9] == 5
    shared.table("memo")[7]["key"] = 9
    assert shared.fields.memo[7].key == 9
    assert shared.address == ctypes.addressof(shared.fields)


def test_lengths_are_those_of_the_enumerations() -> None:
    shared = SharedRecord()
    assert len(shared.table("instruction_counts")) == MOST_INSTRUCTIONS
    assert len(shared.table("request_counts")) == len(OperationRequest)


def test_nothing_is_shown_at_first() -> None:
    shared = SharedRecord()
    assert {int(key) for key in shared.table("shown")["key"]} == {NO_PAGE}
    assert shared.fields.left == 0


def assigned(file: Path) -> set[str]:
    """The fields of the record that *file* assigns to."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        for target in [each for whole in targets for each in getattr(whole, "elts", [whole])]:
            inner = target.value if isinstance(target, ast.Subscript) else target
            text = ast.unparse(inner)
            if text in PARTS_OF_ENTRIES:
                found.add(PARTS_OF_ENTRIES[text])
            elif isinstance(inner, ast.Attribute) and ast.unparse(inner.value).endswith(("record", "fields")):
                found.add(inner.attr)
    return found


def assigned_by_instructions() -> set[str]:
    """The fields of the record that compiled instructions and interruptions assign to by themselves."""
    interruptions = (swapping.source(), interrupting.source(), service_signals.source())
    sources = (*interruptions, *(each.source for _, each in numbered()))
    assignment = re.compile(r"^ *record\.(\w+)(?:\[.*\])? \+?= ", re.MULTILINE)
    return {name for source in sources for name in assignment.findall(source)}


@pytest.mark.parametrize("name", COMPILED)
def test_callbacks_write_what_they_may(name: str) -> None:
    written = assigned(FOLDER / name)
    assert all(WRITERS[field] in (FieldWriter.CALLBACK, FieldWriter.BOTH) for field in written)


def test_somebody_writes_each_field() -> None:
    by_callbacks = assigned_by_instructions().union(*(assigned(FOLDER / name) for name in COMPILED))
    others = [file for file in FOLDER.rglob("*.py") if str(file.relative_to(FOLDER)) not in COMPILED]
    by_python = set[str]().union(*(assigned(file) for file in others))
    for name, writer in WRITERS.items():
        if isinstance(getattr(SharedRecord().fields, name), ctypes.Array) and name not in by_callbacks:
            continue  # Python writes the tables through arrays.
        assert (name in by_callbacks) == (writer in (FieldWriter.CALLBACK, FieldWriter.BOTH)), name
        if not isinstance(getattr(SharedRecord().fields, name), ctypes.Array):
            assert (name in by_python) == (writer is not FieldWriter.CALLBACK), name


def test_a_copy_of_the_process_has_a_record_of_its_own() -> None:
    shared = SharedRecord()
    child = os.fork()
    if not child:
        shared.fields.mode = 1
        os._exit(0)
    os.waitpid(child, 0)
    assert not shared.fields.mode
