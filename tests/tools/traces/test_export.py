# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace export``: what other programs' own libraries read is what the trace has."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emu.isa.disassembler import disassemble
from emu.page_states import name as state_name
from emu.traces.schema import NOTHING
from tests.support.command import wrong
from tests.tools.traces.conftest import INSTRUCTIONS, Recorded, record
from tools.command.cli import main
from tools.traces.opened import opened


def exported(recorded: Recorded, tmp_path: Path, name: str, *arguments: str) -> Path:
    assert main(["trace", "export", recorded.name, str(tmp_path / name), *arguments]) == 0
    return tmp_path / name


def rows(recorded: Recorded, stream: str) -> Any:
    with opened(recorded.name) as trace:
        return np.concatenate([chunk.rows(stream) for chunk in trace.file.chunks])


def test_json_lines_say_what_the_lines_of_the_run_say(recorded: Recorded, tmp_path: Path) -> None:
    objects = [json.loads(line) for line in exported(recorded, tmp_path, "x.jsonl").read_text().splitlines()]
    instructions = [each for each in objects if each["is"] == "instruction"]
    written = [line for line in recorded.lines if re.match(r"cpu 0: [SP] ", line)]
    assert len(instructions) == len(written)
    for each, line in zip(instructions, written, strict=True):
        letter = "P" if each["state"] == "problem" else "S"
        assert line.startswith(f"cpu 0: {letter} {each['address']:016x} ({each['code']})")
        for name, value in each.get("registers", {}).items():
            if name.startswith("gr"):
                assert f" {name}={value:016x}" in line
    assert sum(each["ended"] for each in instructions) == INSTRUCTIONS
    assert Counter(each["is"] for each in objects if each["is"] != "device") == Counter(
        "host" if line.startswith("host") else "interruption" if " interruption " in line else "instruction"
        for line in recorded.lines
    )
    stored = [store for each in instructions for store in each.get("stores", [])]
    assert len(stored) == sum(rows(recorded, "accesses")["kind"] == 1)
    hints = [hint for each in instructions for hint in each.get("essa", [])]
    assert [hint["page"] for hint in hints] == rows(recorded, "page_states")["page"].tolist()
    faults = [each for each in objects if each["is"] == "interruption" and each["code"] == 0x1A]
    assert faults[0]["old_psw"][1] == 0x146D0
    assert bytes.fromhex(faults[0]["low_core"])[0x28:0x30] == (0x110000).to_bytes(8, "big")


def test_standard_output_gets_json_lines(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "export", recorded.name, "-", "--from", "5", "--to", "6"]) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["number"] for each in objects] == [5, 6]


