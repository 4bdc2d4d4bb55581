# SPDX-License-Identifier: GPL-2.0-or-later
"""The images tell a debugger the way from every frame to the one below it."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Final

import pytest
from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile

from guest_kernel.native import build
from guest_kernel.native.shipped import image_path
from tests.support.command import ESSA, ROOT

NOT_FUNCTIONS: Final = ("direct_accesses", "direct_accesses_end")
"""Labels between functions."""
GDB: Final = shutil.which("gdb-multiarch")


@pytest.mark.parametrize("name", build.programs())
def test_every_function_is_described(name: str) -> None:
    with image_path(name).open("rb") as file:
        elf = ELFFile(file)
        described = [
            range(entry["initial_location"], entry["initial_location"] + entry["address_range"])
            for entry in elf.get_dwarf_info().CFI_entries()
            if isinstance(entry, FDE)
        ]
        code, _ = elf.iter_segments("PT_LOAD")
        functions = {
            symbol.name: symbol["st_value"]
            for symbol in elf.get_section_by_name(".symtab").iter_symbols()
            if code["p_vaddr"] <= symbol["st_value"] < code["p_vaddr"] + code["p_filesz"]
            and elf.get_section(symbol["st_shndx"]).name in {".head", ".text"}
        }
    assert "start" in functions
    undescribed = [each for each, at in functions.items() if not any(at in code for code in described)]
    assert not set(undescribed) - set(NOT_FUNCTIONS)


def shown_by_gdb(*commands: str) -> str:
    """What gdb shows of the last of *commands* that are given to it in the program essa-table."""
    server = subprocess.Popen(
        [*ESSA, "gdb", "essa-table", "--listen", "0"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        (port,) = re.findall(r"listening on 127\.0\.0\.1:(\d+)", server.stderr.readline())
        words = (f"target remote 127.0.0.1:{port}", *commands[:-1], "echo --\\n", commands[-1], "kill")
        done = subprocess.run(
            [str(GDB), "-q", "-nx", "-batch", *(word for each in words for word in ("-ex", each))],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
    finally:
        server.kill()
        server.communicate()
    return done.stdout.partition("--\n")[2]


DISCARD_FAULT: Final = ("break *0x146d0", "continue")
"""Leads to the load of an attempt that meets one; it has its base, 0x110000, in general register 2."""
CALLED: Final = ["act", "program", "start_program", "start"]
ATTEMPT: Final = ["??", *CALLED]
HANDLER: Final = ["<signal", *ATTEMPT]


@pytest.mark.skipif(GDB is None, reason="there is no gdb-multiarch here")
@pytest.mark.parametrize(
    ("commands", "expected"),
    (
        pytest.param((), ["start"], id="entry"),
        pytest.param(DISCARD_FAULT, ATTEMPT, id="attempt"),
        pytest.param((*DISCARD_FAULT, "stepi"), HANDLER, id="interrupted"),
        pytest.param((*DISCARD_FAULT, "stepi 8"), ["interruption", *HANDLER], id="handler"),
        pytest.param((*DISCARD_FAULT, "break *leave_attempt", "continue"), ["leave_attempt", *CALLED], id="leaving"),
        pytest.param(
            (*DISCARD_FAULT, "tbreak *leave_attempt", "continue", "stepi 2"), ["leave_attempt", *CALLED], id="left"
        ),
    ),
)
def test_gdb_goes_down_to_the_entry(commands: tuple[str, ...], expected: list[str]) -> None:
    shown = shown_by_gdb(*commands, "backtrace")
    assert "not saved" not in shown
    assert re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?(\S+)", shown, re.MULTILINE) == expected


@pytest.mark.skipif(GDB is None, reason="there is no gdb-multiarch here")
def test_the_registers_of_the_interrupted_program_are_those_that_were_stored() -> None:
    shown = shown_by_gdb(*DISCARD_FAULT, "stepi 8", "frame 2", "info registers r2 r15 pswm pswa")
    values = dict(re.findall(r"^(\w+) +(0x[0-9a-f]+)", shown, re.MULTILINE))
    assert values == {"r2": "0x110000", "r15": "0x0", "pswm": "0x180000000", "pswa": "0x146d0"}
