# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans in Python: what they may say, and what is wrong with the others."""

from __future__ import annotations

import errno

import pytest

from emu.input_files.toml_tables import Origin
from host.plan import (
    ACTIONS,
    TRIGGERS,
    AtAccess,
    AtInstruction,
    AtWork,
    CorruptRead,
    DeviceError,
    DiscardVolatile,
    EvictFrame,
    FailRead,
    FailWrite,
    PlanError,
    PressurePlan,
    PressureStep,
    Resize,
    ShortRead,
    TakeSample,
)


def test_every_action_has_the_name_of_plan_files() -> None:
    assert {
        "resize": Resize,
        "evict": EvictFrame,
        "discard-volatile": DiscardVolatile,
        "fail-write": FailWrite,
        "fail-read": FailRead,
        "corrupt-read": CorruptRead,
        "short-read": ShortRead,
        "sample": TakeSample,
    } == ACTIONS


def test_every_trigger_has_a_field_of_its_own() -> None:
    assert {"at_work": AtWork, "at_instruction": AtInstruction, "at_access": AtAccess} == TRIGGERS


@pytest.mark.parametrize(
    ("kind", "arguments", "field", "expected"),
    (
        (AtWork, {"at_work": -1}, "at_work", "0 or more"),
        (AtWork, {"at_work": 0, "every": 0}, "every", "1 or more"),
        (AtWork, {"at_work": 0, "every": 10, "rounds": 0}, "rounds", "1 or more"),
        (AtWork, {"at_work": 0, "rounds": 2}, "rounds", "together with every"),
        (AtWork, {"at_work": 1 << 62}, "at_work", "below 0x4000000000000000"),
        (AtInstruction, {"at_instruction": 0x10001}, "at_instruction", "multiple of 0x2"),
        (AtInstruction, {"at_instruction": 1 << 64}, "at_instruction", "at most 64 bits"),
        (AtInstruction, {"at_instruction": -2}, "at_instruction", "at most 64 bits"),
        (AtInstruction, {"at_instruction": 0x10000, "count": 0}, "count", "1 or more"),
        (AtAccess, {"at_access": 0x10800}, "at_access", "multiple of 0x1000"),
        (AtAccess, {"at_access": 0x10000, "count": 0}, "count", "1 or more"),
        (Resize, {"frames": 0}, "frames", "1 or more"),
        (EvictFrame, {"page": 0x10800}, "page", "multiple of 0x1000"),
        (EvictFrame, {"page": -0x1000}, "page", "at most 64 bits"),
        (FailWrite, {"nth": 0}, "nth", "1 or more"),
        (FailRead, {"times": 0}, "times", "1 or more"),
        (CorruptRead, {"nth": -1}, "nth", "1 or more"),
        (ShortRead, {"times": -1}, "times", "1 or more"),
        (PressureStep, {"trigger": AtWork(0), "action": DiscardVolatile(), "guest": -1}, "guest", "0 or more"),
    ),
)
def test_values_out_of_range(kind: type, arguments: dict[str, object], field: str, expected: str) -> None:
    with pytest.raises(PlanError) as raised:
        kind(**arguments)
    assert raised.value.field == field
    assert str(raised.value).startswith(f"{field}: expected ")
    assert expected in str(raised.value)


def test_the_smallest_values() -> None:
    assert AtWork(0, every=1, rounds=1).at_work == 0
    assert AtInstruction(0, count=1).count == 1
    assert AtAccess(0).page == 0
    assert Resize(1).frames == 1
    assert EvictFrame(0).page == 0
    assert FailWrite().error is DeviceError.EIO


def test_the_page_of_an_access() -> None:
    assert AtAccess(0x110000).page == 0x110


def test_error_numbers() -> None:
    assert [error.number for error in DeviceError] == [errno.EIO, errno.ENOSPC]


@pytest.mark.parametrize(
    ("action", "text"),
    (
        (Resize(512), "resize frames=512"),
        (EvictFrame(0x110000), "evict page=0x110000"),
        (DiscardVolatile(), "discard-volatile"),
        (FailWrite(2, 3, DeviceError.ENOSPC), "fail-write nth=2 times=3 error=ENOSPC"),
        (ShortRead(), "short-read nth=1 times=1"),
        (TakeSample(), "sample"),
    ),
)
def test_actions_in_words(action: object, text: str) -> None:
    assert str(action) == text


def test_errors_name_file_line_step_and_field() -> None:
    lines = {("step", 1): {"": 1, "page": 3}, ("step", 2): {"": 5}}
    plan = PressurePlan((), Origin("x.toml", PlanError, lines))
    assert str(plan.step_error(1, "wrong", "page")) == "x.toml:3: step 1: page: wrong"
    assert str(plan.step_error(2, "wrong", "page")) == "x.toml:5: step 2: page: wrong"
    assert str(plan.step_error(2, "wrong")) == "x.toml:5: step 2: wrong"
    assert str(PressurePlan(()).step_error(2, "wrong", "page")) == "plan: step 2: page: wrong"
