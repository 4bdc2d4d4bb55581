# SPDX-License-Identifier: GPL-2.0-or-later
"""``--input``: what is typed after which words, and what a script says of a guest that does not say them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.elf import Elf
from tests.support.suite import KEY, program
from tools.command.cli import main

CONVERSATION = program("name?", KEY, "hello", KEY, "bye")


def run(path: Path, script: str, elf: Elf = CONVERSATION, *options: str) -> int:
    (path / "program.elf").write_bytes(elf.to_bytes())
    (path / "script.toml").write_text(script)
    return main(["run", str(path / "program.elf"), "--memory", "2M", "--input", str(path / "script.toml"), *options])


def test_a_conversation(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = '[[step]]\nexpect = "name?"\nsend = "x"\n[[step]]\nexpect = "hello"\nsend = "\\n"\n'
    assert run(tmp_path, script) == 0
    assert capfd.readouterr() == ("name?\nhello\nbye\n", "")


def test_without_expect_it_is_typed_at_once(tmp_path: Path) -> None:
    assert run(tmp_path, '[[step]]\nsend = "x"\n', program(KEY)) == 0


def test_two_runs_are_alike(tmp_path: Path) -> None:
    script = '[[step]]\nexpect = "name?"\nsend = "x"\n[[step]]\nexpect = "hello"\nsend = "\\n"\n'
    summaries = []
    for _ in range(2):
        assert run(tmp_path, script, CONVERSATION, "--json", str(tmp_path / "out.json")) == 0
        summaries.append(json.loads((tmp_path / "out.json").read_text()))
    assert summaries[0] == summaries[1]


def test_what_was_not_to_be_seen_makes_a_passing_run_fail(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = '[[step]]\nexpect = "name?"\nsend = "xy"\n[[step]]\nexpect = "good night"\n'
    assert run(tmp_path, script, program("name?", KEY)) == 1
    assert "essa: step 2 of the input: the console has not shown 'good night'" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("script", "message"),
    (
        ("[[step]\n", "1: not TOML: "),
        ("\n[[step]]\nsend = 1\n", "3: step 1: send: expected str, got int"),
        ("[[step]]\nwait = 1\n", "2: step 1: wait: unknown; expected expect, send"),
        ("pause = 1\n[[step]]\n", "1: pause: unknown; expected nothing but [[step]] tables"),
        ("step = 1\n", "1: step: expected [[step]] tables"),
        ("", " step: missing; expected [[step]] tables"),
    ),
)
def test_a_malformed_script_is_wrong_use(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], script: str, message: str
) -> None:
    assert run(tmp_path, script) == 2
    assert capfd.readouterr().err.startswith(f"essa: --input: {tmp_path / 'script.toml'}:{message}")


def test_a_script_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "program.elf").write_bytes(CONVERSATION.to_bytes())
    assert main(["run", str(tmp_path / "program.elf"), "--input", "nothing.toml"]) == 2
    assert capfd.readouterr().err == "essa: --input: nothing.toml cannot be read: No such file or directory\n"


def test_several_guests_have_several_consoles(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, '[[step]]\nsend = "x"\n', CONVERSATION, "--guests", "2") == 2
    assert "--input: expected one guest" in capfd.readouterr().err
