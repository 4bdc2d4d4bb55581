# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of cases, and the README that says how they are written."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.support.command import ROOT
from tests.support.suite import lines_of
from tools.command.cli import main
from tools.conform.architecture import checks
from tools.conform.architecture.case import Basis, Case, Class
from tools.conform.architecture.collection import read_cases, read_sections
from tools.conform.architecture.image import CaseError

README = ROOT / "tests" / "conformance" / "README.md"
CASES = read_cases()


def test_each_case_says_its_rule_and_its_source() -> None:
    assert len(CASES) > 150
    for name, case in CASES.items():
        assert case.rule.endswith("."), name
        assert re.match(
            r"PoP \d+, |Schwidefsky (?:v7 patch \d/6|v4 discussion)|Linux |(?:page-hinting|architecture) reference",
            case.source,
        ), name


def test_what_only_the_projects_own_notes_say_is_inferred() -> None:
    notes = r"\(?(?:architecture|page-hinting) reference [^;)]*\)?"
    only = {name: case.basis for name, case in CASES.items() if not re.sub(notes, "", case.source).strip(" ;,")}
    assert only
    assert set(only.values()) == {Basis.INFERRED}


def test_each_interruption_says_where_the_old_psw_points() -> None:
    for name, case in CASES.items():
        for event in case.events:
            is_open = event.kind is Class.PROGRAM and event.ilc is None
            assert event.at is not None or is_open, name


def test_the_example_of_the_readme_passes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(
        r"^    from .*\n(?:    .*\n|\n)*    SECTION = .*\n", README.read_text(encoding="utf-8"), re.MULTILINE
    )
    (tmp_path / "my_rules.py").write_text(textwrap.dedent(example))
    assert main(["conform", "architecture", "--cases", str(tmp_path)]) == 0
    assert lines_of(capfd.readouterr().out) == [
        "PASS    my-rules/operation-exception (8 tests)",
        "1 passed; 1 of 1 verified passed",
    ]


def test_the_readme_names_every_field_of_a_case() -> None:
    named = set(re.findall(r"`(\w+)`", README.read_text(encoding="utf-8")))
    fields = set(Case.__dataclass_fields__) - {"name", "rule", "source", "basis"}
    assert fields <= named


def test_names_of_low_core_fields_are_those_of_the_machine() -> None:
    from emu import lowcore

    for name, (address, _) in checks.LOW_CORE_FIELDS.items():
        known = {"teid": "translation_exception", "subsystem": "subsystem_identification"}.get(name, name)
        known = {"cpu_address": "external_cpu_address", "per_mode": ""}.get(name, known)
        if known:
            assert getattr(lowcore, known.upper()) == address


CASES_OF_TWO = """from tools.conform.architecture.case import *
c = Case(name="a", rule="", source="", basis=VERIFIED, code="")
SECTION = CaseSection("t", %s)
"""


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("1/0", ":1: ZeroDivisionError: division by zero"),
        ("x = 1\ny = nobody", ":2: NameError: name 'nobody' is not defined"),
        ("def f():\n    return nobody\n\nf()", ":2: NameError: name 'nobody' is not defined"),
        ("\nx y", ":2: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit(3)", ":2: SystemExit: 3"),
        ("x = 1\nimport tests.support.nobody", ":2: ModuleNotFoundError: No module named 'tests.support.nobody'"),
        ("raise ValueError('one\\ntwo')", ":1: ValueError: one two"),
        ("SECTION = 3", ': SECTION: expected a CaseSection, such as CaseSection("Title", (CASE,)), not 3'),
        (CASES_OF_TWO % "c", ": SECTION: cases: expected a tuple of cases, such as (CASE,), not Case(name='a'"),
        (CASES_OF_TWO % "(c, c)", ": a: name: expected a name of its own, which no other case of the file has"),
    ),
)
def test_a_file_that_is_none(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "one.py").write_text(text)
    with pytest.raises(CaseError) as refusal:
        read_sections(tmp_path)
    assert str(refusal.value).startswith(f"{tmp_path / 'one.py'}{message}")
    assert "\n" not in str(refusal.value)


def test_a_file_with_a_null_byte(tmp_path: Path) -> None:
    # Which exception that is has changed within Python 3.11.
    (tmp_path / "one.py").write_text("\0")
    with pytest.raises(CaseError, match=r"one\.py: \w+Error: source code string cannot contain null bytes$"):
        read_sections(tmp_path)


def test_two_files_of_one_section(tmp_path: Path) -> None:
    for name in ("a_b.py", "a-b.py"):
        (tmp_path / name).write_text(CASES_OF_TWO % "(c,)")
    with pytest.raises(
        CaseError, match=r"a_b\.py: expected a name of its own; there is another file with a section a-b"
    ):
        read_sections(tmp_path)


def test_a_directory_without_files(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"expected files of cases, \*\.py"):
        read_cases(tmp_path)
