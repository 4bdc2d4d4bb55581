# SPDX-License-Identifier: GPL-2.0-or-later
"""One program of kvm-unit-tests, from its beginning to its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.elf import LOOP, Elf, ending_program
from tests.support.suite import KEY, lines_of, program, run_one


@pytest.mark.parametrize(
    ("lines", "migrations"),
    (
        (("Now migrate the VM, then press a key", KEY, "PASS: after"), 1),
        (("Now migrate the VM (quiet)", KEY, "Now migrate the VM (quiet)", KEY, "PASS: after"), 2),
        (("Skipped VM migration (quiet)", KEY, "PASS: after"), 0),
        (("Begin continuous migration", KEY, "End continuous migration", "End continuous migration (quiet)", KEY), 2),
    ),
)
def test_a_program_is_migrated_when_it_asks(tmp_path: Path, lines: tuple[str, ...], migrations: int) -> None:
    saved = tmp_path / "out.json"
    assert run_one(tmp_path, "groups = migration", program(*lines), "--json", str(saved)) == 0
    (found,) = json.loads(saved.read_text())["programs"]
    assert found["outcome"] == "passed"
    assert found.get("notes", []) == ([f"{migrations} migrations"] if migrations else [])


def test_a_program_that_takes_too_long(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_one(tmp_path, "", ending_program(LOOP), "--timeout", "1") == 1
    assert lines_of(capfd.readouterr().out)[0] == "TIMEOUT one (not ended in time)"


def test_a_panic_that_is_asked_for_passes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # The program new PSW leads to an invalid instruction.
    elf = Elf(((0x1D0, bytes.fromhex("00000001 80000000 00000000 00010000")), (0x10000, bytes(2))))
    assert run_one(tmp_path, "groups = panic", elf) == 0
    assert lines_of(capfd.readouterr().out)[0] == "PASS    one"
