# SPDX-License-Identifier: GPL-2.0-or-later
"""The host under the guests: what it needs, what it does, and that wrong use loses nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.command import PRESSURE, SQUEEZED, read_json
from tools.command.cli import main


def test_a_plan_is_carried_out(tmp_path: Path) -> None:
    plan, output = tmp_path / "plan.toml", tmp_path / "summary.json"
    plan.write_text(
        '[[step]]\nat_work = 1000000\ndo = "discard-volatile"\nlabel = "squeeze"\n'
        '[[step]]\nat_work = 2000000\ndo = "sample"\nlabel = "after"\n'
    )
    assert main(["run", PRESSURE, "--memory", "4M", "--plan", str(plan), "--json", str(output)]) == 0
    host = read_json(output)["host"]
    assert isinstance(host, dict)
    assert host["guests"][0]["discards_volatile"] > 0
    assert [row["label"] for row in host["series"]["rows"]] == ["after"]
    assert "squeeze" in json.dumps(host["plan"])


@pytest.mark.parametrize("what", ("hello", "life-of-a-page"))
def test_a_step_that_was_never_reached_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str], what: str) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[[step]]\nat_work = 1\ndo = "discard-volatile"\n[[step]]\nat_instruction = 2\ndo = "discard-volatile"\n'
        '[[step]]\nat_work = 1000000000000\ndo = "discard-volatile"\n'
    )
    main(["run", what, "--plan", str(plan)])
    told = [line for line in capfd.readouterr().err.splitlines() if "step" in line]
    assert told[0] == f"essa: {plan}:4: step 2: never reached"
    assert re.fullmatch(rf"essa: {re.escape(str(plan))}:7: step 3: never reached: guest 0 has done \d+ units", told[1])


def test_a_corrupt_slot_is_a_named_stop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[step]]\nat_work = 0\ndo = "corrupt-read"\n')
    assert main([*SQUEEZED, "--plan", str(plan)]) == 3
    error = capfd.readouterr().err
    assert error.startswith("essa: guest 0, page 0x")
    assert "checksum" in error
    assert error.count("\n") == 1


def test_the_paging_file_is_used_and_left_empty(tmp_path: Path) -> None:
    path = tmp_path / "paging"
    assert main([*SQUEEZED, "--paging-file", str(path)]) == 0
    assert path.stat().st_size == 4096
    assert main([*SQUEEZED, "--paging-file", str(path)]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (["--host-memory", "260K"], "essa: --host-memory: expected at least 264K for 1 guests of 1 CPUs, not 260K"),
        (["--host-memory", "1000"], "essa: --host-memory: expected a multiple of 4K, not 1000"),
        (["--host-memory", "much"], "essa: --host-memory: expected a size such as 256M, not 'much'"),
        (["--host-memory", "2T"], "essa: --host-memory: expected at most 1T, not 2T"),
        (["--host-memory", str(1 << 64)], f"essa: --host-memory: expected at most 1T, not {1 << 64}"),
        (
            ["--memory", "512G", "--guests", "3"],
            "essa: --memory: expected at most 1T of all guests together, not 3 times 512G",
        ),
        (["--guests", "0"], "essa: --guests: expected 1 to 64, not 0"),
        (["--policy", "fifo"], "essa: --policy: expected lru, unused-first, volatile-first, not 'fifo'"),
        (["--paging-size", "5"], "essa: --paging-size: expected a multiple of 4K, not 5"),
    ),
)
def test_wrong_use(program: str, capfd: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["run", program, *arguments]) == 2
    captured = capfd.readouterr()
    assert captured.err == message + "\n"
    assert captured.out == ""


def test_a_file_of_somebody_else_is_never_overwritten(
    program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "precious"
    path.write_bytes(b"precious" * 1000)
    assert main(["run", program, "--host-memory", "2M", "--paging-file", str(path)]) == 2
    assert str(path) in capfd.readouterr().err
    assert path.read_bytes() == b"precious" * 1000


def test_a_paging_file_that_cannot_be_made(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "nowhere" / "paging"
    assert main(["run", program, "--host-memory", "2M", "--paging-file", str(path)]) == 2
    error = capfd.readouterr().err
    assert error.startswith("essa: --paging-file: ")
    assert str(path) in error


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("[[step]]\nat_work = 1\ndo = 'evict'\npage = 0x1000\nwhy = 1\n", ("why",)),
        ("[[step]]\nat_work = 1\ndo = 'explode'\n", ("do", "evict")),
        ("[[step]]\nat_work = 1\ndo = 'evict'\npage = 0x40000000\n", ("page",)),
        ("[[step\n", ()),
    ),
)
def test_a_wrong_plan(
    program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, expected: tuple[str, ...]
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(text)
    assert main(["run", program, "--memory", "2M", "--plan", str(plan)]) == 2
    error = capfd.readouterr().err
    assert error.startswith(f"essa: {plan}" if "page = 0x4" not in text else "essa: ")
    assert error.count("\n") == 1
    for word in expected:
        assert word in error
