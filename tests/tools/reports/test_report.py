# SPDX-License-Identifier: GPL-2.0-or-later
"""The summary of a run, on a terminal and as JSON, and the table of page states."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.support.command import SQUEEZED, read_json
from tests.support.elf import PASSED, ending_program
from tools.command.cli import main


def test_summary_on_a_terminal(
    program: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["run", program, "--memory", "2M"]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", capfd.readouterr().err)
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    assert [label for label, _ in lines] == ["stopped", "machine", "instructions", "interruptions", "ESSA"]
    assert lines[1][1].strip() == "2M, 1 CPU, profile zvm"
    assert lines[3][1].strip() == "program 0x0001 operation: 1"
    assert lines[4][1].strip() == "set stable: 1, set unused: 1"


def test_json(program: str, tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    assert main(["run", program, "--memory", "2M", "--json", str(output)]) == 0
    summary = json.loads(output.read_text())
    assert summary["exit_status"] == 0
    assert summary["verdict"] == "passed"
    assert summary["stop"] == {
        "kind": "disabled wait",
        "text": f"disabled wait at {PASSED:#x}",
        "cpu": 0,
        "psw_mask": "0002000180000000",
        "psw_address": "0000000000000fff",
    }
    # LLILF and two ESSA; the illegal instruction is suppressed.
    assert summary["instructions"] == 3
    assert summary["interruptions"] == [{"class": "program", "code": 1, "count": 1, "name": "operation"}]
    assert summary["essa"] == [
        {"request": 1, "name": "set stable", "count": 1},
        {"request": 2, "name": "set unused", "count": 1},
    ]
    assert summary["instruction_counts"] == {"ESSA": 2}
    assert summary["not_modelled"] == {"opcode 0000": 1}
    # The low core and the program have been touched, and nothing else.
    assert summary["page_states"]["sum"] == {"total": 512, "r": 2, "p": 0, "z": 510}
    assert summary["console"] == ""


def test_json_on_standard_output(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--json", "-", "--table"]) == 0
    shown = capfd.readouterr()
    assert json.loads(shown.out)["exit_status"] == 0
    assert "tot->" in shown.err


def test_json_on_standard_output_has_the_console_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "hello", "--json", "-"]) == 0
    shown = capfd.readouterr()
    assert "Hello" in json.loads(shown.out)["console"]
    assert shown.err == json.loads(shown.out)["console"]


def test_table(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--memory", "2M", "--table"]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "<state>|--tot--|---r---|---p---|---z---|",
        "    S  |    512|      2|      0|    510|",
        "    U  |      0|      0|      0|      0|",
        "    P  |      0|      0|      0|      0|",
        "    V  |      0|      0|      0|      0|",
        "tot->  |    512|      2|      0|    510|",
    ]


def test_a_squeezed_guest_passes_and_the_host_is_reported(tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    assert main([*SQUEEZED, "--json", str(output)]) == 0
    summary = read_json(output)
    host = summary["host"]
    assert isinstance(host, dict)
    assert (host["frames"], host["capacity"], host["policy"]) == (512, 512, "lru")
    (guest,) = host["guests"]
    assert host["paging_device"]["writes"] == guest["page_outs"] > 0
    assert host["paging_device"]["reads"] == guest["page_ins"] > 0
    assert guest["discards_volatile"] > 0
    assert summary["page_states"]["sum"]["r"] == host["frames_in_use"] <= 512  # type: ignore[index]
    assert summary["page_states"]["sum"]["p"] == host["paging_device"]["used"]  # type: ignore[index]


def test_without_a_host_the_summary_has_none(program: str, tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    assert main(["run", program, "--json", str(output)]) == 0
    assert "host" not in read_json(output)


def test_several_guests(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "summary.json"
    arguments = [*SQUEEZED[:-1], "rounds=1 seed={guest}", "--guests", "2", "--table", "--json", str(output)]
    assert main(arguments) == 0
    summary = read_json(output)
    guests = summary["guests"]
    assert isinstance(guests, list)
    assert [guest["verdict"] for guest in guests] == ["passed", "passed"]
    # Different seeds: they are not the same guest twice.
    assert guests[0]["console"] != guests[1]["console"]
    host = summary["host"]
    assert isinstance(host, dict)
    assert host["total"]["page_outs"] == sum(guest["page_outs"] for guest in host["guests"]) > 0
    lines = capfd.readouterr().out.splitlines()
    assert "guest 0: errors 0" in lines
    assert "guest 1: errors 0" in lines
    sums = [line for line in lines if line.startswith("tot->")]
    first, second, both = ([int(cell) for cell in line.split("|")[1:-1]] for line in sums)
    assert [a + b for a, b in zip(first, second, strict=True)] == both
    assert both[0] == 2048


def test_the_exit_status_is_that_of_the_worst_guest(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # LLILF 4,0x10480; CLI 0(4),C"0"; BRC 8,.+10; XC 0x1DE(2),0x1DE: all but guest 0 make their ending "failed".
    code = bytes.fromhex("c04f00010480 95304000 a7840005 d70101de01de")
    path, output = tmp_path / "program.elf", tmp_path / "summary.json"
    path.write_bytes(ending_program(code).to_bytes())
    assert main(["run", str(path), "--guests", "2", "--cmdline", "{guest}", "--json", str(output)]) == 1
    guests = read_json(output)["guests"]
    assert isinstance(guests, list)
    assert [guest["exit_status"] for guest in guests] == [0, 1]
    assert main(["run", str(path), "--guests", "2", "--cmdline", "0"]) == 0


def test_the_time_series(tmp_path: Path) -> None:
    output = tmp_path / "summary.json"
    assert main([*SQUEEZED, "--sample-every", "1000000", "--json", str(output)]) == 0
    host = read_json(output)["host"]
    assert isinstance(host, dict)
    rows = host["series"]["rows"]
    assert len(rows) > 5
    assert all(row["table"]["sum"]["total"] == 1024 for row in rows)
    works = [row["work"] for row in rows]
    assert works == sorted(works)
