# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa compare`` of a scenario."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.ctrl_c import press_ctrl_c_when_waiting
from tools.command.cli import main
from tools.processes import side_by_side
from tools.processes.side_by_side import Reporter

SCENARIO = """\
description = "a file nearly as large as the guest's memory is read several times"
[machine]
pages = 512
[compare]
frames = [256, 200]
[[file]]
name = "data"
pages = 400
[[step]]
do = "boot"
[[step]]
do = "allocate"
group = "processes"
pages = 60
[[step]]
do = "read"
file = "data"
times = 3
[[step]]
do = "expect"
equal = { disk-reads = 0 }
[[step]]
do = "verify"
"""
VARIANTS = ["hints", "none", "balloon"]


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A scenario of 2 MB in a file."""
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the runs made here, one after the other, which takes less time."""

    def run_here(work: Callable[[Any, Reporter], Any], jobs: Mapping[str, Any]) -> dict[str, Any]:
        return {name: work(job, Reporter([0, 0, 0], 0)) for name, job in jobs.items()}

    monkeypatch.setattr("tools.comparing.scenarios.run_side_by_side", run_here)


def read_json(path: Path) -> Any:
    """What the command wrote."""
    return json.loads(path.read_text())


def test_three_runs_for_each_size(scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "figures.json"
    assert main(["compare", str(scenario), "--json", str(output)]) == 0
    found = read_json(output)
    assert found["scenario"] == str(scenario)
    assert [host["frames"] for host in found["hosts"]] == [256, 200]
    for host in found["hosts"]:
        assert list(host["runs"]) == VARIANTS
        for run in host["runs"].values():
            # Whatever the scenario expects.
            assert run["verdict"] == "passed"
            parts = (
                "host_writes",
                "host_reads",
                "guest_reads",
                "guest_writes",
                "guest_swap_reads",
                "guest_swap_writes",
            )
            assert run["transfers"] == sum(run[part] for part in parts)
            # Each page of the file once and a block with inodes, and whatever had to be read again.
            assert run["guest_reads"] - run["guest_re_reads"] == 401
            assert run["instructions"] > 0
        hints, none, balloon = host["runs"].values()
        assert hints["dropped"] > 0 == none["dropped"] == balloon["dropped"]
        assert hints["found_discarded"] > 0 == none["found_discarded"] == balloon["found_discarded"]
        assert hints["transfers"] < none["transfers"]
        assert balloon["balloon_pages"] > 0 == none["balloon_pages"] == hints["balloon_pages"]
        # Many of the pages that the guest can spare are such that the host has nothing of them.
        assert balloon["balloon_size"] > balloon["balloon_pages"]
        assert balloon["host_writes"] < none["host_writes"]
        # A larger balloon is a smaller page cache.
        assert balloon["guest_re_reads"] > 0 == none["guest_re_reads"]
    small, large = found["hosts"][1]["runs"]["none"], found["hosts"][0]["runs"]["none"]
    assert small["host_writes"] > large["host_writes"]
    captured = capfd.readouterr()
    # Nobody watches.
    assert captured.err == ""
    titles = [line for line in captured.out.splitlines() if line.startswith("host of")]
    assert titles == ["host of 256 pages (1M), guest of 512:", "host of 200 pages (800K), guest of 512:"]
    assert captured.out.count("host writes") == 2
    assert "found discarded" in captured.out
    assert "swap" not in captured.out


def test_runs_are_the_same_in_one_process(
    scenario: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["compare", str(scenario), "--host-memory", "1M", "--json"]
    monkeypatch.setattr(side_by_side, "cores", lambda: 3)
    assert main([*arguments, str(tmp_path / "3")]) == 0
    request.getfixturevalue("in_one_process")
    assert main([*arguments, str(tmp_path / "1")]) == 0
    first, second = read_json(tmp_path / "1"), read_json(tmp_path / "3")
    assert first == second
    # The option goes before the scenario.
    assert [host["frames"] for host in first["hosts"]] == [256]


@pytest.mark.usefixtures("in_one_process")
def test_the_run_with_hints_is_that_of_essa_run(scenario: Path, tmp_path: Path) -> None:
    scenario.write_text(SCENARIO.replace("disk-reads = 0", "discard-faults = 0"))
    assert main(["compare", str(scenario), "--host-memory", "1M", "--json", str(tmp_path / "compared")]) == 0
    assert main(["run", str(scenario), "--host-memory", "1M", "--json", str(tmp_path / "run")]) == 0
    (host,) = read_json(tmp_path / "compared")["hosts"]
    summary = read_json(tmp_path / "run")
    total = summary["host"]["total"]
    assert host["runs"]["hints"]["host_writes"] == total["page_outs"]
    assert host["runs"]["hints"]["dropped"] == total["discards_volatile"] + total["discards_unused"]
    assert host["runs"]["hints"]["instructions"] == summary["instructions"]


def test_page_states_of_all_runs(scenario: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """From processes of their own; sampled or not, the figures are the same."""
    page, sampled, plain = (tmp_path / name for name in ("states.html", "sampled", "plain"))
    options = ("--sample-every", "200000", "--plot", str(page), "--json", str(sampled))
    assert main(["compare", str(scenario), *options]) == 0
    request.getfixturevalue("in_one_process")
    assert main(["compare", str(scenario), "--json", str(plain)]) == 0
    assert sampled.read_text() == plain.read_text()
    recordings = json.loads(page.read_text().partition('id="data">')[2].partition("</script>")[0])["recordings"]
    assert [each["name"] for each in recordings] == [
        f"{frames} pages: {variant}" for frames in (256, 200) for variant in VARIANTS
    ]
    written = [each["counts"][-1][2] > 0 for each in recordings]
    assert written == [True] * 6
    assert {each["pages"] for each in recordings} == {512}


@pytest.mark.usefixtures("in_one_process")
def test_the_host_of_the_scenario(scenario: Path, capfd: pytest.CaptureFixture[str]) -> None:
    scenario.write_text(SCENARIO.replace("[compare]\nframes = [256, 200]", '[host]\nframes = 230\npolicy = "lru"'))
    assert main(["compare", str(scenario), "--json", "-"]) == 0
    assert [host["frames"] for host in json.loads(capfd.readouterr().out)["hosts"]] == [230]


@pytest.mark.usefixtures("in_one_process")
def test_a_host_that_fails_is_told(scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # With so little to page to the host fails where everything has to stay.
    arguments = ["compare", str(scenario), "--host-memory", "800K", "--paging-size", "40K", "--json"]
    assert main([*arguments, str(tmp_path / "figures")]) == 3
    (host,) = read_json(tmp_path / "figures")["hosts"]
    assert "no frame can be made free" in host["runs"]["none"]["verdict"]
    assert "no frame" in capfd.readouterr().out


@pytest.mark.usefixtures("in_one_process")
@pytest.mark.parametrize(
    ("before", "after", "arguments", "message"),
    (
        ("[compare]\nframes = [256, 200]", "", (), "compare: expected --host-memory, or a table [compare]"),
        ("", "", ("--profile", "off"), "compare: expected --profile zvm or kvm for the run with hints, not off"),
        ("", "", ("--memory", "4M"), "--memory: expected only with a program"),
        ("", "", ("--max-instructions", "4"), "--max-instructions: expected only with a program"),
        ("", "", ("--paging-file", "x"), "--paging-file: expected only with one run"),
        ("", "", ("--sample-every", "9"), "--sample-every: expected only with one run, or with --plot"),
        ("", "", ("--plot", "x.html"), "--plot: expected --sample-every"),
        (
            "",
            "",
            ("--plot", "x.svg", "--sample-every", "9"),
            "--plot: expected a file name that ends in .html, not x.svg",
        ),
        ("", "", ("--policy", "x"), "--policy: expected lru, "),
        ("", "", ("--plan", "no.toml"), "no.toml: cannot be read"),
        ("", "", ("--host-memory", "8K"), "--host-memory: expected at least"),
        ("[256, 200]", "[256, 20]", (), "{path}:5: compare: frames: expected 66 to 268,435,456, not 20"),
        ("[256, 200]", "[256, 0]", (), "{path}:5: compare: frames: expected 1 to "),
        ("[256, 200]", "[]", (), "{path}:5: compare: frames: expected at least one size of the host"),
        ("[256, 200]", "256", (), "{path}:5: compare: frames: expected "),
        ("frames", "pages", (), "{path}:5: compare: pages: unknown; expected frames"),
        ("pages = 60\n", "pages = 6000\n", (), "{path}:11: step 2 (allocate): no block of 1 pages is free"),
        (
            "[compare]",
            "[kernel]\nimage_pages = 999\n[compare]",
            (),
            "{path}:5: kernel: image_pages: expected less than",
        ),
    ),
)
def test_wrong_use(
    scenario: Path,
    capfd: pytest.CaptureFixture[str],
    before: str,
    after: str,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    scenario.write_text(SCENARIO.replace(before, after) if before else SCENARIO)
    assert main(["compare", str(scenario), *arguments]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("essa: " + message.replace("{path}", str(scenario)))
    assert captured.err.count("\n") == 1


def test_ctrl_c_ends_the_whole_comparison(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "figures.json"
    monkeypatch.setattr(side_by_side, "cores", lambda: 2)
    press_ctrl_c_when_waiting(monkeypatch)
    assert main(["compare", str(scenario), "--json", str(output)]) == 3
    first, second = read_json(output)["hosts"]
    # The two that had begun, and what they had come to.
    assert list(first["runs"]) == ["hints", "none"]
    assert {run["verdict"] for run in first["runs"].values()} == {"stopped by Ctrl-C"}
    assert second["runs"] == {}
    out = capfd.readouterr().out
    assert "stopped by Ctrl-C" in out
    assert out.count("host of") == 1
