# SPDX-License-Identifier: GPL-2.0-or-later
"""Images in files, with their index."""

from __future__ import annotations

import json
from pathlib import Path

from emu.program import read_program
from tools.conform.architecture.case import Case
from tools.conform.architecture.export import INDEX, export
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
    }
    assert [check["name"] for check in checks][-2:] == ["number of events", "general register 3"]
