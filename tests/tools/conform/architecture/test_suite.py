# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform architecture``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cases import write_cases
from tests.support.suite import lines_of
from tools.command.cli import main
from tools.conform.architecture.case import Case, FinalState
from tools.conform.architecture.image import make_image

PASSING = "name='right', code='LGHI 3,7', end=FinalState(registers={3: 7})"
FAILING = "name='wrong', code='LGHI 3,7', end=FinalState(registers={3: 8})"
SKIPPED = "name='lacking', code='LGHI 3,7', needs=(facility(99),)"


def run(path: Path, *options: str) -> int:
    return main(["conform", "architecture", "--cases", str(path), *options])


def test_a_line_for_each_case(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(write_cases(tmp_path, PASSING, FAILING, SKIPPED)) == 1
    difference = "general register 3: expected 0000000000000008, found 0000000000000007"
    assert lines_of(capfd.readouterr().out) == [
        "PASS    some-rules/right (3 tests)",
        f"FAIL    some-rules/wrong (3 tests, 1 failed, {difference})",
        "SKIP    some-rules/lacking (needs facility 99)",
        "1 passed, 1 skipped, 1 failed; 1 of 3 inferred passed",
    ]


def test_all_differences_are_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = "name='wrong', code='LGHI 3,7', registers={4: 9}, end=FinalState(cc=2, registers={3: 8, 4: 9})"
    assert run(write_cases(tmp_path, case)) == 1
    assert lines_of(capfd.readouterr().out)[:2] == [
        "FAIL    some-rules/wrong (5 tests, 2 failed, condition code: expected 2, found 0)",
        "        FAIL: free, stepped: general register 3: expected 0000000000000008, found 0000000000000007",
    ]


def checks_in(saved: Path) -> list[tuple[str, str, str, list[str]]]:
    """The checks of the only program in the report *saved*."""
    (program,) = json.loads(saved.read_text())["programs"]
    return [(each["verdict"], each["name"], each.get("text", ""), each["ways"]) for each in program["checks"]]


def test_checks_are_named_by_what_they_are_of_whatever_is_found(tmp_path: Path) -> None:
    saved, ways = tmp_path / "out.json", ["free", "stepped"]
    assert run(write_cases(tmp_path, FAILING), "--json", str(saved)) == 1
    assert checks_in(saved) == [
        ("PASS", "end", "", ways),
        ("PASS", "number of events", "", ways),
        ("FAIL", "general register 3", "expected 0000000000000008, found 0000000000000007", ways),
    ]
    assert run(write_cases(tmp_path, PASSING), "--json", str(saved)) == 0
    names = ("end", "number of events", "general register 3")
    assert checks_in(saved) == [("PASS", name, "", ways) for name in names]


def test_what_does_not_end_has_a_check_that_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "out.json"
    endless = write_cases(tmp_path, "name='x', code='BRC 15,*', end=FinalState(cc=0)")
    assert run(endless, "--max-instructions", "1000", "--json", str(saved)) == 1
    text = "it did not end in 1,000 instructions; no interruption was taken"
    assert checks_in(saved) == [("FAIL", "end", text, ["free", "stepped"])]
    assert lines_of(capfd.readouterr().out)[0] == f"STOPPED some-rules/x (1 test, 1 failed, end: {text})"


def test_a_case_that_is_repaired_is_better_than_before(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = str(tmp_path / "out.json")
    assert run(write_cases(tmp_path, FAILING), "--json", saved) == 1
    capfd.readouterr()
    assert run(write_cases(tmp_path, PASSING.replace("right", "wrong")), "--baseline", saved) == 0
    assert lines_of(capfd.readouterr().out)[-1] == "better than before: some-rules/wrong: failed, 1 failed"


def test_what_a_case_does_not_look_at_any_more_has_vanished(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = str(tmp_path / "out.json")
    assert run(write_cases(tmp_path, PASSING), "--json", saved) == 0
    capfd.readouterr()
    assert run(write_cases(tmp_path, "name='right', code='LGHI 3,7'"), "--baseline", saved) == 1
    assert lines_of(capfd.readouterr().out)[-2:] == [
        f"vanished: some-rules/right: {way}: general register 3" for way in ("free", "stepped")
    ]


def test_a_case_that_cannot_be_assembled_has_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    unknown = "name='unknown', code='LGHI 3,7\\nFROB 1,2'"
    assert run(write_cases(tmp_path, unknown, PASSING)) == 1
    shown = capfd.readouterr()
    assert lines_of(shown.out) == [
        "FAIL    some-rules/unknown (unknown: line 2: FROB 1,2: FROB is not an instruction that is known here)",
        "PASS    some-rules/right (3 tests)",
        "1 passed, 1 failed; 1 of 2 inferred passed",
    ]
    assert "Traceback" not in shown.err


def test_a_case_in_the_report(tmp_path: Path) -> None:
    saved = tmp_path / "out.json"
    assert run(write_cases(tmp_path, PASSING), "--json", str(saved)) == 0
    (program,) = json.loads(saved.read_text())["programs"]
    assert program["entry"] == {
        "name": "some-rules/right",
        "groups": ["some-rules", "inferred"],
        "title": "Rule.",
        "source": "PoP 4, PSW",
        "basis": "inferred",
        "section": "Some rules",
    }


def test_images_without_a_header_are_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(write_cases(tmp_path, PASSING), "--export", str(out), "--raw")
    assert sorted(each.name for each in out.rglob("*.*")) == ["index.json", "right.bin", "right.elf"]


def test_images_are_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run(write_cases(tmp_path, PASSING), "--export", str(out)) == 0
    assert sorted(each.name for each in out.rglob("*")) == ["index.json", "right.elf", "some-rules"]
    assert capfd.readouterr().out.splitlines()[0] == f"images written to {out}: 1"


@pytest.mark.parametrize(
    ("options", "names"),
    (
        (("--only", "some-rules/wrong"), ["wrong"]),
        (("--exclude", "some-rules/wrong"), ["lacking", "right"]),
        (("-k", "ing"), ["lacking"]),
        ((), ["lacking", "right", "wrong"]),
    ),
)
def test_the_images_of_what_is_wanted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], names: list[str]
) -> None:
    out = tmp_path / "out"
    run(write_cases(tmp_path, PASSING, FAILING, SKIPPED), "--export", str(out), *options)
    assert sorted(each.stem for each in out.rglob("*.elf")) == names
    assert sorted(each["name"] for each in json.loads((out / "index.json").read_text())["cases"]) == [
        f"some-rules/{name}" for name in names
    ]
    assert f"images written to {out}: {len(names)}\n" in capfd.readouterr().out


@pytest.mark.parametrize(("case", "status"), ((PASSING, 0), (FAILING, 1), (SKIPPED, 3)))
def test_exit_statuses_of_images_that_are_run(tmp_path: Path, case: str, status: int) -> None:
    run(write_cases(tmp_path, case), "--export", str(tmp_path / "out"))
    (image,) = (tmp_path / "out").rglob("*.elf")
    assert main(["run", str(image)]) == status


def test_an_image_that_cannot_look_at_the_last_state(
    tiny: Case, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = make_image(replace(tiny, end=FinalState(storage={"nowhere": 0})), "rules/lost")
    (tmp_path / "lost.elf").write_bytes(image.elf())
    assert main(["conform", "elf", str(tmp_path)]) == 1
    told = capfd.readouterr().out
    assert f"rules/lost, check {-1 & (1 << 64) - 1:x}: " in told
    assert "; the last state cannot be looked at" in told


def test_exported_images_among_programs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    run(write_cases(tmp_path, PASSING, FAILING, SKIPPED), "--export", str(out))
    capfd.readouterr()
    told = f"some-rules/wrong, check {1:016x}: expected {8:016x}, found {7:016x}; general register 3"
    assert main(["conform", "elf", str(out)]) == 1
    assert sorted(" ".join(line.split()) for line in lines_of(capfd.readouterr().out)) == [
        "1 passed, 1 skipped, 1 failed",
        f"FAIL some-rules/wrong.elf (1 test, 1 failed, {told})",
        "PASS some-rules/right.elf (1 test)",
        "SKIP some-rules/lacking.elf (1 test, 1 skipped, some-rules/lacking: needs facility 99)",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("--on", "no-such-qemu"), "--on: expected a QEMU for s390x that is installed, not 'no-such-qemu'"),
        (("--on", "true"), "--on: expected a QEMU for s390x that is installed, not 'true'"),
        (("--export", "/dev/null/x"), "--export: /dev/null/x cannot be written: Not a directory"),
        (("--profile", "vmware"), "--profile"),
        (("--raw",), "--raw: expected with --export"),
        (("--export", "out", "--only", "wrong-rules"), "--only: expected a program or a group, not 'wrong-rules'"),
    ),
)
def test_wrong_use(tmp_path: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], message: str) -> None:
    assert run(write_cases(tmp_path, PASSING), *options) == 2
    assert message in capfd.readouterr().err


