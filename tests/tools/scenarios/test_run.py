# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa run`` of a scenario."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.support.command import read_json
from tests.support.progress import told_progress
from tests.support.small_scenario import SMALL
from tools.command.cli import main
from tools.scenarios import run as module


def test_the_small_scenario_that_ships(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "summary.json"
    assert main(["run", "page-cache", "--json", str(output)]) == 0
    captured = capfd.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    points = ["after boot:", "after reading:", "after reading again:"]
    assert [line for line in lines if line in points] == points
    assert lines.count("<state>|--tot--|---r---|---p---|---z---|") == 3
    summary = read_json(output)
    assert (summary["exit_status"], summary["verdict"]) == (0, "passed")
    assert (summary["memory"], summary["cpus"], summary["profile"]) == (64 << 20, 1, "zvm")
    assert all(each["holds"] for each in summary["expectations"])
    assert [point["name"] + ":" for point in summary["points"]] == points
    last = summary["points"][-1]
    host = summary["host"]
    assert host["frames"] == host["capacity"] == 8192
    # Every volatile page that the host took without I/O was found so, or is so now.
    assert host["total"]["discards_volatile"] >= last["numbers"]["discarded"] > 2000
    assert last["page_states"]["V"]["z"] == last["numbers"]["Vz"] > 2000
    assert last["page_states"]["sum"]["r"] <= 8192
    # Boot, first and second reading, the log once, and a block with inodes; what was discarded is read again.
    assert last["numbers"]["disk-reads"] == 10_201 + last["numbers"]["discarded"] + 64
    assert sum(each["count"] for each in summary["essa"]) == summary["instruction_counts"]["ESSA"]


def test_a_file(small: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    assert main(["run", str(small), "--json", str(output), "--table"]) == 0
    summary = read_json(output)
    assert summary["scenario"] == str(small)
    assert summary["description"] == "a small one"
    assert summary["memory"] == 2 << 20
    assert "host" not in summary
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "the end:"
    assert sum(line.startswith("tot->") for line in lines) == 2


def test_the_summary_on_standard_output_has_it_alone(small: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(small), "--json", "-"]) == 0
    shown = capfd.readouterr()
    assert json.loads(shown.out)["description"] == "a small one"
    assert shown.err.startswith("the end:")


def test_it_is_told_how_far_a_scenario_is(
    small: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = told_progress(monkeypatch, module)
    assert main(["run", str(small)]) == 0
    ((describe, stream),) = told
    assert stream is sys.stderr
    matched = re.fullmatch(r"[a-z-]+: ([\d,]+) of ([\d,]+) pages", describe())
    assert matched is not None
    assert matched[1] == matched[2]


def test_an_expectation_that_does_not_hold(small: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    small.write_text(SMALL.replace("disk-reads = 301 }", "disk-reads = 300, P = 0 }\nat_least = { Vr = 301 }"))
    output = tmp_path / "summary.json"
    assert main(["run", str(small), "--json", str(output)]) == 1
    captured = capfd.readouterr()
    first, second, third = captured.err.splitlines()
    assert first == f"essa: {small}:15: step 4 (expect): disk-reads: expected 300, found 301"
    assert second.startswith(f"essa: {small}:15: step 4 (expect): Vr: expected at least 301, found 2")
    assert third == f"essa: {small}: not as expected"
    assert [line.endswith("NOT AS EXPECTED") for line in captured.out.splitlines()[-3:]] == [True, False, True]
    summary = read_json(output)
    assert summary["exit_status"] == 1
    assert [each["holds"] for each in summary["expectations"]] == [False, True, False]


@pytest.mark.parametrize(
    ("before", "after", "place", "message"),
    (
        ("pages = 512", "pages = 511", "3", "machine: pages: expected a multiple of 256"),
        ('file = "data"', 'file = "date"', "11", "step 2 (read): file: no file is called 'date'; expected data"),
        ('file = "data"', 'file = "data"\nfirst = 300', "12", "step 2 (read): first: 'data' has 300 pages"),
        ('do = "read"', 'do = "allocate"\ngroup = "a"\npages = 600#', "9", "step 2 (allocate): no block of 1 pages"),
        ("[[file]]", "[host]\nframes = 5\n[[file]]", "5", "host: frames: expected at least"),
        ("[[file]]", '[host]\npolicy = "x"\n[[file]]', "5", "host: policy: expected lru, "),
        ("[[file]]", "[kernel]\nimage_pages = 600\n[[file]]", "5", "kernel: image_pages: expected less than 495"),
        (
            '[[step]]\ndo = "boot"',
            '[host]\n[[step]]\ndo = "boot"\n[[step]]\ndo = "resize-host"\nframes = 600',
            "12",
            "step 2 (resize-host): frames: the pool can have 1 to 512 frames, not 600",
        ),
    ),
)
def test_an_error_of_the_scenario(
    small: Path, capfd: pytest.CaptureFixture[str], before: str, after: str, place: str, message: str
) -> None:
    text = SMALL.replace(before, after)
    if "allocate" in after:
        text = text.replace('file = "data"\n', "")
    small.write_text(text)
    assert main(["run", str(small)]) == 2
    captured = capfd.readouterr()
    assert captured.err.startswith(f"essa: {small}:{place}: {message}")
    assert captured.err.count("\n") == 1


def test_wrong_use_of_outputs_and_names(
    small: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, message in (
        (("seed.toml",), "seed.toml: cannot be read: No such file"),
        (("no-such-scenario",), "no-such-scenario"),
        ((str(small), "--json", str(tmp_path)), "--json: "),
        ((str(small), "--host-memory", "8K"), "--host-memory: expected at least"),
        ((str(small), "--plot", "x.svg"), "--plot: expected --sample-every"),
        ((str(small), "--plan", "no.toml"), "no.toml: cannot be read"),
    ):
        assert main(["run", *arguments]) == 2
        captured = capfd.readouterr()
        assert message in captured.err
        assert captured.err.count("\n") == 1
        assert captured.out == ""


def test_a_progress_bar_on_a_terminal_leaves_the_output_alone(
    small: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small.write_text(SMALL.replace('file = "data"', 'file = "data"\ntimes = 9'))
    assert main(["run", str(small)]) == 0
    quiet = capfd.readouterr()
    assert quiet.err == ""
    # What makes the library take standard error for a terminal.
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["run", str(small)]) == 0
    watched = capfd.readouterr()
    assert watched.out == quiet.out
    assert "read" in watched.err


@pytest.mark.parametrize(("profile", "dropped"), (("zvm", 294), ("kvm", 0)))
def test_the_step_that_discards_a_file_writes_nothing(small: Path, tmp_path: Path, profile: str, dropped: int) -> None:
    """KVM's host drops unused pages only (reference 6.2): the pages of the file stay where they are."""
    small.write_text(small.read_text() + '[host]\nframes = 512\n[[step]]\ndo = "discard"\nfile = "data"\n')
    assert main(["run", str(small), "--profile", profile, "--json", str(tmp_path / "s.json")]) == 0
    host = read_json(tmp_path / "s.json")["host"]
    assert (host["paging_device"]["writes"], host["guests"][0]["discards_volatile"]) == (0, dropped)