def test_parquet_is_read_by_its_own_library(recorded: Recorded, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    directory = exported(recorded, tmp_path, "x.parquet")
    instructions = parquet.read_table(directory / "instructions.parquet").to_pydict()
    with opened(recorded.name) as trace:
        executed = np.concatenate([trace.code.expand(chunk.rows("flow")) for chunk in trace.file.chunks])
        code = [trace.code.bytes_at(int(place)) for place in executed["place"]]
    for name in ("number", "time", "cpu", "kind", "mode", "address"):
        assert instructions[name] == executed[name].tolist()
    assert instructions["code"] == code
    assert instructions["mnemonic"] == [disassemble(each, 0).split()[0] for each in code]
    assert "program_stub" in instructions["function"]
    for stream in ("registers", "page_states", "host", "keys", "interruptions", "devices", "accesses"):
        there = rows(recorded, stream)
        path = directory / f"{stream}.parquet"
        if not there.size:
            assert not path.exists()
            continue
        table = parquet.read_table(path).to_pydict()
        for name in there.dtype.names:
            if name not in ("old", "new", "low_core", "data") or stream == "registers":
                assert table[name] == there[name].tolist()
    accesses = parquet.read_table(directory / "accesses.parquet").to_pydict()
    there = rows(recorded, "accesses")
    assert [each is None for each in accesses["old"]] == (there["old"] == NOTHING).tolist()
    assert [len(each) for each in accesses["new"]] == there["length"].tolist()
    with opened(recorded.name) as trace:
        chunk = trace.file.chunks[1]
        own = chunk.rows("accesses")
        begin = sum(each.count("accesses") for each in trace.file.chunks[:1])
        for index, row in enumerate(own):
            assert accesses["new"][begin + index] == chunk.blob[int(row["new"]) :][: int(row["length"])]


def packets(path: Path) -> list[Any]:
    """What a timeline has, read by Perfetto's own package."""
    trace = pytest.importorskip("perfetto.protos.perfetto.trace.perfetto_trace_pb2")
    return list(trace.Trace.FromString(path.read_bytes()).packet)


def names_of_tracks(found: list[Any]) -> dict[int, str]:
    described = [each.track_descriptor for each in found if each.HasField("track_descriptor")]
    return {each.uuid: each.name for each in described}


def test_a_timeline_is_read_by_its_own_library(recorded: Recorded, tmp_path: Path) -> None:
    found = packets(exported(recorded, tmp_path, "x.perfetto-trace"))
    tracks = {
        each.track_descriptor.uuid: each.track_descriptor.name for each in found if each.HasField("track_descriptor")
    }
    assert {"host", "cpu 0 state", "cpu 0 interruptions", "cpu 0 ESSA", "frames"} <= set(tracks.values())
    events = [each for each in found if each.HasField("track_event")]
    by_track: dict[str, list[Any]] = {}
    for each in events:
        by_track.setdefault(tracks[each.track_event.track_uuid], []).append(each)
    hints = [each.track_event.name for each in by_track["cpu 0 ESSA"]]
    there = rows(recorded, "page_states")
    assert len(hints) == there.size
    assert hints[0].startswith(f"{int(there[0]['request'])} get state Sz->Sz page {int(there[0]['page']):x} in ")
    times = [each.timestamp for each in by_track["cpu 0 ESSA"]]
    assert times == [int(time) * 1000 // 1024 for time in there["time"]]
    spans = [(each.timestamp, each.track_event.type, each.track_event.name) for each in by_track["cpu 0 interruptions"]]
    assert [name for _, kind, name in spans if kind == 1].count("[program 0x1a discard fault]") == 1
    depth = 0
    for (time, kind, _), (later, _, _) in zip(spans, [*spans[1:], spans[-1]], strict=True):
        depth += 1 if kind == 1 else -1
        assert depth >= 0
        assert time <= later
    assert depth == 0
    states = [each.track_event.name for each in by_track["cpu 0 state"] if each.track_event.type == 1]
    assert all(one != other for one, other in pairwise(states))


def test_counters_are_the_pages_by_state(recorded: Recorded, tmp_path: Path) -> None:
    found = packets(exported(recorded, tmp_path, "x.perfetto-trace"))
    names = {
        each.track_descriptor.uuid: each.track_descriptor.name for each in found if each.HasField("track_descriptor")
    }
    last = {
        names[each.track_event.track_uuid]: each.track_event.counter_value
        for each in found
        if each.HasField("track_event") and each.track_event.type == 4
    }
    with opened(recorded.name) as trace:
        begun = trace.file.metadata["page_states"]
    pages = Counter({int(state): number for state, number in begun.items()})
    for stream in ("page_states", "host"):
        for row in rows(recorded, stream):
            pages[int(row["before"])] -= 1
            pages[int(row["after"])] += 1
    for state, number in pages.items():
        assert last.get(f"pages {state_name(state)}", number) == number
    assert last["frames"] == sum(number for state, number in pages.items() if not state & 3)


def test_samples_have_every_instruction_once(recorded: Recorded, tmp_path: Path) -> None:
    text = exported(recorded, tmp_path, "x.stacks").read_text()
    heads = re.findall(r"^cpu0 +0 \[000\] (\d+\.\d{9}): +(\d+) instructions: $", text, re.MULTILINE)
    assert sum(int(executed) for _, executed in heads) == INSTRUCTIONS
    times = [float(time) for time, _ in heads]
    assert times == sorted(times)
    assert re.search(
        r"^\t +13398 program_stub \(trace\)\n\t +0 \[program 0x1a discard fault\] \(trace\)$", text, re.MULTILINE
    )


def test_a_trace_of_events_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.trace"
    record(path, instructions=1800, level="events")
    recorded = Recorded(path, [])
    objects = [json.loads(line) for line in exported(recorded, tmp_path, "x.jsonl").read_text().splitlines()]
    assert {each["is"] for each in objects} == {"essa", "host", "interruption", "device"}
    found = packets(exported(recorded, tmp_path, "x.perfetto-trace"))
    assert any(each.track_event.name == "[program 0x1a discard fault]" for each in found)


@pytest.mark.parametrize(("name", "package"), (("x.parquet", "pyarrow"), ("x.perfetto-trace", "perfetto")))
def test_a_package_that_is_missing_is_named(
    recorded: Recorded,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    package: str,
) -> None:
    for module in [each for each in sys.modules if each.split(".")[0] == package] + [package]:
        monkeypatch.setitem(sys.modules, module, None)
    message = wrong(capfd, "trace", "export", recorded.name, str(tmp_path / name))
    assert message.startswith(f"expected {package} to be there: pip install")


def test_wrong_use(recorded: Recorded, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "OUTPUT: expected a name that ends in .jsonl" in wrong(capfd, "trace", "export", recorded.name, "x.csv")
    for name in ("x.jsonl", "x.stacks", "x.parquet", "x.perfetto-trace"):
        assert "/no/" in wrong(capfd, "trace", "export", recorded.name, f"/no/{name}")