@pytest.mark.parametrize(
    ("case", "message"),
    (
        ("name='x', code='', needs=5", "x: needs: expected a tuple of needs, such as (ESSA,) or (facility(8),), not 5"),
        ("name='x', code='', end=FinalState(cc=7)", "x: end.cc: expected a number from 0 to 3, not 7"),
    ),
)
def test_what_is_no_case(tmp_path: Path, capfd: pytest.CaptureFixture[str], case: str, message: str) -> None:
    assert run(write_cases(tmp_path, case)) == 2
    assert capfd.readouterr().err == f"essa: {tmp_path}/some_rules.py: {message}\n"


@pytest.mark.parametrize(
    ("option", "value"),
    (
        ("--coverage", "out.json"),
        ("--profile", "kvm"),
        ("--facility", "169"),
        ("--no-facility", "some-rules:129"),
        ("--max-instructions", "1000"),
        ("--logs", "out"),
    ),
)
def test_what_is_about_a_machine_here_goes_not_with_another(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert run(write_cases(tmp_path, PASSING), "--on", "qemu-system-s390x", option, value) == 2
    assert capfd.readouterr().err == f"essa: {option}: expected without --on, as it is about a machine here\n"


def test_no_cases(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 2
    assert capfd.readouterr().err == f"essa: {tmp_path}: expected files of cases, *.py\n"


@pytest.mark.parametrize(("profile", "word"), (("off", "SKIP"), ("kvm", "SKIP"), ("zvm", "PASS"), ("needed", "PASS")))
def test_whose_page_states(tmp_path: Path, capfd: pytest.CaptureFixture[str], profile: str, word: str) -> None:
    case = "name='x', needs=(ZVM,), registers={2: 'page1'}, code='ESSA 3,2,0', end=FinalState(registers={3: 3})"
    run(write_cases(tmp_path, case), "--profile", profile)
    assert capfd.readouterr().out.startswith(word)


VECTOR = "name='vector', code='LGHI 3,7', needs=(facility(129),)"
KEYS = "name='keys', code='LGHI 3,7', needs=(facility(14),)"
REMOVED = "name='removed', code='LGHI 3,7', needs=(no_facility(129),)"


# Storage-key removal, 169, is not there beside facility 14.
@pytest.mark.parametrize(
    ("options", "skipped"),
    (
        ((), {}),
        (("--no-facility", "129"), {"vector": "needs facility 129"}),
        (("--no-facility", "some-rules/vector:129"), {"vector": "needs facility 129"}),
        (("--no-facility", "some-rules:129"), {"vector": "needs facility 129"}),
        (("--no-facility", "some-rules/keys:129"), {}),
        (("--facility", "169"), {"keys": "needs facility 14"}),
        (("--facility", "129"), {"removed": "needs a machine without facility 129"}),
    ),
)
def test_facilities_that_are_asked_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], skipped: dict[str, str]
) -> None:
    assert run(write_cases(tmp_path, VECTOR, KEYS, REMOVED), *options) == 0
    found = [line for line in lines_of(capfd.readouterr().out) if line.startswith("SKIP")]
    assert found == [f"SKIP    some-rules/{name} ({reason})" for name, reason in skipped.items()]


