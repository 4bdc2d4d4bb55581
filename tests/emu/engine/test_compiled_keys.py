# SPDX-License-Identifier: GPL-2.0-or-later
"""What the keys of compiled code are made of: everything that is compiled."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from emu.engine import compiled_keys, compiling
from emu.engine.rules import instructions
from emu.engine.rules.instructions import numbered
from emu.engine.rules.keying import content_key, import_closure

ROOT = Path(__file__).parents[3]
CLOSURE = import_closure(ROOT, (*compiled_keys.CALLBACKS.values(), compiled_keys._HOW))
RULE_NAMES = re.findall(
    r"\brule\((?:\w+\.)?(\w+)\)", "".join(file.read_text() for file in (ROOT / "emu" / "engine").rglob("*.py"))
)
AS_THEY_STAND = compiled_keys.as_they_stand(ROOT, "exception_callback")


def test_what_is_compiled_depends_on_the_model_and_the_callbacks() -> None:
    names = {str(file.relative_to(ROOT / "emu")) for file in CLOSURE}
    assert names >= {
        "isa/clock.py",
        "isa/corrections/rotate.py",
        "isa/page_hinting.py",
        "access.py",
        "bits.py",
        "dat.py",
        "engine/callbacks.py",
        "engine/record.py",
        "engine/rules/callback.py",
        "engine/tables.py",
        "facilities.py",
        "page_states.py",
        "timing.py",
    }


def test_what_is_compiled_as_it_stands() -> None:
    """Not the model, whose translation is looked at instead; but whatever the callbacks take constants from."""
    names = {str(file.relative_to(ROOT / "emu")) for file in AS_THEY_STAND}
    assert names >= {"engine/blocks.py", "engine/rules/callback.py", "engine/record.py", "engine/rules/primitives.py"}
    assert names >= {"page_states.py", "program_interruption.py"}
    assert not names & {"dat.py", "access.py", "isa/clock.py", "engine/rules/model.py"}


def test_every_translation_is_looked_at() -> None:
    """Of every compiled instruction and every rule."""
    looked_at = b"".join(compiled_keys.translated("exception_callback", "here"))
    for _, each in numbered():
        assert each.source.encode() in looked_at, each.declared.mnemonic
    for name in (*RULE_NAMES, "execute_number"):
        assert f"def {name}(".encode() in looked_at
    assert b"def resolve(" in b"".join(compiled_keys.translated("fill_callback", "here"))


def test_which_instructions_are_executed_by_themselves_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(compiled_keys.translated("lone_callback", "here"))
    monkeypatch.setattr(instructions, "_ASKED_OF_BURST", instructions._ASKED_OF_BURST | {"request_counts"})
    assert "ESSA" not in {each.declared.mnemonic for _, each in instructions.lone()}
    assert list(compiled_keys.translated("lone_callback", "here")) != before


def test_what_one_callback_does_not_depend_on() -> None:
    found = compiled_keys.callback_keys()
    assert found["condition_code_callback"] == found["execute_callback"]
    different = ("block_callback", "fill_callback", "exception_callback", "branch_operand", "low_fetch_callback")
    assert len({found[name] for name in different}) == len(different)


def test_every_file_matters(tmp_path: Path) -> None:
    """A changed constant in any file that is compiled as it stands gives another key."""
    for each in AS_THEY_STAND:
        place = tmp_path / each.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(each.read_bytes())
    files = compiled_keys.as_they_stand(tmp_path, "exception_callback")
    assert [each.relative_to(tmp_path) for each in files] == [each.relative_to(ROOT) for each in AS_THEY_STAND]
    keys = {content_key(tmp_path, files, ())}
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content + b"CONSTANT = 1\n")
        keys.add(content_key(tmp_path, files, ()))
        file.write_bytes(content)
    assert len(keys) == len(files) + 1


def test_what_a_unit_depends_on() -> None:
    """Its source, its module and what that imports; not the source of another."""
    units = compiling.declared_units()
    essa, lpswe = units["unit.execute_ESSA"], units["unit.execute_LPSWE"]
    assert b"def execute_ESSA(" in essa.made_of[0]
    assert compiled_keys.unit_key(essa) == compiled_keys.unit_key(replace(essa, name="another"))
    found = {compiled_keys.unit_key(each) for each in (essa, lpswe, replace(essa, module=units["unit.resolve"].module))}
    assert len(found) == 3
