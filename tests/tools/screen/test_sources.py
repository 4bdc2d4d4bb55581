# SPDX-License-Identifier: GPL-2.0-or-later
"""Where source files are looked for, and what is shown of their lines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emu.symbols.symbol import SourceLine
from tools.screen import sources
from tools.screen.sources import SourceTexts

_TEXT = "int a;\n\tif (a)\x1b[2J \xe9\n"


def write(path: Path, text: str = _TEXT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="latin-1")


def test_a_line_without_what_a_terminal_would_act_on(tmp_path: Path) -> None:
    write(tmp_path / "a.c")
    texts = SourceTexts(Path())
    found = [texts.text(SourceLine(str(tmp_path / "a.c"), number)) for number in range(4)]
    assert found == ["", "int a;", "if (a) [2J \ufffd", ""]


@pytest.mark.parametrize(
    ("place", "named"),
    (
        ("one/sub/a.c", "sub/a.c"),
        ("two/sub/a.c", "sub/a.c"),
        ("two/a.c", "sub/a.c"),
        ("two/a.c", "/not/there/a.c"),
        ("else/a.c", "{}/else/a.c"),
    ),
)
def test_where_a_file_is_looked_for(tmp_path: Path, place: str, named: str) -> None:
    write(tmp_path / place)
    texts = SourceTexts(tmp_path / "one", tmp_path / "two")
    assert texts.text(SourceLine(named.format(tmp_path), 1)) == "int a;"


def test_a_path_goes_before_a_name(tmp_path: Path) -> None:
    write(tmp_path / "one" / "a.c", "by its name")
    write(tmp_path / "two" / "sub" / "a.c", "by its path")
    assert SourceTexts(tmp_path / "one", tmp_path / "two").text(SourceLine("sub/a.c", 1)) == "by its path"


def test_what_is_no_source_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    write(tmp_path / "large")
    monkeypatch.setattr(sources, "_MOST_BYTES", 4)
    texts = SourceTexts(tmp_path)
    for name in ("pipe", "folder", "large", "nothing", "a\0b", ""):
        assert texts.text(SourceLine(name, 1)) == ""


def test_a_file_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "a.c")
    texts = SourceTexts(tmp_path)
    assert texts.text(SourceLine("a.c", 1)) == "int a;"
    (tmp_path / "a.c").unlink()
    assert texts.text(SourceLine("a.c", 1)) == "int a;"
