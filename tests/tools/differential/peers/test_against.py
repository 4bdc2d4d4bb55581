# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa differ --against``: the machines that are installed, and wrong use."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import wrong
from tools.command.cli import main
from tools.differential.peers.here import Here
from tools.differential.peers.known import TABLE, read_known_differences
from tools.differential.peers.machines import PEERS, start_peer
from tools.differential.peers.stream import Stream
from tools.differential.peers.trial import Trial

VERSIONS = {"qemu-system-s390x": "7.2", "qemu-s390x": "7.2", "hercules": "3.13"}
"""Those that the table is about."""


def require(program: str) -> None:
    """Skip the test if *program* is not there, or of another version."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run((program, "--version"), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if f"ersion {VERSIONS[program]}" not in done.stdout + done.stderr:
        pytest.skip(f"{program} is not of version {VERSIONS[program]}")


@pytest.mark.parametrize("program", PEERS)
def test_a_few_streams_have_no_new_difference(capfd: pytest.CaptureFixture[str], program: str) -> None:
    require(program)
    status = main(["differ", "--against", program, "--programs", "600", "--seed", "1", "--seconds", "30"])
    output = capfd.readouterr().out
    assert status == 0, output
    assert output.splitlines()[0] == "seeds 1 to 600"
    assert output.splitlines()[-2].startswith(f"{program}: ")
    assert output.splitlines()[-2].endswith(" 0 new")


def test_machines_that_are_none_or_not_installed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = wrong(capfd, "differ", "--against", "nothing")
    assert "--against: expected qemu-system-s390x or qemu-s390x or hercules, not 'nothing'" in text
    monkeypatch.setenv("PATH", "")
    assert "--against: qemu-s390x is not installed" in wrong(capfd, "differ", "--against", "qemu-s390x")


def test_a_machine_that_does_not_begin(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, text in (("qemu-system-s390x", "it did not begin"), ("hercules", "it did not begin")):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho no such machine >&2\nexit 3\n", encoding="utf-8")
        program.chmod(0o755)
        assert text in wrong(capfd, "differ", "--against", str(program), "--programs", "1")


def test_files_that_are_wrong(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("nonsense\n", encoding="utf-8")
    assert f"{file}:1: expected a stream" in wrong(capfd, "differ", "--against", "hercules", "--again", str(file))
    assert "--known: " in wrong(capfd, "differ", "--against", "hercules", "--known", str(file))
    assert "--known: it is for --against" in wrong(capfd, "differ", "--known", str(file))


@pytest.mark.parametrize("program", PEERS)
def test_streams_of_the_table_show_what_their_rows_say(here: Here, program: str) -> None:
    require(program)
    peer = start_peer(program)
    trial = Trial(here if peer.has_vectors else Here(has_vectors=False), peer)
    # What is open is open on one machine, and may be the same on another.
    known = read_known_differences(TABLE, program).differences
    rows = [(row, row.stream) for row in known if row.stream is not None and row.machine != "*"]
    try:
        streams = [peer.adapted(Stream.from_line(line)) for _, line in rows]
        for (row, _), stream, parts in zip(rows, streams, trial.differences(streams), strict=True):
            # A process has not all modes, so that some are no differences there.
            if not peer.has_signals or stream == Stream.from_line(row.stream or ""):
                assert any(row.has(part) for part in parts), (row.evidence, parts)
    finally:
        peer.close()


def test_sigterm_ends_it_with_what_was_found() -> None:
    """Whoever limits the time of a group of processes must not make differences of machines that end."""
    require("qemu-s390x")
    command = (
        sys.executable,
        "-m",
        "tools.command.start",
        "differ",
        "--against",
        "qemu-s390x",
        "--programs",
        "1000000",
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "seeds 1 to 1000000\n"
        os.killpg(process.pid, signal.SIGTERM)
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 0, output
    assert " 0 new" in output
