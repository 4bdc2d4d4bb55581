# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of what QEMU has mended since Unicorn was taken from it: each row names tests, and they exist."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[2]
ROOT = TESTS.parent
TABLE = Path(__file__).with_name("mended_since_5_0.toml")
FAULTS: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["fault"]
KEYS = {"what", "since", "unicorn", "by", "tests"}
OUTCOMES = {"wrong", "right", "missing", "not asked"}


@cache
def functions(file: Path) -> set[str]:
    """The functions that *file* defines."""
    found = ast.parse(file.read_bytes()).body
    return {each.name for each in found if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["what"])
def test_a_row_names_tests_that_exist(fault: dict[str, Any]) -> None:
    assert fault.keys() <= KEYS
    assert fault["unicorn"] in OUTCOMES
    for named in fault["tests"]:
        file, _, function = named.partition("::")
        assert (TESTS / file).is_file(), named
        assert not function or function in functions(TESTS / file), named
    assert fault["tests"], "a row has tests"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["what"])
def test_what_makes_it_right_exists(fault: dict[str, Any]) -> None:
    for place in fault.get("by", "").split(", "):
        assert (ROOT / "emu" / place).exists(), place


def test_no_fault_is_there_twice() -> None:
    assert len({fault["what"] for fault in FAULTS}) == len(FAULTS)
