# SPDX-License-Identifier: GPL-2.0-or-later
"""The key of compiled objects: another one whenever a file that they may depend on is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.engine.rules.keying import content_key, import_closure, keys

ROOT = Path(__file__).parents[4]


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


def test_what_is_left_out(project: Path) -> None:
    found = import_closure(project, ("package.top",), ("package.middle",))
    assert [file.name for file in found] == ["__init__.py", "top.py"]


def found_key(project: Path, notes: list[Path], where: str = "") -> str:
    """The key of *package.top* and what it imports."""
    files = import_closure(project, ("package.top",))

    def find() -> dict[str, str]:
        return {"top": content_key(project, files, [where.encode()])}

    return keys(project, ("package.top",), where, find, notes)["top"]


@pytest.mark.parametrize(("name", "differs"), (("low.py", True), ("__init__.py", True), ("other.py", False)))
def test_a_changed_constant_gives_another_key(project: Path, tmp_path: Path, name: str, differs: bool) -> None:
    notes = [tmp_path / "notes" / "note.json"]
    before = found_key(project, notes)
    assert found_key(project, notes) == before
    (project / "package" / name).write_text("LIMIT = 22\n")
    assert (found_key(project, notes) != before) == differs


def test_what_is_newly_imported_belongs_to_it(project: Path, tmp_path: Path) -> None:
    notes = [tmp_path / "note.json"]
    (project / "package" / "low.py").write_text("from package import other\n")
    before = found_key(project, notes)
    (project / "package" / "other.py").write_text("LIMIT = 22\n")
    assert found_key(project, notes) != before


def test_the_key_is_found_anew_only_when_a_file_differs(project: Path, tmp_path: Path) -> None:
    found_keys = iter(("one", "two", "three"))
    notes = [tmp_path / "note.json"]

    def found() -> str:
        return keys(project, ("package.top",), "", lambda: {"top": next(found_keys)}, notes)["top"]

    assert [found(), found()] == ["one", "one"]
    (project / "package" / "low.py").write_text("LIMIT = 22\n")
    assert [found(), found()] == ["two", "two"]


def test_where_it_is_compiled(project: Path, tmp_path: Path) -> None:
    notes = [tmp_path / "note.json"]
    assert found_key(project, notes, "one") != found_key(project, notes, "other")


def test_more_that_it_depends_on() -> None:
    found = {content_key(ROOT, (), more) for more in ([], [b""], [b"ab"], [b"a", b"b"], [b"b", b"a"])}
    assert len(found) == 5


@pytest.mark.parametrize("damage", ("", "{}", "[]", '{"modules": 1}'))
def test_a_damaged_note_is_not_used(project: Path, tmp_path: Path, damage: str) -> None:
    note = tmp_path / "note.json"
    before = found_key(project, [note])
    note.write_text(damage)
    assert found_key(project, [note]) == before


def test_a_note_that_cannot_be_written_does_no_harm(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert found_key(project, [tmp_path / "file" / "note"])
