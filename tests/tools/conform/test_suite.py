# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform kvm-unit-tests`` on a build directory made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.elf import FAILED, LOOP, Elf, ending_program
from tests.support.suite import KEY, build_directory, program
from tools.command.cli import main

ALL = """\
# a comment
[passing]
file = passing.elf
groups = fast

[failing]
file = failing.elf
timeout = 5

[leaving-out]
file = leaving.elf
"""
PASSING = program("PASS: one", "PASS: two", "SUMMARY: 2 tests")
FAILING = program("PASS: one", "FAIL: three: it is 4", ending=FAILED)
LEAVING_OUT = program("SKIP: no such facility", "EXIT: STATUS=77")


def conform(directory: Path, *options: str) -> int:
    return main(["conform", "kvm-unit-tests", str(directory), *options])


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return build_directory(tmp_path, ALL, passing=PASSING, failing=FAILING, leaving=LEAVING_OUT)


def test_each_program_has_a_line_and_the_failed_checks_are_named(
    suite: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert conform(suite) == 1
    assert capfd.readouterr().out.splitlines() == [
        "PASS    passing (2 tests)",
        "FAIL    failing (2 tests, 1 failed, three: it is 4)",
        "        FAIL: three: it is 4",
        "SKIP    leaving-out (1 tests, 1 skipped, no such facility)",
        "1 passed, 1 skipped, 1 failed",
    ]


@pytest.mark.parametrize("only", ("passing", "fast"))
def test_only_a_program_or_a_group(suite: Path, capfd: pytest.CaptureFixture[str], only: str) -> None:
    assert conform(suite / "s390x", "--only", only) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "1 passed"


def test_results_are_saved(suite: Path, tmp_path: Path) -> None:
    junit, saved, logs = tmp_path / "out.xml", tmp_path / "out.json", tmp_path / "logs"
    assert conform(suite, "--junit", str(junit), "--json", str(saved), "--logs", str(logs)) == 1
    root = ET.fromstring(junit.read_text())
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("8", "2", "2")
    programs = {each["name"]: each for each in json.loads(saved.read_text())["programs"]}
    assert programs["failing"]["checks"][1] == {"verdict": "FAIL", "name": "three: it is 4"}
    assert [programs[name]["outcome"] for name in ("passing", "failing", "leaving-out")] == [
        "passed",
        "failed",
        "skipped",
    ]
    assert (logs / "passing.log").read_text().startswith("PASS: one\n")


def test_a_baseline_makes_only_what_is_worse_fail(
    suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "baseline.json"
    assert conform(suite, "--json", str(saved)) == 1
    assert conform(suite, "--baseline", str(saved)) == 0
    (suite / "s390x" / "passing.elf").write_bytes(FAILING.to_bytes())
    (suite / "s390x" / "failing.elf").write_bytes(PASSING.to_bytes())
    capfd.readouterr()
    assert conform(suite, "--baseline", str(saved)) == 1
    assert capfd.readouterr().out.splitlines()[-2:] == [
        "worse than before: passing: passed, 0 failed",
        "better than before: failing: failed, 1 failed",
    ]


def run_one(path: Path, parameters: str, elf: Elf, *options: str) -> int:
    return conform(build_directory(path, f"[one]\nfile = one.elf\n{parameters}\n", one=elf), *options)


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
    assert (found["outcome"], found["migrations"]) == ("passed", migrations)


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
    assert capfd.readouterr().out.splitlines()[0] == line


def test_a_program_that_takes_too_long(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_one(tmp_path, "", ending_program(LOOP), "--timeout", "1") == 1
    assert capfd.readouterr().out.splitlines()[0] == "TIMEOUT one (not ended in time)"


def test_a_panic_that_is_asked_for_passes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # The program new PSW leads to an invalid instruction.
    elf = Elf(((0x1D0, bytes.fromhex("00000001 80000000 00000000 00010000")), (0x10000, bytes(2))))
    assert run_one(tmp_path, "groups = panic", elf) == 0
    assert capfd.readouterr().out.splitlines()[0] == "PASS    one"


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("", "unittests.cfg: expected at least one program"),
        ("file = x.elf\n", "unittests.cfg:1: expected '[name]' before the first parameter"),
        ("[a]\nfile = a.elf\n[a]\nfile = a.elf\n", "unittests.cfg:3: expected a name of its own in [a]"),
        ("[a]\nwhat is this\n", "unittests.cfg:2: expected '[name]' or 'parameter = value', not 'what is this'"),
        ("[a]\nsmp = 2\n", "unittests.cfg:1: expected 'file = ...' for [a]"),
        ('[a]\nfile = a.elf\nqemu_params = """-m 1\n', 'unittests.cfg:3: expected """ at the end of qemu_params'),
    ),
)
def test_a_malformed_configuration_is_wrong_use(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    assert conform(build_directory(tmp_path, text)) == 2
    assert message in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("--only", "nothing"), "--only: expected a program or a group of unittests.cfg, not 'nothing'"),
        (("--baseline", "missing.json"), "--baseline: missing.json cannot be read: No such file or directory"),
        (("--json", "/nowhere/out.json"), "--json: /nowhere/out.json cannot be written: No such file or directory"),
    ),
)
def test_wrong_options(suite: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], message: str) -> None:
    assert conform(suite, *options) == 2
    assert message in capfd.readouterr().err


def test_another_suite_and_another_directory(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    expected = "expected a build directory of kvm-unit-tests, with unittests.cfg or s390x/unittests.cfg in it"
    assert main(["conform", "ltp", str(tmp_path)]) == 2
    assert conform(tmp_path) == 2
    assert capfd.readouterr().err.splitlines() == [
        "essa: conform: expected kvm-unit-tests, not 'ltp'",
        f"essa: {tmp_path}: {expected}",
    ]


def test_a_baseline_that_is_none(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"programs": [{"name": 1}]}')
    assert conform(suite, "--baseline", str(wrong)) == 2
    assert "expected what --json has written" in capfd.readouterr().err
