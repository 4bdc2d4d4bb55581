# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa scenarios``, and ``essa run`` of a scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.command.cli import main

SMALL = """\
description = "a small one"
[machine]
pages = 512
[[file]]
name = "data"
pages = 300
[[step]]
do = "boot"
[[step]]
do = "read"
file = "data"
[[step]]
do = "table"
name = "the end"
[[step]]
do = "expect"
equal = { disk-reads = 301 }
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A scenario of 2 MB in a file."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def read_json(path: Path) -> dict[str, Any]:
    """What the command wrote."""
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found


def test_scenarios_are_listed(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["scenarios"]) == 0
    lines = capfd.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines]
    assert names == sorted(names)
    assert {"page-cache", "seed", "seed-pressure"} <= set(names)
    width = max(map(len, names))
    line = f"{'page-cache':{width}}  A 64 MB guest on a host of half the memory"
    assert any(each.startswith(line) for each in lines)


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


def test_options_describe_the_host(small: Path, tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    arguments = ["run", str(small), "--host-memory", "1M", "--policy", "volatile-first", "--json", str(output)]
    assert main(arguments) == 0
    host = read_json(output)["host"]
    assert (host["frames"], host["policy"]) == (256, "volatile-first")
    assert host["total"]["discards_volatile"] > 0


def test_options_go_before_the_scenario(small: Path, tmp_path: Path) -> None:
    small.write_text(SMALL + '[host]\nframes = 400\npaging_pages = 77\npolicy = "volatile-first"\n')
    output = tmp_path / "summary.json"
    assert main(["run", str(small), "--json", str(output)]) == 0
    host = read_json(output)["host"]
    assert (host["frames"], host["policy"], host["paging_device"]["slots"]) == (400, "volatile-first", 77)
    options = ["--host-memory", "1200K", "--policy", "lru", "--paging-size", "400K"]
    assert main(["run", str(small), *options, "--json", str(output)]) == 0
    host = read_json(output)["host"]
    assert (host["frames"], host["policy"], host["paging_device"]["slots"]) == (300, "lru", 100)


def test_the_host_is_resized_and_sampled_at_the_points(small: Path, tmp_path: Path) -> None:
    step = '[[step]]\ndo = "resize-host"\nframes = 200\n[[step]]\ndo = "table"\nname = "squeezed"\n'
    small.write_text(SMALL + "[host]\nframes = 400\n" + step)
    output = tmp_path / "summary.json"
    assert main(["run", str(small), "--json", str(output)]) == 0
    summary = read_json(output)
    assert summary["host"]["capacity"] == 200
    before, after = (point["page_states"]["sum"]["r"] for point in summary["points"])
    assert before > 300
    assert after <= 200
    assert [row["label"] for row in summary["host"]["series"]["rows"]] == ["the end", "squeezed"]


def test_a_profile_without_essa(small: Path, tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    assert main(["run", str(small), "--profile", "off", "--json", str(output)]) == 0
    assert read_json(output)["points"][0]["page_states"]["V"]["total"] == 0


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


@pytest.mark.parametrize(
    "options",
    (
        ("--memory", "256M"),
        ("--cpus", "1"),
        ("--cmdline", "x"),
        ("--guests", "2"),
        ("--name", "x"),
        ("--uuid", "0" * 32),
        ("--trace", "-"),
        ("--max-instructions", "5"),
    ),
)
def test_options_that_are_only_for_programs(
    small: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, str]
) -> None:
    assert main(["run", str(small), *options]) == 2
    assert capfd.readouterr().err.startswith(f"essa: {options[0]}: expected only with a program")


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


def test_a_program_of_that_name_can_be_run_by_its_path(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed").write_bytes(b"no program")
    assert main(["run", "./seed"]) == 2
    assert "seed: " in capfd.readouterr().err


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
