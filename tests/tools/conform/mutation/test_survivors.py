# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of survivors with their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.conform.mutation.command import SURVIVORS
from tools.conform.mutation.compiled_code import compiled_functions, compiled_mutants
from tools.conform.mutation.mutants import RULES, mutants_of
from tools.conform.mutation.survivors import read_survivors
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_those_of_the_suite_are_mutants() -> None:
    names = {each.name for file in RULES for each in mutants_of(file)}
    names |= {each.name for each in compiled_mutants(list(compiled_functions()))}
    assert read_survivors(SURVIVORS).keys() <= names


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "s").write_text('[[survivor]]\nmutants = ["a", "c"]\nreason = "b"\n')
    assert read_survivors(tmp_path / "s") == {"a": "b", "c": "b"}


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("x = 1", "x: unknown; expected survivor"),
        ('[[survivor]]\nmutants = ["a"]', "reason"),
        ('[[survivor]]\nmutants = ["a"]\nreason = "b"\nwhy = 1', "unknown; expected mutants, reason"),
        ('[[survivor]]\nmutants = "a"\nreason = "b"', "mutants"),
        ("[[", "not TOML"),
    ),
)
def test_what_is_malformed_is_said(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "s").write_text(text)
    with pytest.raises(UsageError, match=expected):
        read_survivors(tmp_path / "s")
