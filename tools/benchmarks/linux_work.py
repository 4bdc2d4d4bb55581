# SPDX-License-Identifier: GPL-2.0-or-later
"""Work that a Linux guest does once it has booted: processes, system calls, and files on a disk; beside QEMU.

The guest says on its console when it begins and when it has done it.  What is written there takes a moment to come out,
so it sleeps for a second behind each word.  Times are of the processor, of all threads, to which a sleeping guest is
nothing.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.linux import PLAIN, LinuxGuest, beside_qemu
from tools.debian.initramfs import with_work
from tools.debian.releases import RELEASES, debian_files
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORKS: Final = 1000
CALLS: Final = 1_000_000
FILES: Final = 10_000
_WORD: Final = "bench:"
_MARKS: Final = (f"{_WORD} begin", f"{_WORD} done")
_PATIENCE: Final = 1800
_SHOWN: Final = 300
_PROGRAM_BASE: Final = 0x100_0000
_ELF_HEADERS: Final = 64 + 56
_GETPPID: Final = 64
"""Numbers of system calls: Linux, arch/s390/kernel/syscalls/syscall.tbl."""
_EXIT: Final = 1
_DIRECTORIES: Final = 100
_WORDS_OF_A_FILE: Final = 300
_FOUND_EVERY: Final = 100
_NEEDLE: Final = "volatile_page_state"
_SPARE: Final = 4
"""How many times the files' bytes the file system may have."""


def script(work: str) -> str:
    """Lines for the guest's shell around those of the *work*, which must end with success."""
    begin, done = _MARKS
    return f"echo '{begin}'\nsleep 1\n{work} && echo '{done}'\nsleep 1\n"


def forks_work(count: int = FORKS) -> str:
    """A shell loop that forks and executes busybox so many times."""
    return f"i=0; while [ $i -lt {count} ]; do /bin/busybox true || break; i=$((i+1)); done; [ $i = {count} ]"


def calls_program(count: int = CALLS) -> bytes:
    """An executable that asks so many times for its parent's number, and exits."""
    # LGFI 6,count; SVC getppid; BRCTG 6 to it; LGHI 2,0; SVC exit
    code = b"\xc0\x61" + struct.pack(">i", count) + bytes([0x0A, _GETPPID]) + bytes.fromhex("a767ffff a7290000")
    code += bytes([0x0A, _EXIT])
    size = _ELF_HEADERS + len(code)
    # A 64-bit big-endian executable for s390 (machine 22) with one segment, readable and executable.
    identification = b"\x7fELF" + bytes([2, 2, 1]) + bytes(9)
    entry = _PROGRAM_BASE + _ELF_HEADERS
    header = identification + struct.pack(">HHIQQQIHHHHHH", 2, 22, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack(">IIQQQQQQ", 1, 5, 0, _PROGRAM_BASE, _PROGRAM_BASE, size, size, 0x1000)
    return header + segment + code


def search_work(files: int = FILES) -> str:
    """A search of the files on the first disk, which finds as many lines as there are."""
    found = -(-files // _FOUND_EVERY)
    # A fixed string: for a regular expression nearly all of the time would be spent in the C library's matcher.
    return f"mount -o ro /dev/vda /mnt && [ $(grep -rF {_NEEDLE} /mnt | wc -l) = {found} ]"


def make_tree(directory: Path, files: int = FILES) -> int:
    """Put so many files of words below *directory*, the same each time; give their bytes."""
    generator = random.Random(1)
    words = [f"{first}_{second}" for first in ("page", "frame", "host", "guest", "key") for second in range(200)]
    for number in range(_DIRECTORIES):
        (directory / f"{number:03}").mkdir(parents=True)
    size = 0
    for number in range(files):
        chosen = generator.choices(words, k=_WORDS_OF_A_FILE)
        lines = [" ".join(chosen[at : at + 10]) for at in range(0, _WORDS_OF_A_FILE, 10)]
        if number % _FOUND_EVERY == 0:
            lines.insert(len(lines) // 2, _NEEDLE)
        content = "\n".join(lines) + "\n"
        (directory / f"{number % _DIRECTORIES:03}" / f"{number:05}.c").write_text(content, encoding="utf-8")
        size += len(content)
    return size


def make_disk(image: Path, tree: Path, size: int) -> None:
    """An ext4 file system with what is below *tree*, *size* bytes, in the file *image*.

    :raises NotMeasured: if the program that makes it is missing, or refuses.
    """
    make = shutil.which("mke2fs", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if make is None:
        raise NotMeasured("mke2fs (of e2fsprogs) is not installed")
    kilobytes = max(_SPARE * size, 16 << 20) >> 10
    command = [make, "-q", "-F", "-t", "ext4", "-d", str(tree), str(image), f"{kilobytes}k"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMeasured(f"mke2fs: {done.stderr.strip()[-_SHOWN:]}")


def processor_seconds(process: int) -> float:
    """What the *process* has used of the processors since it began, in all of its threads (proc(5), stat)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def work_seconds(command: list[str]) -> float:
    """How long the guest of *command* takes for its work alone.

    :raises NotMeasured: if it does not say that it has done it.
    """
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(_PATIENCE, process.kill)
        watchdog.start()
        try:
            said, times = "", list[float]()
            while len(times) < len(_MARKS) and (data := os.read(process.stdout.fileno(), 1 << 16)):
                now = processor_seconds(process.pid)
                said += data.decode(errors="replace")
                while len(times) < len(_MARKS) and _MARKS[len(times)] in said:
                    times.append(now)
        finally:
            watchdog.cancel()
            process.kill()
    if len(times) < len(_MARKS):
        raise NotMeasured(f"{command[0]} has not done its work: {said[-_SHOWN:]}")
    return times[1] - times[0]


def _ratio(work: str, programs: Mapping[str, bytes], effort: Effort, disk: Path | None = None) -> Measured:
    try:
        ramdisk = debian_files(next(iter(RELEASES))).ramdisk.read_bytes()
    except UsageError as reason:
        raise NotMeasured(str(reason)) from None
    with tempfile.TemporaryDirectory() as directory:
        archive = Path(directory) / "initrd"
        archive.write_bytes(with_work(ramdisk, script(work), programs))
        guest = LinuxGuest("", archive, disk)
        ours, qemu = guest.ours(), guest.qemu(PLAIN)
        return beside_qemu(partial(work_seconds, ours), partial(work_seconds, qemu), effort.rounds)


def _forks(effort: Effort) -> Measured:
    return _ratio(forks_work(), {}, effort)


def _calls(effort: Effort) -> Measured:
    return _ratio("/getppid", {"getppid": calls_program()}, effort)


def _search(effort: Effort) -> Measured:
    with tempfile.TemporaryDirectory() as directory:
        tree, image = Path(directory) / "tree", Path(directory) / "disk"
        make_disk(image, tree, make_tree(tree))
        return _ratio(search_work(), {}, effort, image)


def _figure(name: str, title: str, measure: partial[Measured], goal: float) -> BenchmarkFigure:
    return BenchmarkFigure(name, title, Unit.RATIO, measure, goal, compared_with="QEMU's TCG", takes_long=True)


FIGURES: Final = (
    _figure("forks", "Linux: fork and exec of busybox in a shell loop, 1,000 times", partial(_forks), 3),
    _figure("grep", "Linux: grep over 10,000 files on a virtio disk", partial(_search), 2.5),
    _figure("getppid", "Linux: 1,000,000 getppid in a user program", partial(_calls), 2),
)
