# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa gdb`` and ``essa run --gdb`` as processes, with a scripted client, and with gdb where it is installed."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from guest_kernel.native.shipped import image_path
from tests.support.command import write_program, wrong
from tests.support.elf import ending_program
from tests.support.gdb_client import GdbClient
from tests.support.gdb_session import COUNTING
from tools.gdb.endpoint import Endpoint, bound, listen

Start = Callable[..., "tuple[subprocess.Popen[str], int]"]
Connect = Callable[[int], GdbClient]


def symbol(name: str, program: str = "hello") -> int:
    """Where the program has *name*."""
    from emu.symbols.reading import read_symbols

    (found,) = read_symbols(image_path(program)).by_name[name]
    return found.address


def test_gdb_ends_the_command(start: Start, connect: Connect) -> None:
    process, port = start("gdb", "hello", "--listen", "0")
    client = connect(port)
    assert client.ask(f"Z0,{symbol('print'):x},2") == "OK"
    assert client.ask("vCont;c").startswith("T05")
    assert int(client.ask("p1"), 16) == symbol("print")
    client.send("k")
    client.vanish()
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "")
    assert errors.endswith("gdb: ended by the client\n")


def test_a_detached_program_runs_to_its_end(start: Start, connect: Connect) -> None:
    process, port = start("gdb", "hello", "--listen", "0")
    client = connect(port)
    assert client.ask("D") == "OK"
    client.vanish()
    output, errors = process.communicate(timeout=60)
    assert output.startswith("Hello from s390x.")
    assert process.returncode == 0
    assert errors.splitlines()[-2:] == [
        "gdb: the client has detached; the machine runs on",
        "essa: disabled wait at 0xfff",
    ]


def test_a_run_can_be_looked_into(start: Start, connect: Connect, tmp_path: Path) -> None:
    process, port = start("run", write_program(tmp_path, ending_program(COUNTING)), "--gdb", "0")
    client = connect(port)
    assert client.ask("?") == "T05thread:1;"
    client.send("vCont;c")
    client.press_ctrl_c()
    assert client.answer() == "T02thread:1;"
    client.send("k")
    client.vanish()
    process.communicate(timeout=60)
    assert process.returncode == 3


def test_a_port_in_use_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with closing(listen(Endpoint(port=0))) as listener:
        where = str(bound(listener))
        expected = f": {where}: Address already in use"
        assert wrong(capfd, "gdb", "hello", "--listen", where) == "--listen" + expected
        assert wrong(capfd, "run", "hello", "--gdb", where) == "--gdb" + expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (("gdb", "hello", "--guests", "2"), "--guests: gdb is shown one guest at a time"),
        (("run", "hello", "--guests", "2", "--gdb", "0"), "--gdb: expected one guest, which is debugged"),
        (("gdb", "hello", "--listen", "x"), "--listen: expected [HOST:]PORT with a port from 0 to 65535, not 'x'"),
        (("gdb", "hello", "--listen", "no.such.host.invalid:1"), "--listen: no.such.host.invalid:1: "),
    ),
)
def test_wrong_use(capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    assert wrong(capfd, *arguments).startswith(message)


def test_a_busy_port_is_free_again_after_a_client_has_gone(start: Start, connect: Connect) -> None:
    _, port = start("gdb", "hello", "--listen", "0")
    for _ in range(3):
        client = connect(port)
        assert client.ask("p1") == f"{0x10000:016x}"
        client.vanish()
    with socket.create_connection(("127.0.0.1", port)) as rubbish:
        rubbish.sendall(b"\xff" * 1000)
    assert connect(port).ask("qC") == "QC1"


needs_gdb = pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="there is no gdb-multiarch here")


def gdb(port: int, *commands: str, image: str | None = None) -> str:
    """What gdb writes while it executes *commands*."""
    words = ["gdb-multiarch", "-nx", "-batch", *(() if image is None else (image,))]
    words += [word for command in (f"target remote 127.0.0.1:{port}", *commands) for word in ("-ex", command)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    return done.stdout + done.stderr


@needs_gdb
def test_gdb_without_a_program_has_the_order_of_bytes_and_the_symbols(start: Start) -> None:
    _, port = start("gdb", "essa-table", "--listen", "0")
    text = gdb(
        port, "p/x $pswm", "info registers pswa int_class", "x/i $pswa", "break print", "continue", "bt", "detach"
    )
    assert "$1 = 0x180000000\n" in text
    assert "pswa           0x10000             0x10000 <start>" in text
    assert "int_class      0x0                 none" in text
    assert "=> 0x10000 <start>:\tlarl\t%r15" in text
    assert re.search(r"^Breakpoint 1, 0x[0-9a-f]+ in print \(\)$", text, re.MULTILINE)
    assert re.search(r"^#2  0x[0-9a-f]+ in program \(\)$", text, re.MULTILINE)
    assert "byte-swapped" not in text


@needs_gdb
def test_gdb_steps_and_changes(start: Start) -> None:
    _, port = start("gdb", "hello", "--listen", "0")
    text = gdb(
        *(port, "stepi", "p/x $r15", "set var $r3 = 0x1234", "p/x $r3", "set var {int}0x20000 = 0x0a0b0c0d"),
        *("x/xw 0x20000", "p $v16.v2_int64", "p/x $cr0", "p/x $prefix", "info threads", "monitor psw", "kill"),
        image=str(image_path("hello")),
    )
    assert re.search(r"^\$1 = 0x1[0-9a-f]{4}$", text, re.MULTILINE)
    for expected in ("$2 = 0x1234", "0x20000", "0x0a0b0c0d", "$3 = {0, 0}", "$4 = 0xe0", "$5 = 0x0"):
        assert expected in text
    assert "Thread 1 (CPU 0: operating, supervisor state)" in text
    assert "cpu 0: 0000000180000000" in text
