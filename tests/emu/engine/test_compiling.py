# SPDX-License-Identifier: GPL-2.0-or-later
"""Callbacks made of units: each compiled once, together one piece of object code."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import pytest

from emu.engine import compiling
from emu.engine.compiled_keys import CALLBACKS
from emu.engine.library import EngineError
from emu.engine.record import SharedRecord
from emu.object_code import files

FEW = "condition_code_callback"


@pytest.fixture(scope="module")
def units() -> dict[str, Any]:
    return dict(compiling.declared_units())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, units: dict[str, Any]) -> Path:
    """The one folder where files may be kept; nothing but a small callback and four units are to be compiled."""
    names = ("locate_frame", "supplied_frame", "find_frame", "trace_host")
    few = {f"unit.{name}": units[f"unit.{name}"] for name in names}
    monkeypatch.setattr(files, "folders", lambda: [tmp_path])
    monkeypatch.setattr(compiling, "CALLBACKS", {FEW: CALLBACKS[FEW]})
    monkeypatch.setattr(compiling, "declared_units", lambda: few)
    return tmp_path


def test_what_is_missing_is_compiled_and_kept(folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    compiling.compile_callbacks(lambda done, total: seen.append((done, total)))
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    kept = sorted(each.name.rsplit("-", 1)[0] for each in folder.iterdir() if each.suffix in (".o", ".bc"))
    assert kept == [FEW, "find_frame", "locate_frame", "supplied_frame", "trace_host"]
    compiling.compile_callbacks(lambda *_: pytest.fail("everything is there"))


def test_a_callback_is_one_piece_with_the_units_that_it_calls(
    folder: Path, monkeypatch: pytest.MonkeyPatch, units: dict[str, Any]
) -> None:
    """Here it does what a unit does that calls two others."""
    monkeypatch.setattr("emu.engine.callbacks.condition_code_callback", units["unit.find_frame"])
    address = files.load(compiling.compile_callback(FEW)[1]).get_function_address(FEW)
    shared, states, touches = SharedRecord(), (ctypes.c_uint8 * 8)(), (ctypes.c_uint8 * 256)()
    shared.fields.states_address, shared.fields.touches_address = map(ctypes.addressof, (states, touches))
    find = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)(address)
    assert find(shared.address, 5) == 5 << 12
    shared.fields.asks_host = 1
    assert find(shared.address, 5) == (1 << 64) - 1


def test_what_may_raise_an_exception_is_refused() -> None:
    from emu.engine.units import UNITS, unit

    @unit(words=1)
    def divide(record: Any, number: Any) -> Any:
        return record.left // number

    with pytest.raises(EngineError, match=r"unit\.divide may raise an exception"):
        compiling.function_module(UNITS.pop("unit.divide"), "unit.divide")
    assert divide.symbol == "unit.divide"