def test_a_case_that_failed_shows_what_it_did_last(tmp_path: Path) -> None:
    saved = tmp_path / "out.json"
    assert run(write_cases(tmp_path, PASSING, FAILING), "--json", str(saved)) == 1
    right, wrong = json.loads(saved.read_text())["programs"]
    assert "last_steps" not in right
    assert [line.split(" (")[0] for line in wrong["last_steps"][1:3]] == [
        f"  cpu 0: S {address:016x}" for address in (0x8000, 0x8004)
    ]


def test_what_is_run_again_for_that_is_not_counted(tmp_path: Path) -> None:
    saved = tmp_path / "coverage.json"
    failing = FAILING.replace("LGHI 3,7", "LPGR 3,3")
    assert run(write_cases(tmp_path, failing), "--coverage", str(saved)) == 1
    rows = json.loads(saved.read_text())["matrices"]["instructions"]
    # Once freely, once step by step.
    assert [row for row in rows if row[0] == ["LPGR", "ended"]] == [[["LPGR", "ended"], 2]]


def test_what_a_case_has_written(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    assert run(write_cases(tmp_path / "cases", PASSING, FAILING), "--logs", str(logs)) == 1
    written = {path.name: path.read_text().splitlines() for path in logs.iterdir()}
    assert sorted(written) == ["some-rules_right.log", "some-rules_wrong.log"]
    assert [lines[0].partition(":")[0] for _, lines in sorted(written.items())] == ["PASS", "FAIL"]
    # It says the same freely and step by step.
    assert [len(lines) for lines in written.values()] == [1, 1]
