# SPDX-License-Identifier: GPL-2.0-or-later
"""A boot of Debian that is saved on its way, or goes on from where it was saved: one process of the test of that.

``python -m tests.support.saved_boot FOLDER save N ...`` boots, saves after each N instructions in ``FOLDER/N``, and
writes how it ended in ``FOLDER/end.json`` and ``FOLDER/end.state``; ``FOLDER go-on N`` makes the same machine and host,
goes on from ``FOLDER/N``, and writes ``FOLDER/end-N.json`` and ``.state``.
The disk is ``FOLDER/disk``, what is typed ``FOLDER/session.toml``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from emu.machine import Machine, StopKind
from emu.save_file import read_saved, write_saved
from emu.saving import restore, save
from tools.consoles.console import GuestConsole
from tools.consoles.input_script import ScriptedOperator, read_script
from tools.debian.releases import debian_files
from tools.machines.images import BootFiles
from tools.machines.options import Disk, HostOptions, MachineOptions
from tools.machines.setup import Setup, set_up


def make(folder: Path) -> tuple[Setup, GuestConsole]:
    """A guest of 64M on a host of half of that, with a disk and somebody who types."""
    files = debian_files("bookworm")
    options = MachineOptions(
        image=BootFiles(files.kernel, files.ramdisk),
        command_line="console=ttyS0 cmma=on loglevel=3",
        memory=64 << 20,
        disks=(Disk(folder / "disk"),),
        host=HostOptions(memory=32 << 20),
    )
    setup, console = set_up(options), GuestConsole(is_shown=False)
    (machine,) = setup.machines
    machine.sclp.console = console
    machine.operator = ScriptedOperator(read_script(str(folder / "session.toml")), machine, console)
    return setup, console


def finish(machine: Machine, setup: Setup, console: GuestConsole, result: Path) -> None:
    """Run to the end, and write down all that must be the same however it was reached."""
    stop = machine.run()
    assert setup.host is not None
    write_saved(result.with_suffix(".state"), save(machine, host=setup.host.manager))
    end = {
        "stop": [stop.kind.name, stop.text],
        "instructions": machine.executed,
        "work": machine.timing.work,
        "console": console.text,
        "page-outs": setup.host.manager.guests[0].statistics.page_outs,
    }
    result.write_text(json.dumps(end))


def main(folder: Path, action: str, *points: str) -> None:
    setup, console = make(folder)
    (machine,) = setup.machines
    assert setup.host is not None
    if action == "save":
        for point in points:
            stop = machine.run(int(point) - machine.executed)
            assert stop.kind is StopKind.BUDGET, stop.text
            write_saved(folder / point, save(machine, host=setup.host.manager))
        finish(machine, setup, console, folder / "end.json")
    else:
        (point,) = points
        restore(read_saved(folder / point), machine, host=setup.host.manager)
        finish(machine, setup, console, folder / f"end-{point}.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
