# SPDX-License-Identifier: GPL-2.0-or-later
"""Work of a Linux guest: what it is, and that nothing counts that was not done."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from emu.isa.disassembler import disassemble
from tools.benchmarks import linux_work
from tools.benchmarks.figure import NotMeasured
from tools.benchmarks.linux_work import (
    calls_program,
    forks_work,
    make_disk,
    make_tree,
    processor_seconds,
    script,
    search_work,
    work_seconds,
)

BUSY = "import time\nbegin = time.process_time()\nwhile time.process_time() - begin < 0.3: pass\n"
SHELL = shutil.which("sh") or ""


def guest(text: str) -> list[str]:
    """A process that does what a guest does: *text* is Python."""
    return [sys.executable, "-u", "-c", text]


def test_only_what_is_between_the_words_is_timed() -> None:
    text = f"{BUSY}print('bench: begin')\ntime.sleep(0.1)\n{BUSY}print('bench: done')\ntime.sleep(60)"
    # Ticks of the processor's time are hundredths of a second.
    assert 0.25 < work_seconds(guest(text)) < 10


@pytest.mark.parametrize("text", ("pass", "print('bench: begin')", "print('bench: done')"))
def test_a_guest_that_has_not_done_its_work_is_no_figure(text: str) -> None:
    with pytest.raises(NotMeasured, match="has not done its work"):
        work_seconds(guest(text))


def test_a_guest_that_hangs_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux_work, "_PATIENCE", 0.2)
    with pytest.raises(NotMeasured, match="has not done its work"):
        work_seconds(guest("import time; time.sleep(60)"))


def test_work_without_success_is_not_said_to_be_done() -> None:
    said = [
        subprocess.run(
            [SHELL, "-c", f"sleep() {{ :; }}\n{script(work)}"], capture_output=True, text=True, check=False
        ).stdout
        for work in ("true", "false")
    ]
    assert said == ["bench: begin\nbench: done\n", "bench: begin\n"]


def test_the_loop_forks_so_many_times() -> None:
    work = forks_work(3).replace("/bin/busybox true", "echo fork")
    done = subprocess.run([SHELL, "-c", f"{work} && echo done"], capture_output=True, text=True, check=False)
    assert done.stdout == "fork\nfork\nfork\ndone\n"


def test_the_program_asks_so_many_times_and_exits() -> None:
    file = ELFFile(io.BytesIO(calls_program(7)))
    (segment,) = file.iter_segments()
    code = segment.data()[file["e_entry"] - segment["p_vaddr"] :]
    assert (file["e_machine"], file.little_endian, segment["p_flags"]) == ("EM_S390", False, 5)
    instructions = (code[0:6], code[6:8], code[8:12], code[12:16], code[16:18])
    assert [disassemble(each, 2) for each in instructions] == [
        "LGFI 6,7",
        "SVC 0x40",
        "BRCTG 6,0x0",
        "LGHI 2,0",
        "SVC 1",
    ]


def test_the_tree_has_as_many_lines_to_be_found_as_are_expected(tmp_path: Path) -> None:
    size = make_tree(tmp_path, 250)
    files = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.c")]
    assert (len(files), sum(map(len, files))) == (250, size)
    assert sum(text.count("volatile_page_state") for text in files) == 3
    assert search_work(250).endswith("= 3 ]")


@pytest.mark.skipif(not shutil.which("mke2fs", path="/usr/sbin:/sbin"), reason="mke2fs is not installed")
def test_a_disk_has_a_file_system(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    make_disk(tmp_path / "disk", tree, make_tree(tree, 3))
    with (tmp_path / "disk").open("rb") as file:
        file.seek(1024 + 56)
        assert file.read(2) == b"\x53\xef"  # the magic number of ext2 to ext4


def test_without_the_program_that_makes_it_there_is_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(NotMeasured, match="mke2fs"):
        make_disk(tmp_path / "disk", tmp_path, 0)


def test_the_time_of_this_process_is_that_of_the_processor() -> None:
    times = os.times()
    assert processor_seconds(os.getpid()) == pytest.approx(times.user + times.system, abs=0.1)
