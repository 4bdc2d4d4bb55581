# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that come, leave, vanish and send rubbish; the machine is unharmed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from emu.debugging.session import Session
from emu.machine import Machine, Stop
from emu.symbols.table import NO_SYMBOLS
from tests.support.elf import ENTRY
from tests.support.gdb_client import GdbClient
from tests.support.gdb_session import AFTER, COUNT, COUNTING, put_program
from tools.gdb.endpoint import Endpoint, bound, listen
from tools.gdb.program_file import ProgramFile
from tools.gdb.server import GdbServer, Without
from tools.processes.interrupt import Switch

Connect = Callable[[int], GdbClient]


class Served:
    """A server in a thread of its own, for a machine that ends in an endless loop."""

    def __init__(self, machine: Machine) -> None:
        put_program(machine)
        machine.storage.write(AFTER, COUNTING)
        self.machine = machine
        self.switch = Switch()
        self.lines: list[str] = []
        self.listener = listen(Endpoint(port=0))
        self.port = bound(self.listener).port
        self.stops: list[Stop | None] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.without = Without.STANDS
        self.seconds = 0.0
        """How long a command of ``monitor`` takes."""

    def start(self, without: Without = Without.STANDS) -> None:
        self.without = without
        self._thread.start()

    def _serve(self) -> None:
        server = GdbServer(
            Session(self.machine),
            self.listener,
            program=ProgramFile(b"", NO_SYMBOLS),
            monitor=self._show,
            write=self.lines.append,
            switch=self.switch,
        )
        self.stops.append(server.serve(self.without))

    def _show(self, line: str) -> str:
        time.sleep(self.seconds)
        return f"{line} is shown\n"

    def end(self) -> None:
        """Press Ctrl-C where the server is, and wait for its end."""
        self.switch.is_pressed = True
        self.wait()

    def wait(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()
        self.listener.close()


@pytest.fixture
def served(machine: Machine) -> Iterator[Served]:
    served = Served(machine)
    yield served
    if served.listener.fileno() >= 0:
        served.end()


def test_the_machine_waits_for_a_client(connect: Connect, served: Served) -> None:
    served.start()
    client = connect(served.port)
    assert client.ask("p1") == f"{ENTRY:016x}"
    assert client.ask(f"Z0,{COUNT:x},2") == "OK"
    assert client.ask("vCont;c").startswith("T05")
    assert client.ask("p1") == f"{COUNT:016x}"


def test_a_client_that_vanishes_leaves_the_machine_where_it_is(connect: Connect, served: Served) -> None:
    served.start()
    client = connect(served.port)
    client.ask(f"Z0,{COUNT:x},2")
    client.ask("vCont;c")
    client.vanish()
    other = connect(served.port)
    assert other.ask("p1") == f"{COUNT:016x}"
    assert len(served.machine.stops) == 0
    assert "gdb: the client has vanished; the machine waits for another" in served.lines


def test_a_client_that_vanishes_while_the_machine_runs(connect: Connect, served: Served) -> None:
    served.start()
    client = connect(served.port)
    client.send("vCont;c")
    client.vanish()
    other = connect(served.port)
    assert int(other.ask("p1"), 16) >= AFTER
    assert other.ask("vCont;s:1").startswith("T05")


def test_ctrl_c_in_gdb_stops_the_machine(connect: Connect, served: Served) -> None:
    served.start()
    client = connect(served.port)
    client.send("vCont;c")
    client.press_ctrl_c()
    assert client.answer() == "T02thread:1;"
    assert served.machine.executed > 28


@pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="there is no gdb-multiarch here")
def test_gdb_shows_each_answer_once_after_it_had_to_wait(served: Served) -> None:
    served.start()
    # gdb asks for an answer again that does not come within its time-out.
    served.seconds = 1.5
    commands = ["set remotetimeout 1", f"target remote 127.0.0.1:{served.port}"]
    commands += ["monitor int", "monitor psw", "monitor tlb", "p $r1", "kill"]
    done = subprocess.run(
        ["gdb-multiarch", "-q", "-nx", "-batch", *(word for each in commands for word in ("-ex", each))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    assert "int is shown\npsw is shown\ntlb is shown\n$1 = " in done.stdout


def test_one_client_at_a_time(connect: Connect, served: Served) -> None:
    served.start()
    client = connect(served.port)
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as second:
        assert second.recv(1) == b""
    assert client.ask("qC") == "QC1"


def test_after_detaching_the_machine_runs_and_another_client_finds_it_running(connect: Connect, served: Served) -> None:
    served.start()
    client = connect(served.port)
    assert client.ask("D") == "OK"
    client.vanish()
    other = connect(served.port)
    assert int(other.ask("p1"), 16) >= AFTER
    assert "gdb: the client has detached; the machine runs on" in served.lines


def test_a_machine_that_runs_is_found_running(connect: Connect, served: Served) -> None:
    served.start(Without.RUNS)
    client = connect(served.port)
    client.ask("?")
    executed = served.machine.executed
    # While a client is there, the machine moves only when it is told to.
    assert client.ask("qC") == "QC1"
    assert served.machine.executed == executed


def test_killing_ends_it(connect: Connect, served: Served) -> None:
    served.start()
    connect(served.port).send("k")
    served.wait()
    assert served.stops == [None]


def test_the_machine_may_stop_while_nobody_is_there(connect: Connect, served: Served) -> None:
    served.machine.storage.write(AFTER, bytes(2))
    served.start(Without.RUNS)
    served.wait()
    (stop,) = served.stops
    assert stop is not None


@pytest.mark.parametrize(
    "rubbish",
    (
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"$" * 3000,
        bytes(range(256)) * 20,
        b"$m0,1#00" * 50,
        b"$#00$zz#f4$}#7d$\xff\xff#fe",
    ),
    ids=("HTTP", "dollars", "all bytes", "wrong sums", "odd packets"),
)
def test_rubbish_does_no_harm(connect: Connect, served: Served, rubbish: bytes) -> None:
    served.start()
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as client:
        client.sendall(rubbish)
        client.shutdown(socket.SHUT_WR)
        while client.recv(1 << 16):
            pass
    assert connect(served.port).ask("p1") == f"{ENTRY:016x}"
