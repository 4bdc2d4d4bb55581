# SPDX-License-Identifier: GPL-2.0-or-later
"""Building says what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from guest_kernel.native import build


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources that a test may spoil."""
    pytest.importorskip("ziglang", reason="the compiler is a development dependency")
    copy = tmp_path / "native"
    shutil.copytree(build.HERE, copy, ignore=shutil.ignore_patterns("images", "__pycache__"))
    monkeypatch.setattr(build, "HERE", copy)
    return copy


def test_a_source_that_does_not_compile_is_named(sources: Path, tmp_path: Path) -> None:
    (sources / "programs" / "hello.c").write_text("this is not C\n")
    with pytest.raises(build.BuildError, match=r"programs/hello\.c"):
        build.build(tmp_path / "images")


def test_a_program_without_its_function_does_not_link(sources: Path, tmp_path: Path) -> None:
    (sources / "programs" / "hello.c").write_text("int nothing;\n")
    with pytest.raises(build.BuildError, match="undefined symbol: program"):
        build.build(tmp_path / "images")
