# SPDX-License-Identifier: GPL-2.0-or-later
"""From a scenario and the options to a machine with a host under it."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from tests.support.command import read_json
from tests.support.small_scenario import SMALL
from tools.command.cli import main
from tools.scenarios.machine import without_collector


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


@pytest.mark.parametrize("is_enabled", (False, True))
def test_nobody_looks_for_garbage_while_a_scenario_is_carried_out(is_enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if is_enabled else gc.disable)()
        with without_collector():
            assert not gc.isenabled()
        assert gc.isenabled() is is_enabled
    finally:
        (gc.enable if before else gc.disable)()
