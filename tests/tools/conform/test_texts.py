# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts from elsewhere, in lines and in documents."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.command import ESSA, ROOT
from tests.support.elf import PASSED, ending_program
from tests.support.suite import lines_of
from tools.command.cli import main
from tools.conform.texts import name_of_file, printable, xml_text

FORMS = ("json", "junit", "tap", "html", "badge")


@pytest.mark.parametrize(
    ("text", "shown"),
    (
        ("é b", "é b"),
        ("a\nb", "a\\nb"),
        ("\x01", "\\x01"),
        ("\udcff", "\\udcff"),
        ("\u2028", "\\u2028"),
        ("\\n", "\\n"),
    ),
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_no_two_files_have_one_name() -> None:
    assert name_of_file("a\nb") == "a\\nb"
    assert name_of_file("a\\nb") == "a\\\\nb"


def test_what_xml_has_not() -> None:
    assert xml_text("a\x00\x01\udc80\n") == "a\ufffd\ufffd\ufffd\n"


def test_files_of_any_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / "programs"
    directory.mkdir()
    for name in (b"a\x01.elf", b"b\xff.elf", b"c\nPASS    fake.elf"):
        (Path(os.fsdecode(os.fsencode(directory) + b"/" + name))).write_bytes(ending_program(b"", PASSED).to_bytes())
    Path(os.fsdecode(os.fsencode(directory) + b"/d\xfe.elf")).write_bytes(b"damaged")
    options = [f"--{form}={tmp_path / form}" for form in FORMS]
    assert main(["conform", "elf", str(directory), "--jobs", "1", *options]) == 1
    told = lines_of(capfd.readouterr().out)
    assert told[1:4] == ["PASS    a\\x01.elf", "PASS    b\\udcff.elf", "PASS    c\\nPASS    fake.elf"]
    assert told[0].startswith(f"FAIL    d\\udcfe.elf ({directory}/d\\udcfe.elf: expected an ELF file")
    names = [each["entry"]["name"] for each in json.loads((tmp_path / "json").read_text())["programs"]]
    assert names == ["a\\x01.elf", "b\\udcff.elf", "c\\nPASS    fake.elf", "d\\udcfe.elf"]
    assert [each.get("name") for each in ET.fromstring((tmp_path / "junit").read_text())] == names


def test_a_terminal_that_has_not_all_characters(tmp_path: Path) -> None:
    (tmp_path / "é.elf").write_bytes(ending_program(b"", PASSED).to_bytes())
    command = [*ESSA, "conform", "elf", str(tmp_path), "--json"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*command, str(tmp_path / "out")], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"PASS    \\xe9.elf (")
    done = subprocess.run([*command, "-"], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert json.loads(done.stdout)["programs"][0]["entry"]["name"] == "é.elf"


def test_a_saved_report_with_characters_that_are_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "saved"
    program = {
        "entry": {"name": "a\x01\nPASS    fake"},
        "outcome": "failed",
        "checks": [{"verdict": "FAIL", "name": "b\x02\nPASS    fake"}],
    }
    saved.write_text(json.dumps({"suite": "s\x01", "machine": "m\x02", "totals": {"failed": 1}, "programs": [program]}))
    options = [f"--{form}={tmp_path / form}" for form in FORMS]
    assert main(["conform", "report", str(saved), *options]) == 0
    assert capfd.readouterr().out.splitlines()[:2] == [
        "FAIL    a\\x01\\nPASS    fake (1 test, 1 failed)",
        "        FAIL: b\\x02\\nPASS    fake",
    ]
    for form in ("junit", "badge"):
        ET.fromstring((tmp_path / form).read_text())
