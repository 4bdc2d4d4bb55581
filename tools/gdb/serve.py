# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa gdb``, and ``essa run --gdb``: a machine that gdb debugs."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from emu.debugging.session import Session
from emu.input_files.reading import read_whole
from tools.consoles.console import GuestConsole
from tools.gdb.endpoint import bound, listen
from tools.gdb.monitor import MonitorCommands
from tools.gdb.program_file import ProgramFile
from tools.gdb.server import GdbServer, Without
from tools.machines.programs import describe_program
from tools.machines.setup import set_up
from tools.machines.symbols import load_symbols
from tools.processes import interrupt
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from types import TracebackType

    from emu.machine import Stop
    from emu.symbols.table import SymbolTable
    from tools.gdb.endpoint import Endpoint
    from tools.gdb.options import GdbOptions
    from tools.machines.options import MachineOptions
    from tools.machines.setup import Setup


def debug_program(options: MachineOptions, wanted: GdbOptions) -> int:
    """Wait for gdb before the first instruction of the program of *options*, and give the exit status of the command.

    It is that of ``essa run`` if the machine has stopped, else 0.

    :raises UsageError: if nobody can listen there, or the host cannot be made as described.
    :raises emu.program.ProgramError: if the image is not a program, or does not fit, or a file has no symbols.
    """
    if options.guests != 1:
        raise UsageError("--guests: gdb is shown one guest at a time")
    with Debugger("--listen", wanted.listen, options, load_symbols(options, wanted), wanted.history) as debugger:
        setup = set_up(options)
        console = GuestConsole()
        setup.machines[0].sclp.console = console
        try:
            stop = debugger.serve(setup, console, Without.STANDS, wanted.max_instructions)
        finally:
            setup.close()
        if stop is None:
            return 0
        from tools.reports.verdict import judge

        debugger.tell(f"essa: {stop.text}")
        return judge(stop, console.text).status


class Debugger(AbstractContextManager["Debugger"]):
    """Listens for gdb from the beginning on, so that a port in use is known before a machine is made."""

    def __init__(self, flag: str, where: Endpoint, options: MachineOptions, symbols: SymbolTable, history: int) -> None:
        """Listen there.

        :param history: bytes that going back may take.
        :raises UsageError: naming the *flag*, if that cannot be.
        """
        self._options = options
        self._symbols = symbols
        self._history = history
        self._console: GuestConsole | None = None
        try:
            self._listener = listen(where)
        except OSError as reason:
            raise UsageError(f"{flag}: {where}: {reason.strerror}") from None

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self._listener.close()

    def tell(self, line: str) -> None:
        """Show *line* to the user of the server."""
        if self._console is not None:
            self._console.end_line()
        print(line, file=sys.stderr, flush=True)

    def run(self, setup: Setup, console: GuestConsole, max_instructions: int | None) -> Stop:
        """Run the machine of *setup* to its end; gdb may come and go meanwhile."""
        stop = self.serve(setup, console, Without.RUNS, max_instructions)
        return interrupt.requested_stop(setup.machines[0], "gdb") if stop is None else stop

    def serve(self, setup: Setup, console: GuestConsole, without: Without, max_instructions: int | None) -> Stop | None:
        """Serve the machine of *setup* until it has stopped with nobody there, or is ended.

        :param without: what it does until the first gdb has come.
        :return: how it has stopped; None if gdb has ended it before.
        """
        self._console = console
        (machine,) = setup.machines
        where = bound(self._listener)
        self.tell(f"gdb: listening on {where}; gdb-multiarch -ex 'target remote {where}' comes to it")
        with interrupt.ctrl_c(machine) as switch:
            manager = None if setup.host is None else setup.host.manager
            session = Session(machine, symbols=self._symbols, host=manager, history=self._history)
            session.program = partial(describe_program, self._options)
            server = GdbServer(
                session,
                self._listener,
                program=ProgramFile(read_whole(self._options.image.path), self._symbols),
                monitor=MonitorCommands(session, manager),
                write=self.tell,
                switch=switch,
                limit=max_instructions,
            )
            stop = server.serve(without)
            return interrupt.requested_stop(machine) if switch.is_pressed else stop
