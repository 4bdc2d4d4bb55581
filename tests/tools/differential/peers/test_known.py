# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of known differences: what it covers, and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.isa.opcodes import Opcode
from tests.tools.differential.peers.conftest import stream
from tools.differential.peers.known import TABLE, WhoIsWrong, read_known_differences
from tools.differential.peers.machines import PEERS
from tools.differential.peers.outcome import Part
from tools.differential.peers.trial import Divergence
from tools.usage.errors import UsageError

ROW = """
[[difference]]
machine = "qemu-*"
instructions = "1A B908"
part = "condition code, general register *"
values = "3 here, * | * here, 0 there"
interruption = "none"
verdict = "qemu"
evidence = "PoP 7"
"""


def write(path: Path, text: str) -> Path:
    file = path / "known.toml"
    file.write_text(text, encoding="utf-8")
    return file


def found(code: str, *parts: tuple[str, str, str, str]) -> Divergence:
    return Divergence(stream(code), tuple(Part(*part) for part in parts))


@pytest.mark.parametrize("machine", PEERS)
def test_the_table_can_be_read_for_each_machine(machine: str) -> None:
    known = read_known_differences(TABLE, machine)
    assert known.missing_opcodes()
    assert known.differences
    assert all(len(each.evidence) > 20 for each in (*known.differences, *known.missing))


def test_a_row_covers_what_it_says(tmp_path: Path) -> None:
    known = read_known_differences(write(tmp_path, ROW), "qemu-s390x")
    row = known.verdict(found("1a12", ("condition code", "3", "1", "none")))
    assert row is not None
    assert row.verdict is WhoIsWrong.QEMU
    assert known.verdict(found("b9080012", ("general register 1", "5", "0", "none")))
    for code, part in (
        ("1b12", ("condition code", "3", "1", "none")),
        ("1a12", ("condition code", "2", "1", "none")),
        ("1a12", ("condition code", "3", "1", "0008 fixed point overflow")),
        ("1a12", ("page 0", "3", "1", "none")),
    ):
        assert known.verdict(found(code, part)) is None


def test_one_part_that_is_new_makes_it_new(tmp_path: Path) -> None:
    known = read_known_differences(write(tmp_path, ROW), "qemu-s390x")
    parts = ("condition code", "3", "1", "none"), ("FPC", "0", "1", "none")
    assert known.verdict(found("1a12", *parts)) is None


def test_rows_of_other_machines_do_not_count(tmp_path: Path) -> None:
    known = read_known_differences(write(tmp_path, ROW), "hercules")
    assert known.verdict(found("1a12", ("condition code", "3", "1", "none"))) is None


def test_anywhere(tmp_path: Path) -> None:
    known = read_known_differences(write(tmp_path, ROW + "anywhere = true\n"), "qemu-s390x")
    divergence = Divergence(stream("1a12", "0700"), (Part("condition code", "3", "1", "none"),))
    assert known.verdict(divergence)


def test_missing(tmp_path: Path) -> None:
    text = '[[missing]]\nmachine = "*"\ninstructions = "20-22"\nverdict = "qemu"\nevidence = "none"\n'
    known = read_known_differences(write(tmp_path, text), "hercules")
    assert known.missing_opcodes() == {Opcode(0x20), Opcode(0x21), Opcode(0x22)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    (
        (ROW.replace('verdict = "qemu"', 'verdict = "nobody"'), "known.toml:8: difference 1: verdict: "),
        (ROW.replace("1A B908", "1A B9"), "known.toml:4: difference 1: instructions: expected opcodes"),
        (ROW.replace('part = "', 'parts = "'), "known.toml:5: difference 1: parts"),
        (ROW + "stream = '{}'\n", "known.toml:10: difference 1: stream: expected a stream"),
        ("[[differences]]\n", "known.toml:1: differences: unknown"),
        ("[[difference]\n", "known.toml"),
    ),
)
def test_errors_name_file_row_and_field(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match="--known: ") as caught:
        read_known_differences(write(tmp_path, text), "qemu-s390x")
    assert complaint in str(caught.value)
