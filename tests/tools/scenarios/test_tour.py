# SPDX-License-Identifier: GPL-2.0-or-later
"""Guided tours as ``essa run`` shows them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from guest_kernel.scripted.scenarios.shipped import shipped_scenario
from tools.command.cli import main

TOUR = """\
description = "a short tour"
[machine]
pages = 512
[host]
[[file]]
name = "data"
pages = 40
[[step]]
do = "boot"
[[step]]
do = "read"
file = "data"
[[step]]
do = "note"
title = "Volatile"
text = "The page is volatile."
[[step]]
do = "expect"
page = "data:3"
state = "Vr"
[[step]]
do = "discard"
file = "data"
[[step]]
do = "expect"
page = "data:3"
state = "Sr"
note = "which it is not"
[[step]]
do = "evict"
page = "data:39"
[[step]]
do = "expect"
page = "data:39"
state = "Sp"
"""


def test_the_life_of_a_page(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    assert main(["run", "life-of-a-page", "--json", str(output)]) == 0
    captured = capfd.readouterr()
    assert captured.err == ""
    assert "\x1b" not in captured.out, "nobody watches: no colours"
    lines = captured.out.splitlines()
    assert max(map(len, lines)) <= 120
    steps = [line.split(".")[0] for line in lines if re.match(r"\d+[ab]?\. ", line)]
    assert steps == [*map(str, range(1, 14)), "14a", "14b", "15"]
    findings = json.loads(output.read_text())["expectations"]
    assert all(finding["holds"] for finding in findings)
    # The states of reference 4.8, of the page of the tour.
    states = [finding["found"] for finding in findings if finding.get("page") == "the page"]
    assert " ".join(states) == "Uz Sz Sr Sr Vr Vr Vr Pr Pr Sp Sr Sr Vr Vz Vz Uz"
    assert len({finding["frame"] for finding in findings if finding.get("page") == "the page"}) == 1
    shown = [line.strip() for line in lines if line.strip().startswith("> the page")]
    assert len(shown) == len(states)
    assert all(line.endswith("; as expected") for line in shown)


def test_the_tour_is_the_same_every_time(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "life-of-a-page"]) == 0
    first = capfd.readouterr().out
    assert main(["run", "life-of-a-page"]) == 0
    assert capfd.readouterr().out == first


def test_what_is_not_as_expected_is_named(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "tour.toml"
    path.write_text(TOUR)
    assert main(["run", str(path)]) == 1
    captured = capfd.readouterr()
    frames = re.findall(r"\(frame (0x[0-9a-f]+)\)", captured.out)
    assert captured.out.splitlines() == [
        "",
        "Volatile",
        "   The page is volatile.",
        f"   > data:3 (frame {frames[0]}): Uz -> Sz -> Sr -> Vr; as expected",
        "     ESSA 1 (set stable), by the host Sz -> Sr, ESSA 3 (set volatile)",
        "   (which it is not)",
        f"   > data:3 (frame {frames[0]}): Vr -> Vz; NOT AS EXPECTED: expected Sr, found Vz",
        "     by the host Vr -> Vz",
        f"   > data:39 (frame {frames[2]}): Sr -> Sp; as expected",
        "     by the host Sr -> Sp",
    ]
    assert captured.err.splitlines() == [
        f"essa: {path}:24: step 6 (expect): page data:3: expected Sr, found Vz",
        f"essa: {path}: not as expected",
    ]


def test_a_narrow_terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["run", "life-of-a-page"]) == 0
    texts = [line for line in capfd.readouterr().out.splitlines() if not line.strip().startswith(">")]
    assert max(map(len, texts)) <= 60


def test_every_note_of_the_tour_has_something_to_look_at() -> None:
    steps = [step for step in shipped_scenario("life-of-a-page").steps if step.do in {"note", "expect"}]
    titles = [number for number, step in enumerate(steps) if step.do == "note" and number]
    assert all(steps[number + 1].do == "expect" for number in titles)
