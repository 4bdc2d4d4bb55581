# SPDX-License-Identifier: GPL-2.0-or-later
"""A build directory as that of kvm-unit-tests, with programs that write lines to the console and read keys from it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from emu.devices.sccb import Command
from emu.devices.sclp import ASCII_CONSOLE
from emu.isa.assembler import encode
from tests.support.elf import ENTRY, FAILED, PASSED, Elf
from tools.command.cli import main
from tools.processes.side_by_side import Reporter

KEY = "<key>"
"""In the lines of a program: wait until something is typed."""
_SCCBS = 0x20000
_SCCB = 0x1000
_EXTERNAL_NEW_PSW = 0x1B0
_PROGRAM_NEW_PSW = 0x1D0
_ADDRESSING = 0x0000_0001_8000_0000
_WAIT = 0x0002_0000_0000_0000
_EXTERNAL = 0x0100_0000_0000_0000
_CONTROL_REGISTER_0 = 0x200
"""Service signals enabled."""
_WAIT_PSW = 0x1F00
_CR0 = 0x1F10
_EFFORT = r"\d+\.\d s(?:, [\d,]+ instructions?)?"
_EFFORTS = re.compile(rf"(?<=\(){_EFFORT}(?:, )?|, {_EFFORT}|; \d+\.\d s$")


def program(*lines: str, ending: int = PASSED) -> Elf:
    """A program that writes *lines*, or waits for a key where one is :data:`KEY`, and ends in a wait at *ending*."""
    # LLILF 1,CR0
    code = b"\xc0\x1f" + _CR0.to_bytes(4, "big")
    code += encode("LCTLG", r1=0, r3=0, b2=1, d2=0)
    blocks = b""
    service = ENTRY + 0x1000
    """Where SERVICE CALL is, and the wait for its end."""
    calls = [(Command.WRITE_EVENT_MASK, _mask())]
    read = (Command.READ_EVENT_DATA, _read())
    calls += [read if line == KEY else (Command.WRITE_EVENT_DATA, _write(line)) for line in lines]
    for command, block in calls:
        address = _SCCBS + len(blocks)
        blocks += block.ljust(_SCCB, b"\0")
        start = len(code)
        # LLILF 1,command; LLILF 2,address; BRASL 14,service
        code += b"\xc0\x1f" + command.to_bytes(4, "big") + b"\xc0\x2f" + address.to_bytes(4, "big")
        code += b"\xc0\xe5" + struct.pack(">i", (service - ENTRY - len(code)) // 2)
        if command == Command.READ_EVENT_DATA:
            # LLGH 3,6(2); CHI 3,X'20': nothing was typed, so that it is done again
            code += (
                bytes.fromhex("e33020060091 a73e0020") + b"\xa7\x74" + struct.pack(">h", (start - len(code) - 10) // 2)
            )
    # SERVC 1,2; LLILF 4,new PSW; STG 14,8(4); LLILF 4,wait PSW; LPSWE 0(4)
    called = encode("SERVC", r1=1, r2=2) + b"\xc0\x4f" + _EXTERNAL_NEW_PSW.to_bytes(4, "big")
    called += bytes.fromhex("e3e040080024 c04f") + _WAIT_PSW.to_bytes(4, "big") + encode("LPSWE", b2=4, d2=0)
    waiting = struct.pack(">QQ", _ADDRESSING | _WAIT | _EXTERNAL, 0)
    return Elf(
        (
            (_EXTERNAL_NEW_PSW, struct.pack(">QQ", _ADDRESSING, 0)),
            (_PROGRAM_NEW_PSW, struct.pack(">QQ", _ADDRESSING | _WAIT, ending)),
            (_WAIT_PSW, waiting + struct.pack(">Q", _CONTROL_REGISTER_0)),
            (ENTRY, code + bytes(2)),
            (service, called),
            (_SCCBS, blocks),
        )
    )


def _mask() -> bytes:
    """WRITE EVENT MASK: receive and send VT220 data."""
    mask = 1 << 32 - ASCII_CONSOLE
    return struct.pack(">H6xHH4I", 28, 0, 4, mask, mask, 0, 0)


def _write(text: str) -> bytes:
    data = text.encode() + b"\n"
    return struct.pack(">H6xHBBH", 14 + len(data), 6 + len(data), ASCII_CONSOLE, 0, 0) + data


def _read() -> bytes:
    return struct.pack(">H6x", 0x100)


def build_directory(path: Path, configuration: str, **programs: Elf) -> Path:
    """Put *configuration*, the text of unittests.cfg, and *programs* in a directory of a tree at *path*."""
    directory = path / "s390x"
    directory.mkdir()
    (directory / "unittests.cfg").write_text(configuration)
    for name, elf in programs.items():
        (directory / f"{name}.elf").write_bytes(elf.to_bytes())
    return path


PASSING = program("PASS: one", "PASS: two", "SUMMARY: 2 tests")
FAILING = program("PASS: one", "FAIL: three: it is 4", ending=FAILED)
LEAVING_OUT = program("SKIP: no such facility", "EXIT: STATUS=77")


def conform(directory: Path, *options: str) -> int:
    """Run the suite in *directory*; give the exit status."""
    return main(["conform", "kvm-unit-tests", str(directory), *options])


def run_one(path: Path, parameters: str, elf: Elf, *options: str) -> int:
    """Run *elf* as the only program of a suite, with *parameters* in its section."""
    return conform(build_directory(path, f"[one]\nfile = one.elf\n{parameters}\n", one=elf), *options)


def lines_of(text: str) -> list[str]:
    """The lines of *text*, without the times and the numbers of instructions, which no test expects."""
    return [_EFFORTS.sub("", line).replace(" ()", "") for line in text.splitlines()]


@contextmanager
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, programs of suites run one after the other in this process, which has loaded everything."""

    def run_here(work: Any, jobs: Mapping[str, Any], *, ended: Any, **_: Any) -> dict[str, Any]:
        results = {}
        for number, (name, job) in enumerate(jobs.items()):
            results[name] = work(job, Reporter([0] * (2 * len(jobs) + 1), number))
            ended(name, results[name])
        return results

    with monkeypatch.context() as patch:
        patch.setattr("tools.conform.run.run_side_by_side", run_here)
        yield
