# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts run from their first lines to their last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emu.isa.assembler import encode
from tests.support.suite import lines_of
from tools.command.cli import main

RIGHT = """\
*Testcase adds
mainsize 1
numcpu 1
sysclear
archlvl z/Arch
r 1A0=0000000180000000 0000000000000200
r 200=A728 0021 A72A 0021 5020 0300 B2B2 0210
r 210=0002000180000000 0000000000000000
runtest .1
*Compare
r 300.4
*Want "the sum" 00000042
r 2F8-30B
*Want 00000042 00000000 00000000
gpr
*Gpr 2 42
*Done
"""
"""LHI 2,X'21'; AHI 2,X'21'; ST 2,X'300'; LPSWE."""
SERVICES = """\
*Testcase stops twice
sysclear
archmode esame
r 1A0=00000001800000000000000000000200
r 1C0=00020001800000000000000000000000
r 200=0A01A7280005 0A02
runtest
*Compare
r 140.10
*Want 00000001 80000000 00000000 00000202
runtest svc .1
gpr
*Gpr 2 5
*Done
"""
PROGRAM = """\
*Testcase is told
sysclear
archmode z
r 1A0=00000001800000000000000000000200
r 1D0=0002000180000000FFFFFFFFDEADDEAD
r 200=0000
*Program 0001
runtest .1
*Done
*Testcase is not told
sysclear
ostailor quiet
r 1A0=00000001800000000000000000000200
r 1D0=00020001800000000000000000000000
r 200=0000
runtest .1
*Done
"""
KEYS = """\
*Testcase keys and prefix
sysclear
r 1A0=00000001800000000000000000002000
r 2000=A72800F6 A53F4000 B22B0023 A54F2000 B2104018 B2B24020
r 2018=00004000
r 2020=00020001800000000000000000000000
runtest .1
*Compare
abs 4000.8
*Key F6
r 0.8
*Key F6
pr
*Prefix 4000
cr 0=1234
*Cr 0 1234
*Done
"""
"""LHI 2,X'F6'; LLILL 3,X'4000'; SSKE 2,3; LLILL 4,X'2000'; SPX X'18'(4); LPSWE X'20'(4)."""
ENDLESS = """\
*Testcase endless
sysclear
r 1A0=00000001800000000000000000000200
r 200=A7F40000
*Timeout
runtest .0001
*Done nowait
"""
UNENDING = """\
*Testcase a program new PSW that is invalid
sysclear
archmode z
r 1D0=0000000100000000FFFFFFFFDEADDEAD
runtest .1
*Program 1
*Done
"""
"""The operation exception is logged, and not the specification exceptions without end that follow."""
RECORDED = """\
*Testcase an event of program-event recording
sysclear
r 1A0=40000001800000000000000000000200
r 1D0=00020001800000000000000000000000
r 200=A7280001
cr 9=40000000
cr 10=200
cr 11=2FF
runtest .1
*Done
"""
"""PSW bit 1 is one, and instruction fetches at X'200' to X'2FF' are events."""
SETTLED = """\
*Testcase as it was
sysclear
r 1A0=00000001800000000000000000000200
r 200=B2B20210
r 210=00020001800000000000000000000000
numcpu 1
mainsize 16
runtest .1
*Done
"""
"""The machine that is asked for is the one that there is."""
WRONG = RIGHT.replace('"the sum" 00000042', '"the sum" 00000043')
OLD = RIGHT.replace("archlvl z/Arch", "archlvl 390")
STRANGE = RIGHT.replace("numcpu 1", "attach 00E 3211")


