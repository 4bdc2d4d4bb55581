# SPDX-License-Identifier: GPL-2.0-or-later
"""Images in files, with their index."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from emu.program import read_program
from tools.conform.architecture.case import OUTSIDE, TWO_CPUS, Case, InterruptKey, MachineCheck
from tools.conform.architecture.export import INDEX, export, index
from tools.conform.architecture.image import make_image


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
