# SPDX-License-Identifier: GPL-2.0-or-later
"""Images in files, with their index."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from emu.program import parse_program, read_program
from tests.support.command import ROOT
from tools.conform.architecture.case import OUTSIDE, TWO_CPUS, Case, FinalState, InterruptKey, MachineCheck
from tools.conform.architecture.export import INDEX, export, index
from tools.conform.architecture.image import make_image
from tools.conform.architecture.qemu import PROGRAM, is_installed
from tools.usage.errors import UsageError

README = (ROOT / "tests" / "conformance" / "README.md").read_text(encoding="utf-8")


def test_other_images_are_not_taken_for_some_of_these(tiny: Case, tmp_path: Path) -> None:
    image = make_image(tiny)
    export({"section/tiny": image, "section/old": image}, tmp_path, is_raw_too=True)
    export({"section/tiny": image, "section/old": image}, tmp_path, is_raw_too=True)
    before = (tmp_path / INDEX).read_bytes()
    with pytest.raises(UsageError, match=r"^--export: expected a directory without other images, such as .*/old\.bin$"):
        export({"section/tiny": image}, tmp_path)
    assert (tmp_path / INDEX).read_bytes() == before


def test_each_image_and_the_index(tiny: Case, tmp_path: Path) -> None:
    image = make_image(tiny)
    export({"section/tiny": image}, tmp_path)
    assert (tmp_path / "section" / "tiny.elf").read_bytes() == image.elf()
    assert read_program(tmp_path / "section" / "tiny.elf")
    index = json.loads((tmp_path / INDEX).read_text())
    assert index["disabled_wait"] == {"passed": 0xFFF, "failed": 0, "skipped": 0x77}
    assert index["result"]["address"] == 0x2000
    assert index["result"]["magic"].to_bytes(8, "big") == b"ESSACONF"
    (case,) = index["cases"]
    checks = case.pop("checks")
    assert case == {
        "name": "section/tiny",
        "file": "section/tiny.elf",
        "section": "section",
        "rule": "r",
        "source": "s",
        "basis": "verified",
        "needs": [],
        "outside": [],
    }
    assert [check["name"] for check in checks][-2:] == ["number of events", "general register 3"]


def test_what_comes_from_outside_is_in_the_index(tiny: Case) -> None:
    asked = replace(
        tiny, needs=(OUTSIDE, TWO_CPUS), outside=(InterruptKey("bad"), MachineCheck(1 << 63, "after", cpu=1))
    )
    described = index({"section/tiny": make_image(asked)})
    assert described["outside"] == 0x17600
    assert described["cases"][0]["outside"] == [
        {"what": "interrupt key", "before": 0x8000},
        {"what": "machine check", "conditions": 1 << 63, "cpu": 1, "before": 0x8002},
    ]


def test_what_has_no_header(tiny: Case, tmp_path: Path) -> None:
    image = make_image(tiny)
    export({"section/tiny": image}, tmp_path, is_raw_too=True)
    raw = (tmp_path / "section" / "tiny.bin").read_bytes()
    segments = parse_program(image.elf(), "x").segments
    assert len(raw) == max(each.address + each.size for each in segments)
    for each in segments:
        assert raw[each.address :].startswith(each.data)


@pytest.mark.skipif(not is_installed(), reason=f"{PROGRAM} is not installed")
@pytest.mark.parametrize(
    ("found", "options", "word", "status"),
    (
        (7, (), "PASS", 0),
        (8, (), "FAIL", 0),
        (7, ("-action", "panic=exit-failure"), "PASS", 0),
        (8, ("-action", "panic=exit-failure"), "FAIL", 1),
    ),
)
def test_the_command_of_the_readme_for_qemu(
    tiny: Case, tmp_path: Path, found: int, options: tuple[str, ...], word: str, status: int
) -> None:
    (command,) = re.findall(rf"^    ({PROGRAM} .*)$", README, re.MULTILINE)
    (tmp_path / "X.elf").write_bytes(make_image(replace(tiny, end=FinalState(registers={3: found}))).elf())
    done = subprocess.run(
        (*shlex.split(command), *options),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stdout.startswith(f"{word}: ")
    assert done.returncode == status


@pytest.mark.skipif(shutil.which("hercules") is None, reason="hercules is not installed")
def test_the_commands_of_the_readme_for_hercules(tiny: Case, tmp_path: Path) -> None:
    for name, part in (("hercules.cnf", "ARCHMODE"), ("hercules.rc", "archmode")):
        (block,) = re.findall(rf"^    {part} (?:.*\n)(?:    .*\n)*", README, re.MULTILINE)
        (tmp_path / name).write_text(textwrap.dedent(block))
    with (tmp_path / "hercules.rc").open("a") as commands:
        # Its answer is to be seen before it ends.
        commands.write("pause 1\nexit\n")
    (tmp_path / "X.bin").write_bytes(make_image(tiny).raw())
    done = subprocess.run(
        ("hercules", "-d", "-f", "hercules.cnf"),
        cwd=tmp_path,
        env=os.environ | {"HERCULES_RC": "hercules.rc"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert b"Disabled wait state" in done.stdout
    assert re.search(rb"0+2000:\S+=45535341 434F4E46 00000000 00000001", done.stdout)