def run(tmp_path: Path, script: str, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and what the report says of *script*."""
    (tmp_path / "one.tst").write_text(script)
    saved = tmp_path / "out.json"
    status = main(["conform", "hyperion", str(tmp_path), "--json", str(saved), *options])
    (found,) = json.loads(saved.read_text())["programs"]
    return status, found


@pytest.mark.parametrize("script", (RIGHT, SERVICES, PROGRAM, KEYS, ENDLESS, UNENDING, RECORDED, SETTLED))
def test_scripts_that_pass(tmp_path: Path, script: str) -> None:
    status, found = run(tmp_path, script)
    assert (status, found["outcome"], found.get("reason", "")) == (0, "passed", "")


def test_a_script_that_fails_shows_why_and_its_last_instructions(tmp_path: Path) -> None:
    status, found = run(tmp_path, WRONG)
    assert (status, found["outcome"]) == (1, "failed")
    (check,) = found["checks"]
    assert check == {"verdict": "FAIL", "name": "adds", "text": "storage (the sum): expected 00000043, not 00000042"}
    assert any("AHI 2," in line for line in found["last_steps"])


def test_of_much_that_is_wrong_the_first_is_said(tmp_path: Path) -> None:
    wrong = "".join(f'*Want "{number}" 00000043\n' for number in range(6))
    _, found = run(tmp_path, RIGHT.replace('*Want "the sum" 00000042\n', wrong))
    (check,) = found["checks"]
    said = [f"storage ({number}): expected 00000043, not 00000042" for number in range(3)]
    assert check["text"] == "; ".join([*said, "and 3 more"])


def test_symbols_in_what_is_wanted(tmp_path: Path) -> None:
    script = RIGHT.replace('"the sum" 00000042', '"$(what)" $(sum)')
    assert run(tmp_path, f'defsym sum "00000042"\n{script}')[1]["outcome"] == "passed"
    _, found = run(tmp_path, f'defsym sum "00000043"\ndefsym what "the sum"\n{script}')
    (check,) = found["checks"]
    assert check["text"] == "storage (the sum): expected 00000043, not 00000042"


@pytest.mark.parametrize(
    ("script", "reason"), ((OLD, "not known here: archlvl 390"), (STRANGE, "not known here: attach"))
)
def test_what_is_not_known_counts_as_nothing(tmp_path: Path, script: str, reason: str) -> None:
    status, found = run(tmp_path, script)
    assert (status, found["outcome"], found["reason"]) == (0, "unsupported", reason)
    assert [check["verdict"] for check in found["checks"]] == ["SKIP"]
    assert "instructions" not in found


@pytest.mark.parametrize(
    ("script", "reason"),
    (
        ("", "expected *Testcase, or a command"),
        (RIGHT.replace("00000042", "00000043") + "frobnicate\n", "adds: storage (the sum): expected 00000043"),
        (RIGHT.partition("runtest")[0], "adds: nothing is checked, not even by *Done"),
        (RIGHT.replace("*Compare", "*If 0"), "adds: expected *Fi behind *If"),
        ("*Testcase one\nloadcore nowhere.core\n*Done nowait\n", "one: line 2: loadcore: nowhere.core: No such file"),
        ("*Testcase one\nr 99999999999999999999=00\n*Done nowait\n", "one: line 2: expected an address in 16384K"),
    ),
)
def test_what_is_wrong_is_not_left_out(tmp_path: Path, script: str, reason: str) -> None:
    status, found = run(tmp_path, script)
    assert (status, found["outcome"]) == (1, "failed")
    assert found["reason"].startswith(reason)


def test_a_core_is_loaded_and_its_messages_are_shown(tmp_path: Path) -> None:
    command = "MSG * all is well".encode("cp037")
    code = bytes.fromhex("41100300 41200011") + encode("DIAG", r1=1, r3=2, d2=8) + bytes.fromhex("b2b20210")
    core = bytes(0x200) + code.ljust(16, b"\0") + bytes.fromhex("00020001800000000000000000000000")
    (tmp_path / "one.core").write_bytes(core.ljust(0x300, b"\0") + command)
    status, found = run(
        tmp_path,
        '*Testcase core\nsysclear\nloadcore "$(testpath)/one.core"\nr 1A0=00000001800000000000000000000200\n'
        "diag8cmd enable\nruntest 1\n*Done\n",
    )
    assert (status, found["console"], found["checks"][0]["text"]) == (0, "all is well\n", "all is well")


def test_cases_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    _, found = run(tmp_path, RIGHT + RIGHT)
    assert [check["name"] for check in found["checks"]] == ["adds", "adds (2)"]


def test_groups_are_by_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("zvector-e7-01", "bfp-001", "kmac-hw", "CLCLE-01", "privop"):
        (tmp_path / f"{name}.tst").write_text("")
    assert main(["conform", "list", "hyperion", str(tmp_path)]) == 0
    assert lines_of(capfd.readouterr().out) == [
        "CLCLE-01       [strings and translation]",
        "bfp-001        [binary floating point]",
        "kmac-hw        [cryptography]",
        "privop         [other]",
        "zvector-e7-01  [zvector]",
        "5 programs",
    ]


def test_a_directory_without_scripts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "hyperion", str(tmp_path)]) == 2
    assert capfd.readouterr().err == f"essa: {tmp_path}: expected a directory with test scripts, *.tst\n"


def test_what_is_known_to_fail_comes_with_the_suite(tmp_path: Path) -> None:
    (tmp_path / "digest.tst").write_text(WRONG)
    assert main(["conform", "hyperion", str(tmp_path)]) == 0
