# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled loops: the same as in Python, kept as object code, called with arrays or with their addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emu.object_code import files
from emu.object_code.loops import CompiledLoop


def running_sums(numbers: Any, count: int, sums: Any) -> int:
    total = 0
    for at in range(count):
        total += numbers[at]
        sums[at] = total
    return total


def quotient(number: int, divisor: int) -> int:
    return number // divisor


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "folders", lambda: [tmp_path])
    return tmp_path


def test_it_does_what_the_function_does_and_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, sums = np.array((3, -5, 70_000), dtype=np.int32), np.zeros(3, dtype=np.int64)
    assert CompiledLoop(running_sums, np.int32, None, np.int64)(numbers, 3, sums) == 69_998
    assert sums.tolist() == [3, -2, 69_998]
    assert len(list(place.iterdir())) == 1
    # The next process need not compile it.
    monkeypatch.setattr(CompiledLoop, "_compile", lambda *_: pytest.fail("it is kept"))
    again = CompiledLoop(running_sums, np.int32, None, np.int64)
    assert again(numbers.ctypes.data, 2, sums.ctypes.data) == -2


def test_other_types_are_another_loop(place: Path) -> None:
    numbers, sums = np.array((200, 100), dtype=np.uint8), np.zeros(2, dtype=np.uint8)
    assert CompiledLoop(running_sums, np.uint8, None, np.uint8)(numbers, 2, sums) == 300
    assert sums.tolist() == [200, 300 - 256]
    wide = np.zeros(2, dtype=np.uint16)
    assert CompiledLoop(running_sums, np.uint8, None, np.uint16)(numbers, 2, wide) == 300
    assert wide.tolist() == [200, 300]


def test_what_may_raise_an_exception_is_refused(place: Path) -> None:
    with pytest.raises(ValueError, match="quotient may raise an exception"):
        CompiledLoop(quotient, None, None)(7, 0)
    assert not list(place.iterdir())
