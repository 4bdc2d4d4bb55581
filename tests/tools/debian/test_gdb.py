# SPDX-License-Identifier: GPL-2.0-or-later
"""A debugger comes to a Linux that boots, and stops it in a function of the kernel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gdb_client import GdbClient
from tools.machines.images import find_image
from tools.machines.options import MachineOptions, SymbolOptions
from tools.machines.symbols import load_symbols

FUNCTION = "vprintk_emit"
"""It is called for every message, of which there are many."""


@pytest.mark.timeout(900)
def test_a_debugger_comes_to_a_boot(with_symbols: Path) -> None:
    symbols = load_symbols(MachineOptions(image=find_image("debian")), SymbolOptions())
    command = [sys.executable, "-m", "tools.command.start", "run", "debian", "--gdb", "0"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        port = _port(process)
        assert process.stdout is not None
        assert any("Linux version" in line for line in process.stdout)
        client = GdbClient(port)
        client.socket.settimeout(300)
        assert client.ask("QStartNoAckMode") == "OK"
        assert client.ask(f"Z0,{symbols.address(FUNCTION):x},2") == "OK"
        assert client.ask("vCont;c") == "T05thread:1;"
        assert int(client.ask("p1"), 16) == symbols.address(FUNCTION)
        # Who has called it is a function, too, and the step back is in it.
        assert client.ask("bs") == "T05thread:1;"
        caller = symbols.nearest(int(client.ask("p1"), 16))
        assert caller is not None
        assert caller.symbol.name != FUNCTION
        client.vanish()
        if shutil.which("gdb-multiarch") is not None:
            assert re.search(r"^#\d+ .* in .*printk.* \(\)$", _gdb(port), re.MULTILINE)
    finally:
        process.kill()
        process.communicate()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    for line in process.stderr:
        if matched := re.search(r"listening on 127\.0\.0\.1:(\d+)", line):
            return int(matched[1])
    raise AssertionError("it does not listen")


def _gdb(port: int) -> str:
    """What gdb shows of the stack when it comes to the machine, and stops it in the function."""
    words = (f"target remote 127.0.0.1:{port}", f"break *{FUNCTION}", "continue", "backtrace", "kill")
    command = ["gdb-multiarch", "-nx", "-batch", *(word for each in words for word in ("-ex", each))]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False).stdout
