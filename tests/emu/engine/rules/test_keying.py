# SPDX-License-Identifier: GPL-2.0-or-later
"""The key of compiled objects: another one whenever a file that they may depend on is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.engine import compiled
from emu.engine.rules.keying import content_key, import_closure, key

ROOT = Path(__file__).parents[4]
CLOSURE = import_closure(ROOT, compiled._COMPILED)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project: *top* imports *middle* and a name of it, that imports *low*; *other* is not imported."""
    package = tmp_path / "project" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "top.py").write_text("from __future__ import annotations\nimport json\nfrom package import middle\n")
    (package / "middle.py").write_text("def find():\n    if True:\n        from package.low import LIMIT\n")
    (package / "low.py").write_text("if TYPE_CHECKING:\n    from package import other\nLIMIT = 1\n")
    (package / "other.py").write_text("LIMIT = 1\n")
    return package.parent


def test_what_is_imported_on_the_way_belongs_to_it(project: Path) -> None:
    found = import_closure(project, ("package.top",))
    assert [file.name for file in found] == ["__init__.py", "low.py", "middle.py", "top.py"]


@pytest.mark.parametrize(("name", "differs"), (("low.py", True), ("__init__.py", True), ("other.py", False)))
def test_a_changed_constant_gives_another_key(project: Path, tmp_path: Path, name: str, differs: bool) -> None:
    notes = [tmp_path / "notes" / "note.json"]
    before = key(project, ("package.top",), "", notes)
    assert key(project, ("package.top",), "", notes) == before
    (project / "package" / name).write_text("LIMIT = 22\n")
    assert (key(project, ("package.top",), "", notes) != before) == differs


def test_what_is_newly_imported_belongs_to_it(project: Path, tmp_path: Path) -> None:
    notes = [tmp_path / "note.json"]
    (project / "package" / "low.py").write_text("from package import other\n")
    before = key(project, ("package.top",), "", notes)
    (project / "package" / "other.py").write_text("LIMIT = 22\n")
    assert key(project, ("package.top",), "", notes) != before


def test_the_rest_that_it_depends_on(project: Path, tmp_path: Path) -> None:
    notes = [tmp_path / "note.json"]
    first = key(project, ("package.top",), "one", notes)
    assert key(project, ("package.top",), "other", notes) != first


@pytest.mark.parametrize("damage", ("", "{}", "[]", '{"modules": 1}'))
def test_a_damaged_note_is_not_used(project: Path, tmp_path: Path, damage: str) -> None:
    note = tmp_path / "note.json"
    before = key(project, ("package.top",), "", [note])
    note.write_text(damage)
    assert key(project, ("package.top",), "", [note]) == before


def test_a_note_that_cannot_be_written_does_no_harm(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert key(project, ("package.top",), "", [tmp_path / "file" / "note"])


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


def test_every_file_matters(tmp_path: Path) -> None:
    """A changed constant in any file of the closure gives another key."""
    for each in CLOSURE:
        place = tmp_path / each.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(each.read_bytes())
    files = import_closure(tmp_path, compiled._COMPILED)
    assert [each.relative_to(tmp_path) for each in files] == [each.relative_to(ROOT) for each in CLOSURE]
    keys = {content_key(tmp_path, files, "")}
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content + b"CONSTANT = 1\n")
        keys.add(content_key(tmp_path, files, ""))
        file.write_bytes(content)
    assert len(keys) == len(files) + 1
