# SPDX-License-Identifier: GPL-2.0-or-later
"""``--save-at`` and ``--from``: a run that is saved on its way, and one that goes on from there.

The file has, besides the machine and its host, which program it is and what the guest has written: another program, or
another machine, is refused by the name of what is different.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from emu.machine import StopKind
from emu.state import StateError, has_section, restore_state, state_of
from tools.machines.programs import describe_program
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from emu.machine import Machine, Stop
    from emu.state import State
    from host.page_manager import PageManager
    from tools.consoles.console import GuestConsole
    from tools.machines.options import MachineOptions
    from tools.machines.setup import Setup
    from tools.running.options import SavePoint

_CONSOLE: Final = "console"


class SavedRun:
    """Where the run begins, and when it is saved; of one guest.

    :param point: when it is saved; None if it is not.
    :param path: the file that it goes on from; None if it begins with its program.
    :raises UsageError: if there are several guests, that file is none of this program, or the other no regular file.
    """

    def __init__(self, options: MachineOptions, point: SavePoint | None, path: Path | None) -> None:
        if options.guests > 1:
            raise UsageError(f"{'--from' if point is None else '--save-at'}: expected one guest, not {options.guests}")
        if point is not None:
            _require_place(point.path)
        self._point = point
        self._path = path
        self._program = describe_program(options)
        self._saved = None if path is None else _read(path, self._program)
        self._is_due = point is not None

    def begin(self, machine: Machine, setup: Setup, console: GuestConsole) -> None:
        """Let *machine*, whose console and operator are in place, go on from the file.

        :raises UsageError: if it is another machine than the one that was saved, or behind the moment to save it.
        """
        if self._saved is not None:
            self._restore(self._saved, machine, setup, console)
        if self._point is not None and machine.executed > self._point.instruction:
            raise UsageError(
                f"--save-at: expected {machine.executed} or more, where the run begins, not {self._point.instruction}"
            )

    def run(
        self,
        machine: Machine,
        setup: Setup,
        console: GuestConsole,
        max_instructions: int | None,
    ) -> Stop:
        """Run *machine* for so many instructions more, and save it on the way."""
        left = 0 if self._point is None else self._point.instruction - machine.executed
        if self._point is None or (max_instructions is not None and left > max_instructions):
            return machine.run(max_instructions)
        stop = machine.run(left)
        if stop.kind is not StopKind.BUDGET:
            return stop
        self._save(self._point.path, machine, setup, console)
        self._is_due = False
        return machine.run(None if max_instructions is None else max_instructions - left)

    def finish(self) -> None:
        """Say so if the run has ended before it was to be saved."""
        if self._is_due:
            print("essa: --save-at: the run has ended before, and nothing was saved", file=sys.stderr)

    def _save(self, path: Path, machine: Machine, setup: Setup, console: GuestConsole) -> None:
        """Save all of it in the file *path*.

        :raises UsageError: if that cannot be written.
        :raises HostFailure: if a preserved page cannot be read.
        """
        from emu.save_file import SaveFileError, write_saved
        from emu.saving import PROGRAM, save

        operator = machine.operator
        if operator is not None and not has_section(operator):
            # A user at the terminal is not saved.
            machine.operator = None
        try:
            saved = save(machine, host=_manager(setup))
        finally:
            machine.operator = operator
        try:
            write_saved(path, saved | {PROGRAM: self._program, _CONSOLE: state_of(console)})
        except SaveFileError as reason:
            raise UsageError(f"--save-at: {reason}") from None

    def _restore(self, saved: State, machine: Machine, setup: Setup, console: GuestConsole) -> None:
        from emu.saving import restore

        operator = machine.operator
        was_typed = saved["machines"][0]["operator"] is not None
        if was_typed and operator is None:
            raise UsageError(f"--from: {self._path}: saved with --input: expected the same --input")
        if not was_typed:
            # Who types now begins now.
            machine.operator = None
        try:
            restore(saved, machine, host=_manager(setup))
            if _CONSOLE in saved:
                restore_state(console, saved[_CONSOLE])
        except (StateError, KeyError, TypeError) as reason:
            raise UsageError(f"--from: {self._path}: {reason}") from None
        machine.operator = operator


def _manager(setup: Setup) -> PageManager | None:
    return None if setup.host is None else setup.host.manager


def _require_place(path: Path) -> None:
    """Refuse before the run what cannot be saved in.

    :raises UsageError: if *path* is something that is no regular file.
    """
    from emu.whole_file import UnwritableError, place_of

    try:
        place_of(path)
    except UnwritableError as reason:
        raise UsageError(f"--save-at: {reason}") from None


def _read(path: Path, program: dict[str, Any]) -> State:
    """What is saved in the file *path*, of this *program*.

    :raises UsageError: if it is of another, or no saved machine of this version.
    """
    from emu.save_file import SaveFileError, read_saved
    from emu.saving import require_same_program

    try:
        saved = read_saved(path)
    except SaveFileError as reason:
        raise UsageError(f"--from: {reason}") from None
    if len(saved.get("machines", ())) != 1:
        raise UsageError(f"--from: {path}: expected one saved machine")
    try:
        require_same_program(saved, program)
    except StateError as reason:
        raise UsageError(f"--from: {path}: {reason}") from None
    return saved
