# SPDX-License-Identifier: GPL-2.0-or-later
"""An image on an installed QEMU, whose storage is a file that is read when it has ended."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.conform.architecture.case import DEVICES
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.image import CaseImage
from tools.conform.architecture.outcome import CaseOutcome, read_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM: Final = "qemu-system-s390x"
_MEMORY: Final = "16M"
_MACHINE: Final = "s390-ccw-virtio"
_LONGEST_ANSWER: Final = 20
"""Seconds within which a QEMU says what it is."""
_OPTIONS: Final = (
    *("-M", f"{_MACHINE},memory-backend=ram", "-m", _MEMORY, "-smp", "2", "-cpu", "max"),
    *("-display", "none", "-monitor", "none", "-serial", "null", "-no-reboot", "-nodefaults"),
)
_DEVICES: Final = ("-device", "virtio-rng-ccw,devno=fe.0.0000", "-device", "virtio-rng-ccw,devno=fe.0.0001")


def is_installed(program: str = PROGRAM) -> bool:
    """Whether *program* can be found, and is a QEMU that has the machine which the images are for."""
    if shutil.which(program) is None:
        return False
    try:
        said = _said(program, "-machine", "help")
    except (OSError, subprocess.TimeoutExpired):
        return False
    return any(line.startswith(_MACHINE) for line in said)


def version(program: str = PROGRAM) -> str:
    """What *program* says that it is, or its name if it says nothing."""
    try:
        return next(iter(_said(program, "--version")), program)
    except (OSError, subprocess.TimeoutExpired):
        return program


def _said(*command: str) -> list[str]:
    """The lines that *command* writes.

    :raises OSError: if it cannot be run.
    :raises TimeoutExpired: if it does not end.
    """
    return _run(command, _LONGEST_ANSWER).stdout.splitlines()


def _run(command: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
    """*command*, run to its end.

    :raises OSError: if it cannot be run.
    :raises TimeoutExpired: if that takes longer than *timeout* seconds.
    """
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=timeout,
        text=True,
        errors="backslashreplace",
    )


def run_on_qemu(image: CaseImage, *, program: str = PROGRAM, timeout: float = 10) -> CaseOutcome:
    """Run *image* to its end on *program*, or for *timeout* seconds."""
    with tempfile.TemporaryDirectory(prefix="essa-conform-") as directory:
        storage, elf = Path(directory) / "storage", Path(directory) / "image.elf"
        elf.write_bytes(image.elf())
        ram = f"memory-backend-file,id=ram,size={_MEMORY},mem-path={storage},share=on"
        command: tuple[str, ...] = (program, *_OPTIONS, "-object", ram, "-kernel", str(elf))
        if DEVICES in image.case.needs:
            command += _DEVICES
        ending = "it did not end"
        try:
            done = _run(command, timeout)
            if done.returncode:
                lines = done.stderr.strip().splitlines() or [""]
                ending = f"QEMU ended with status {done.returncode}: {lines[-1]}"
        except subprocess.TimeoutExpired:
            ending = f"it did not end in {timeout:g} s"
        if not storage.is_file():
            return CaseOutcome(CaseVerdict.NONE, ending)

        def read(address: int, length: int) -> bytes:
            with storage.open("rb") as file:
                file.seek(address)
                return file.read(length).ljust(length, b"\0")

        return read_outcome(image, read, ending)
