# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace stats``: what is counted is what the lines of the same run say."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.command import wrong
from tests.tools.traces.conftest import INSTRUCTIONS, Recorded
from tools.command.cli import main
from tools.reports.trace_lines import request_name
from tools.traces.flame import folded, svg
from tools.traces.functions import is_call
from tools.traces.opened import opened
from tools.traces.stacks import interruption_text


def counted(recorded: Recorded, tmp_path: Path, *arguments: str) -> dict[str, Counter[str]]:
    """What ``--json`` says."""
    assert main(["trace", "stats", recorded.name, "--json", str(tmp_path / "counts.json"), *arguments]) == 0
    found: dict[str, Counter[str]] = json.loads((tmp_path / "counts.json").read_text())
    return found


def ended(recorded: Recorded) -> list[str]:
    """The lines of instructions that ended: a program interruption other than of an SVC follows the others."""
    lines = recorded.lines
    following = [*lines[1:], ""]
    return [
        line
        for line, after in zip(lines, following, strict=True)
        if re.match(r"cpu 0: [SP] ", line) and "program interruption" not in after
    ]


def test_counts_are_those_of_the_lines(recorded: Recorded, tmp_path: Path) -> None:
    counts = counted(recorded, tmp_path)
    lines = ended(recorded)
    assert counts["instructions"] == len(lines) == INSTRUCTIONS
    assert counts["by_mnemonic"] == Counter(line.split(") ", 1)[1].split()[0] for line in lines)
    assert counts["problem_state"] == sum(line.startswith("cpu 0: P") for line in lines)
    assert counts["not_executed"] == sum("program interruption" in line for line in recorded.lines)
    taken = [re.search(r"(\S+) interruption 0x(\w+)", line) for line in recorded.lines]
    kinds = {"program": 0, "svc": 1, "external": 2}
    named = [interruption_text(kinds[each[1]], int(each[2], 16)) for each in taken if each]
    assert counts["interruptions"] == Counter(named)
    hints = [line for line in lines if " ESSA " in line]
    requests = [int(re.search(r"ESSA \d+,\d+,(\d)", line)[1]) for line in hints]  # type: ignore[index]
    assert counts["requests"] == Counter(f"{each} {request_name(each)}" for each in requests)
    assert counts["host"] == Counter(line.split("=")[1] for line in recorded.lines if line.startswith("host: "))
    with opened(recorded.name) as trace:
        functions = Counter(
            named.symbol.name if (named := trace.symbols.nearest(int(line.split()[3], 16))) else "[unknown]"
            for line in lines
        )
    assert counts["by_function"] == functions


def test_stacks_have_every_instruction_once_and_end_in_its_function(recorded: Recorded, tmp_path: Path) -> None:
    counts = counted(recorded, tmp_path)
    stacks = {tuple(stack.split(";")): executed for stack, executed in counts["stacks"].items()}
    assert sum(stacks.values()) == INSTRUCTIONS
    leaves: Counter[str] = Counter()
    for stack, executed in stacks.items():
        leaves[stack[-1]] += executed
    assert leaves == counts["by_function"]
    called = [stack for stack in stacks if stack[-1] == "fresh_page"]
    assert any("program" in stack for stack in called)
    assert any(stack[-2:] == ("[program 0x1a discard fault]", "program_stub") for stack in stacks)


def test_a_window_counts_what_is_in_it(recorded: Recorded, tmp_path: Path) -> None:
    counts = counted(recorded, tmp_path, "--from", "100", "--to", "1099")
    assert counts["instructions"] == 1000
    assert sum(counts["stacks"].values()) == 1000
    counts = counted(recorded, tmp_path, "--at", "start_program")
    assert list(counts["by_function"]) == ["start_program"]


def test_handlers_take_the_time_until_they_come_back(recorded: Recorded, tmp_path: Path) -> None:
    counts = counted(recorded, tmp_path)
    handlers = counts["handlers"]
    assert handlers
    for name, handler in handlers.items():
        assert handler["returns"] <= counts["interruptions"][name]  # type: ignore[index]
        assert 0 < handler["longest"] <= handler["time"]  # type: ignore[index]


def test_tables(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "stats", recorded.name, "--top", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith(f"{INSTRUCTIONS:,} executed, ")
    assert f"instructions by mnemonic: {INSTRUCTIONS:,}" in lines
    at = lines.index(f"instructions by mnemonic: {INSTRUCTIONS:,}")
    shown = [int(line.split()[0].replace(",", "")) for line in lines[at + 1 : at + 4]]
    assert shown == sorted(shown, reverse=True)
    assert re.fullmatch(r" +and \d+ more", lines[at + 4])


def test_flame_graphs(recorded: Recorded, tmp_path: Path) -> None:
    counts = counted(recorded, tmp_path, "--flame", str(tmp_path / "flame.svg"))
    root = ET.parse(tmp_path / "flame.svg").getroot()
    titles = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == f"all: {INSTRUCTIONS:,} instructions, 100.00 %"
    counted(recorded, tmp_path, "--flame", str(tmp_path / "folded"))
    lines = (tmp_path / "folded").read_text().splitlines()
    assert sorted(lines) == sorted(f"{stack} {executed}" for stack, executed in counts["stacks"].items())


def test_a_flame_graph_is_as_wide_as_what_is_in_it() -> None:
    stacks = {("a", "b<>"): 30, ("a",): 10, ("c",): 60}
    root = ET.fromstring("\n".join(svg(stacks, "x & y")))
    boxes = {
        (group[0].text or "").split(":")[0]: float(group[1].attrib["width"])
        for group in root.iter("{http://www.w3.org/2000/svg}g")
    }
    assert boxes == {"all": 1200, "a": 480, "b<>": 360, "c": 720}
    assert list(folded(stacks)) == ["a 10", "a;b<> 30", "c 60"]


@pytest.mark.parametrize(
    ("code", "calls"),
    (
        ("c0e500000010", True), ("a7e50008", True), ("0de1", True), ("0de0", False), ("4de01000", True), ("", False),
        ("c0e400000010", False), ("a7f40008", False), ("07fe", False), ("0ce1", True), ("a7e90001", False),
    ),
)  # fmt: skip
def test_what_is_a_call(code: str, *, calls: bool) -> None:
    assert is_call(bytes.fromhex(code)) is calls


def test_a_file_that_cannot_be_written(recorded: Recorded, capfd: pytest.CaptureFixture[str]) -> None:
    assert wrong(capfd, "trace", "stats", recorded.name, "--flame", "/no/x.svg").startswith("--flame: ")
