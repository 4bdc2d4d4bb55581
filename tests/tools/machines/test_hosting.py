# SPDX-License-Identifier: GPL-2.0-or-later
"""The command with a host under its guests: what it needs, what it says, and that wrong use loses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emu.machine import MEGABYTE, Machine
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.support.elf import ESSA_PROGRAM, Elf, ending_program
from tools.command.cli import main
from tools.processes.interrupt import requested
from tools.stepping.stepper import Stepper

PRESSURE = str(Path(__file__).parents[3] / "guest_kernel" / "native" / "images" / "pressure.elf")
SQUEEZED = ("run", PRESSURE, "--memory", "4M", "--host-memory", "2M", "--cmdline", "rounds=1")


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program that executes ESSA twice and passes."""
    path = tmp_path / "program.elf"
    path.write_bytes(ending_program(ESSA_PROGRAM).to_bytes())
    return str(path)


def read_json(path: Path) -> dict[str, object]:
    """What the command wrote."""
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found


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


def test_a_program_that_finds_no_room_is_not_loaded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "large.elf"
    segments = ending_program(ESSA_PROGRAM).segments
    path.write_bytes(Elf((*segments, (1 << 20, b"\x01" * (1 << 20)))).to_bytes())
    arguments = ["run", str(path), "--memory", "8M", "--host-memory", "512K", "--paging-size", "4K"]
    assert main(arguments) == 2
    assert "cannot be loaded: no frame can be made free" in capfd.readouterr().err


def test_comparison(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "figures.json"
    arguments = ["compare", *SQUEEZED[1:], "--json", str(output)]
    assert main(arguments) == 0
    figures = read_json(output)
    assert list(figures) == ["hints", "none", "balloon"]
    hints, none, balloon = (figures[name] for name in ("hints", "none", "balloon"))
    assert isinstance(hints, dict)
    assert isinstance(none, dict)
    assert isinstance(balloon, dict)
    assert hints["discard_faults"] > 0 == none["discard_faults"] == balloon["discard_faults"]
    assert hints["transfers"] < none["transfers"]
    assert none["balloon_pages"] == 0 < balloon["balloon_pages"]
    assert hints["verdict"] == none["verdict"] == balloon["verdict"] == "passed"
    assert "host writes" in capfd.readouterr().out


def test_ctrl_c_ends_the_whole_comparison(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    monkeypatch.setattr("tools.processes.interrupt.run", lambda machine, _: requested(machine))
    assert main(["compare", *SQUEEZED[1:], "--json", str(output)]) == 3
    assert list(read_json(output)) == ["hints"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        ([], "essa: compare: expected --host-memory, without which nothing is ever paged\n"),
        (
            ["--host-memory", "2M", "--profile", "off"],
            "essa: compare: expected --profile zvm or kvm for the run with hints, not off\n",
        ),
    ),
)
def test_comparison_needs_pressure_and_hints(
    program: str, capfd: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["compare", program, *arguments]) == 2
    assert capfd.readouterr().err == message


def test_the_stepper_evicts_a_page(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script"
    script.write_text("page 11000\nevict 10000\nr 10000.4\ns\npage 10000\nevict 0\ntable\n")
    assert main(["step", program, "--memory", "2M", "--host-memory", "2M", "--script", str(script)]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[3] == "page 10 (10000): Sp"
    assert lines[5].endswith("(Sp: preserved by the host)")
    # The instruction fetch brings the page back.
    assert lines[7] == "host: page[0x10]=Sp->Sr"
    assert "page 10 (10000): Sr" in lines
    assert "page 0: has no frame, must stay, or cannot be written" in lines
    assert lines[-6] == "<state>|--tot--|---r---|---p---|---z---|"


def test_the_stepper_needs_a_host_to_evict(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script"
    script.write_text("evict 10000\n")
    assert main(["step", program, "--script", str(script)]) == 2
    assert "expected --host-memory" in capfd.readouterr().err
    assert main(["step", program, "--guests", "2", "--script", str(script)]) == 2
    assert "--guests: one guest is stepped at a time" in capfd.readouterr().err


def test_looking_at_a_resident_page_is_no_reference_for_the_host() -> None:
    lines: list[str] = []
    with PagingDevice(None, 16) as device:
        manager = PageManager(256, device=device)
        machine = Machine(MEGABYTE, hypervisor=manager.guest())
        machine.load_storage(0x20000, b"\x5a" * 4096)
        pool = manager.pool
        manager.lists.sweep(pool.referenced)
        Stepper(machine, lines.append, None, manager).execute("r 20000.4")
        assert lines == ["0000000000020000  5a5a5a5a"]
        assert not pool.referenced[int(manager.guests[0].locations[0x20]) - 1]
