# SPDX-License-Identifier: GPL-2.0-or-later
"""What the process of a machine takes beside the pages that its guest has: after a boot of Debian in 256 MB.

``python -m tools.benchmarks.memory`` boots, and prints both as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.addresses import PAGE_SIZE
from emu.page_states import CONTENT_MASK, Content
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.trial_boot import trial_boot
from tools.consoles.console import GuestConsole
from tools.debian.initramfs import PASSED
from tools.machines.setup import set_up
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from emu.machine import Machine

_MEMORY: Final = 256 << 20
_MEGABYTE: Final = 1 << 20
_PATIENCE: Final = 1800
_SHOWN: Final = 300


def resident_bytes() -> int:
    """What this process has in memory (proc(5), status)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


def run_boot(most: int | None = None) -> Machine:
    """Boot, for so many instructions at *most*, and give the machine.

    :raises UsageError: if the kernel has not been fetched.
    :raises NotMeasured: if the guest does not come to its end.
    """
    (machine,) = set_up(trial_boot(_MEMORY)).machines
    console = machine.sclp.console = GuestConsole(is_shown=False)
    stop = machine.run(most)
    if most is None and PASSED not in console.text:
        raise NotMeasured(stop.text)
    return machine


def boot_and_look(most: int | None = None) -> dict[str, int]:
    """Boot, for so many instructions at *most*, and give the bytes of this process and of the guest's resident pages.

    :raises UsageError: if the kernel has not been fetched.
    :raises NotMeasured: if the guest does not come to its end.
    """
    machine = run_boot(most)
    pages = int(np.count_nonzero(machine.states.array & CONTENT_MASK == Content.RESIDENT))
    return {"process": resident_bytes(), "guest": pages * PAGE_SIZE}


def _beside_guest(_: Effort) -> Measured:
    command = [sys.executable, "-m", "tools.benchmarks.memory"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if done.returncode:
        raise NotMeasured(done.stderr.strip()[-_SHOWN:])
    found = json.loads(done.stdout)
    process, guest = (found[name] / _MEGABYTE for name in ("process", "guest"))
    return Measured((process - guest,), f"{process:,.0f} MB, of which {guest:,.0f} MB are the guest's pages")


FIGURES: Final = (
    BenchmarkFigure(
        "process-memory",
        "memory of the process beside the guest's pages, a Linux of 256 MB",
        Unit.MEGABYTES,
        _beside_guest,
        120,
        takes_long=True,
    ),
)


def main() -> int:
    """Print what was found, and give the exit status."""
    try:
        print(json.dumps(boot_and_look()))
    except (NotMeasured, UsageError) as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
