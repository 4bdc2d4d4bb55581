# SPDX-License-Identifier: GPL-2.0-or-later
"""From an entry to a machine, or to why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.elf import LOOP, Elf, ending_program
from tests.support.suite import PASSING, lines_of, run_one


@pytest.mark.parametrize(
    ("parameters", "elf", "line"),
    (
        ("", ending_program(LOOP), "TIMEOUT one (not ended in time)"),
        ("qemu_params = -m 17", PASSING, "PASS    one (2 tests)"),
        (
            "qemu_params = -device virtio-rng-ccw",
            PASSING,
            "PASS    one (2 tests, virtio-blk-ccw in place of virtio-rng-ccw)",
        ),
        ("qemu_params = -device sclp-lm", PASSING, "SKIP    one (-device sclp-lm: not on this machine)"),
        (
            "qemu_params = -cpu z900",
            PASSING,
            "SKIP    one (-cpu z900: there is one model here, with facilities to choose from)",
        ),
        ("extra_params = -smp 2,sockets=2", PASSING, "SKIP    one (-smp sockets=2: all CPUs are in one socket here)"),
        ("qemu_params = -m", PASSING, "SKIP    one (-m: has no value)"),
        ("test_args = `date`", PASSING, "SKIP    one (test_args: needs a shell)"),
        ("groups = nodefault", PASSING, "SKIP    one (marked as not to be run by default (use --only))"),
        ("arch = arm64", PASSING, "SKIP    one (arch: for arm64 only)"),
        ("colour = red", PASSING, "SKIP    one (parameter colour: not known)"),
    ),
)
def test_what_cannot_be_done_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], parameters: str, elf: Elf, line: str
) -> None:
    run_one(tmp_path, parameters, elf, "--max-instructions", "100000")
    assert lines_of(capfd.readouterr().out)[0] == line
