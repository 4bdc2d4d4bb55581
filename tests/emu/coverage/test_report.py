# SPDX-License-Identifier: GPL-2.0-or-later
"""Every opcode is executed: what must be an operation exception is one, and nothing else is."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from emu.coverage.probe import OPERAND_FIELDS, Conditions
from emu.coverage.report import OpcodeFinding, Treatment, findings, operation_exceptions, report
from emu.facilities import DEFAULT_FACILITIES, PARTIAL
from emu.isa.opcodes import Opcode


@cache
def found() -> list[OpcodeFinding]:
    return findings()


def test_nothing_is_wrong() -> None:
    assert [str(each.opcode) for each in found() if each.treatment is Treatment.WRONG] == []


@pytest.mark.parametrize(
    "conditions",
    (
        Conditions(DEFAULT_FACILITIES, is_free=True),
        # Operation comes before privileged operation, and before the data exceptions of what is disabled (PoP 6,
        # "Multiple Program-Interruption Conditions").
        Conditions(DEFAULT_FACILITIES, problem_state=True),
        Conditions(DEFAULT_FACILITIES, has_vectors=False),
    ),
    ids=("free", "problem state", "registers disabled"),
)
def test_operation_exceptions_depend_on_the_opcode_alone(conditions: Conditions) -> None:
    executed = {Treatment.ENGINE, Treatment.MODEL, Treatment.CORRECTED}
    expected = {each.opcode: frozenset({each.treatment not in executed}) for each in found()}
    differing = {
        str(opcode): refused
        for opcode, refused in operation_exceptions(conditions, OPERAND_FIELDS[1:3]).items()
        if refused != expected[opcode]
    }
    assert differing == {}


def test_every_group_that_is_shown_is_whole() -> None:
    missing = Counter(each.group for each in found() if each.treatment is Treatment.MISSING)
    shown = {
        group for group in missing if group[:3].strip().isdigit() and int(group[:3]) in DEFAULT_FACILITIES - PARTIAL
    }
    assert shown == set()


@pytest.mark.parametrize(
    ("opcode", "treatment"),
    (
        ("1A", Treatment.ENGINE),
        ("B9AB", Treatment.MODEL),
        ("0B", Treatment.MODEL),
        ("0102", Treatment.MODEL),
        ("93", Treatment.CORRECTED),
        ("E3EB", Treatment.UNASSIGNED),
        ("00", Treatment.UNASSIGNED),
        ("B92E", Treatment.MISSING),
        ("2A", Treatment.MODEL),
        ("B218", Treatment.MISSING),
    ),
)
def test_treatments(opcode: str, treatment: Treatment) -> None:
    assert next(each.treatment for each in found() if each.opcode == Opcode.parse(opcode)) is treatment


def test_the_report_counts_and_names_what_is_wrong() -> None:
    opcode = Opcode.parse("E7F3")
    lines = report(
        [OpcodeFinding(opcode, Treatment.ENGINE), OpcodeFinding(Opcode.parse("E7F1"), Treatment.WRONG)]
    ).splitlines()
    assert lines[1].split() == ["129", "vector", "1", "0", "0", "0", "1"]
    assert lines[2].split() == ["all", "1", "0", "0", "0", "1"]
    assert lines[3] == "wrong: E7F1 (129 vector)"
