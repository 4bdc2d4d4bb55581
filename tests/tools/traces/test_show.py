# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace show``: what is shown of a trace is what a machine that runs writes, and what was asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emu import open_program
from emu.traces.writer import TraceWriter
from emu.tracing.recorder import TraceRecorder
from tests.support.command import wrong
from tests.tools.traces.conftest import INSTRUCTIONS, PROGRAM, Recorded
from tools.command.cli import main
from tools.traces.opened import opened

_ACCESSED = re.compile(r" \[[0-9a-f]+\](:|=)\S+| target='[^']*'")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> list[str]:
    """The lines of ``essa trace show`` with *arguments*."""
    assert main(["trace", "show", *arguments]) == status
    return capsys.readouterr().out.splitlines()


def test_it_shows_the_lines_that_the_machine_wrote(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    found = [line for line in shown(capsys, recorded.name) if not line.startswith("console: ")]
    assert [_ACCESSED.sub("", line).rstrip() for line in found] == recorded.lines


def test_what_is_stored_and_fetched_stands_beside_it(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, recorded.name, "--count", "6")
    assert found[3].endswith("cc=0 [1c290]=0000000000000000->0000000000000000")
    only = shown(capsys, recorded.name, "--count", "2", "--kinds", "fetches")
    assert all("->" not in line and "]:" in line for line in only)


@pytest.mark.parametrize(
    ("begin", "end", "count"), (("10", "20", 11), ("1,000", "1004", 5), ("3995", "end", 5), ("time:100", "time:100", 1))
)
def test_a_window(recorded: Recorded, capsys: pytest.CaptureFixture[str], begin: str, end: str, count: int) -> None:
    found = shown(capsys, recorded.name, "--from", begin, "--to", end, "--kinds", "instructions")
    assert len(found) == count


def test_a_window_between_symbols_and_console_text(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    (first, *_) = shown(capsys, recorded.name, "--from", "program", "--count", "1")
    assert _ACCESSED.sub("", first).rstrip() == next(line for line in recorded.lines if f"S {0x13540:016x}" in line)
    found = shown(capsys, recorded.name, "--from", "console:fresh page", "--count", "1")
    assert "SERVC" in found[0]


def test_functions_and_states(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, recorded.name, "--at", "start_program", "--kinds", "instructions")
    addresses = [int(line.split()[3], 16) for line in found]
    assert addresses
    assert all(0x13230 <= address < 0x13320 for address in addresses)
    assert shown(capsys, recorded.name, "--at", "0x13230-0x13318", "--kinds", "instructions") == found
    assert shown(capsys, recorded.name, "--cpu", "0", "--at", "start_program", "--kinds", "instructions") == found
    assert main(["trace", "show", recorded.name, "--state", "problem"]) == 1
    assert "nothing of it is left" in capsys.readouterr().err


def test_what_is_found_with_context(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    first = next(line for line in recorded.lines if "discard fault" in line)
    assert shown(capsys, recorded.name, "--find", "program:0x1a", "--count", "1") == [first]
    around = shown(capsys, recorded.name, "--find", "program:0x1a", "--count", "1", "--context", "2")
    index = recorded.lines.index(first)
    cleaned = [_ACCESSED.sub("", line).rstrip() for line in around]
    assert cleaned == recorded.lines[index - 3 : index + 4]


@pytest.mark.parametrize(
    ("find", "pattern"),
    (
        ("essa", r" ESSA "),
        ("essa:3", r" ESSA \d+,\d+,3 "),
        ("program", r"program interruption 0x"),
        ("program:0x1a", r"discard fault"),
        ("executed:fresh_page", r"S 0000000000012fa0 "),
        ("host", r"^host: "),
        ("register:gr13", r" gr13="),
    ),
)
def test_all_that_is_found(recorded: Recorded, capsys: pytest.CaptureFixture[str], find: str, pattern: str) -> None:
    expected = [line for line in recorded.lines if re.search(pattern, line)]
    found = [_ACCESSED.sub("", line).rstrip() for line in shown(capsys, recorded.name, "--find", find)]
    if find == "executed:fresh_page":
        found = [line for line in found if re.search(pattern, line)]
    assert found == expected
    assert expected
    last = shown(capsys, recorded.name, "--find", find.replace("fresh_page", "0x12fa0"), "--last")
    assert [_ACCESSED.sub("", line).rstrip() for line in last] == expected[-1:]
    several = shown(capsys, recorded.name, "--find", find.replace("fresh_page", "0x12fa0"), "--last", "--count", "3")
    assert [_ACCESSED.sub("", line).rstrip() for line in several] == expected[-3:]


def test_stores_by_logical_address_and_by_page(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    stores = shown(capsys, recorded.name, "--find", "store:0x1a0-0x1a7")
    assert stores
    assert all("[1a0]=" in line for line in stores)
    page = shown(capsys, recorded.name, "--find", "store:page:0x0", "--count", "1")
    assert page == stores[:1]


def test_what_is_found_in_a_window_only(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    everywhere = shown(capsys, recorded.name, "--find", "store:page:0x0")
    there = [line for line in everywhere if 0x13230 <= int(line.split()[3], 16) < 0x13320]
    assert 3 < len(there) < len(everywhere)
    arguments = recorded.name, "--find", "store:page:0x0", "--at", "start_program"
    assert shown(capsys, *arguments) == there
    assert shown(capsys, *arguments, "--count", "2") == there[:2]
    assert shown(capsys, *arguments, "--last") == there[-1:]
    assert shown(capsys, *arguments, "--last", "--count", "2") == there[-2:]
    number = int(shown(capsys, *arguments, "--count", "1", "--numbers")[0].split()[0])
    assert shown(capsys, *arguments, "--from", str(number + 1)) == there[1:]
    assert shown(capsys, *arguments, "--to", str(number)) == there[:1]
    assert shown(capsys, *arguments, "--to", str(number), "--last") == there[:1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    (
        (("--cpu", "1"), "--cpu: the machine has 1, counted from 0; not 1"),
        (("--from", "99999999999999999999"), "--from: {} ends with instruction 3,999; not 99,999,999,999,999,999,999"),
        (("--from", "time:abc"), "--from: expected time:N, not 'time:abc'"),
        (("--from", "console:"), "--from: expected console:TEXT"),
        (("--from", "10", "--to", "5"), "--to: expected instruction 10 or a later one; not 5"),
    ),
)
def test_a_window_that_is_none(
    arguments: tuple[str, ...], expected: str, recorded: Recorded, capfd: pytest.CaptureFixture[str]
) -> None:
    assert wrong(capfd, "trace", "show", recorded.name, *arguments) == expected.format(recorded.name)


def test_the_last_of_all(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    every = shown(capsys, recorded.name)
    assert shown(capsys, recorded.name, "--last") == every[-1:]
    assert shown(capsys, recorded.name, "--last", "--count", "700") == every[-700:]
    assert shown(capsys, recorded.name, "--last", "--count", "1000000") == every
    interruptions = [line for line in every if " interruption " in line]
    assert shown(capsys, recorded.name, "--kinds", "interruptions", "--last", "--count", "2") == interruptions[-2:]


def test_nothing_left_is_said(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "show", recorded.name, "--at", "0x2-0x3"]) == 1
    assert capsys.readouterr() == ("", f"essa: {recorded.name}: nothing of it is left\n")


def test_what_did_not_end_has_changed_nothing(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, recorded.name, "--from", "1690", "--to", "1690")
    assert [line.split(") ")[1].split()[0] for line in lines if " S " in line] == ["LLGC", "STMG"]
    assert ["[380]=" in line for line in lines] == [False, False, True]


def test_translations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = open_program(PROGRAM, history=0).machine
    with TraceWriter(tmp_path / "t", {}) as writer:
        recorder = TraceRecorder(machine, writer, "all")
        machine.run(300)
        recorder.end()
    lines = shown(capsys, str(tmp_path / "t"), "--kinds", "translations")
    with opened(str(tmp_path / "t")) as trace:
        made = [row for chunk in trace.file.chunks for row in chunk.rows("translations").tolist()]
    assert made
    assert [line.rsplit(" ", 1)[1] for line in lines] == [f"tlb[{row[4]:x}]={row[5]:x}" for row in made]


def test_nothing_found_is_said(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, recorded.name, "--find", "io", status=1) == ["io: nothing found"]


def test_other_shapes(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    spike = shown(capsys, recorded.name, "--from", "1", "--to", "1", "--shape", "spike")
    assert spike == ["core   0: 1 0x0000000000010006 (0xa7fbff60) gr15 0x000000000001c290 pswm 0x0000200180000000"]
    qemu = shown(capsys, recorded.name, "--from", "program", "--count", "2", "--shape", "qemu")
    assert qemu == [
        "-" * 16,
        "IN: program",
        "0x00013540:  eb6f f030 0024  stmg     6,15,0x30(15)",
        "0x00013546:  a7fb fef8       aghi     15,-0x108",
    ]
    faults = shown(capsys, recorded.name, "--find", "program:0x1a", "--count", "1", "--shape", "qemu")
    assert faults[1:] == [
        "do_program_interrupt: code=0x1a ilen=6 psw: 180000000 146d0",
        "s390_cpu_do_interrupt: 3 at psw=180000000:146d0",
    ]


def test_numbers_stand_in_front(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, recorded.name, "--kinds", "instructions", "--numbers")
    ended = [line for line in found if int(line.split()[0].replace(",", "")) == 1690]
    assert [line.split()[4] for line in ended] == [f"{0x146D0:016x}", f"{0x13398:016x}"]
    assert found[-1].startswith(f"{INSTRUCTIONS - 1:>12,} cpu 0: ")


def test_functions_stand_in_front(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = shown(capsys, recorded.name, "--find", "essa:3", "--where")
    assert line.startswith("<program+0xd2>                   cpu 0: S 0000000000013612 (b9ab300c) ")
    (line,) = shown(capsys, recorded.name, "--find", "external", "--where", "--numbers", "--count", "1")
    assert re.match(r" +[\d,]+ <\w+\+0x\w+> +cpu 0: external interruption ", line)
    assert shown(capsys, recorded.name, "--find", "host", "--where", "--count", "1")[0].startswith(" " * 33 + "host: ")


def test_a_trace_that_was_cut_off_is_shown_up_to_there(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.trace"
    content = recorded.path.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    assert main(["trace", "show", str(cut)]) == 0
    captured = capsys.readouterr()
    assert re.fullmatch(rf"essa: {re.escape(str(cut))}: cut off, and read up to instruction [\d,]+\n", captured.err)
    lines = [_ACCESSED.sub("", line).rstrip() for line in captured.out.splitlines()]
    lines = [line for line in lines if not line.startswith("console: ")]
    assert lines == recorded.lines[: len(lines)]


def test_a_damaged_trace_is_one_line_and_status_2(
    recorded: Recorded, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.trace"
    content = bytearray(recorded.path.read_bytes())
    content[content.index(b"CHNK") + 3000] ^= 1
    damaged.write_bytes(content)
    assert "damaged" in wrong(capfd, "trace", "show", str(damaged))
    assert "expected a trace" in wrong(capfd, "trace", "show", __file__)
    assert "cannot be read: No such file" in wrong(capfd, "trace", "show", "/no")


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (("--from", "nowhere"), "--from: there is no symbol 'nowhere'"),
        (("--from", "0x2"), "--from: nothing was executed at 0x2 from instruction 0 on"),
        (("--to", "console:never"), "--to: 'never' was not written from instruction 0 on"),
        (("--find", "essas"), "--find: expected executed:ADDRESS"),
        (("--find", "essa:x"), "--find: expected a number such as 0x1a, not 'x'"),
        (("--find", "register:gr77"), "--find: expected a register such as gr2"),
        (("--find", "register:bea"), "--find: changes of bea are not recorded"),
        (("--at", "0x20-0x10"), "--at: expected the lower address first, not '0x20-0x10'"),
        (("--kinds", "essa,x"), "--kinds: expected some of instructions,registers"),
        (("--shape", "x"), "--shape: expected text, spike, qemu, not 'x'"),
        (("--state", "x"), "--state: expected problem, supervisor, not 'x'"),
    ),
)
def test_wrong_use(
    recorded: Recorded, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert message in wrong(capfd, "trace", "show", recorded.name, *arguments)


def test_the_group_alone_shows_its_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace"]) == 0
    assert "show " in capsys.readouterr().out


def test_a_page_by_the_number_that_is_shown(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    by_address = shown(capsys, recorded.name, "--find", "page:0x110000")
    assert by_address
    assert shown(capsys, recorded.name, "--find", "page[0x110]") == by_address
    stores = shown(capsys, recorded.name, "--find", "store:page:0x1c000", "--count", "2")
    assert shown(capsys, recorded.name, "--find", "store:page[0x1c]", "--count", "2") == stores


@pytest.mark.parametrize(
    ("arguments", "what"),
    (
        (("--find", "register:gr1"), "--find register:gr1: expected a trace recorded with --trace-level registers"),
        (("--find", "executed:0x10000"), "--find executed:0x10000: expected a trace recorded with --trace-level flow"),
        (("--kinds", "stores"), "--kinds stores: expected a trace recorded with --trace-level registers or more"),
        (("--at", "start"), "--at: expected a trace recorded with --trace-level flow or more, not events"),
        (("--from", "start"), "expected a trace recorded with --trace-level flow or more, not events"),
    ),
)
def test_what_was_not_recorded_is_said(
    arguments: tuple[str, str], what: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = str(tmp_path / "t")
    assert main(["run", "hello", "--trace", name, "--trace-level", "events"]) == 0
    capfd.readouterr()
    assert what in wrong(capfd, "trace", "show", name, *arguments)
