# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams on QEMU's machine: one process, whose storage is a file that both sides have mapped.

Records are written there, a restart interruption begins the batch, and the outcomes are read there.
"""

from __future__ import annotations

import json
import mmap
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from tools.differential.peers import layout
from tools.differential.peers.image import image_elf, outcomes, records
from tools.differential.peers.outcome import StreamOutcome
from tools.differential.peers.peer import PeerError
from tools.differential.peers.stream import Stream

_SIZE: Final = f"{layout.MEMORY >> 20}M"
_TIMER: Final = 20_000 * 4096
"""20 ms that a stream may take."""
_CPU: Final = "max,vxeh=off,vxeh2=off,minste2=off,minste3=off"
"""All that it has, but for facilities that this machine has not."""
_OPTIONS: Final = (
    *("-M", "s390-ccw-virtio,memory-backend=ram", "-m", _SIZE, "-smp", "1", "-cpu", _CPU),
    *("-display", "none", "-serial", "none", "-nodefaults", "-monitor", "none"),
)
_PATIENCE: Final = 2.0
"""Seconds after which a stream that has not ended counts as lost."""
_LOOK: Final = 0.0005
_START: Final = 10.0
"""Seconds until QEMU must have begun."""


class QemuSystem:
    """``qemu-system-s390x``, or another program with its options."""

    has_vectors: Final = True
    has_signals: Final = False
    left_out: Final[tuple[str, ...]] = ()

    def __init__(self, program: str) -> None:
        """Start it.

        :raises PeerError: if it does not start.
        """
        self._program = program
        self._directory = tempfile.TemporaryDirectory(prefix="essa-differ-")
        self._streams: Sequence[Stream] = ()
        try:
            self._start()
        except PeerError:
            self._directory.cleanup()
            raise

    def adapted(self, stream: Stream) -> Stream:
        """See :meth:`tools.differential.peers.peer.Peer.adapted`."""
        return stream

    def begin(self, streams: Sequence[Stream]) -> None:
        """See :meth:`tools.differential.peers.peer.Peer.begin`."""
        self._streams = streams
        for address, content in records(streams, timer=_TIMER, has_vectors=True).items():
            self._storage[address : address + len(content)] = content
        self._command("inject-nmi")

    def outcomes(self) -> list[StreamOutcome]:
        """See :meth:`tools.differential.peers.peer.Peer.outcomes`."""
        streams = self._streams
        lost = self._wait()
        if not lost:
            return outcomes(len(streams), self._read)
        begun = self._number(layout.BEGUN)
        found = outcomes(max(begun - 1, 0), self._read)
        self._end()
        self._start()
        found.append(StreamOutcome(b"", lost))
        rest = streams[len(found) :]
        if rest:
            self.begin(rest)
            found += self.outcomes()
        return found

    def close(self) -> None:
        """See :meth:`tools.differential.peers.peer.Peer.close`."""
        self._end()
        self._directory.cleanup()

    def _start(self) -> None:
        directory = Path(self._directory.name)
        elf, storage, monitor = directory / "image.elf", directory / "storage", directory / "monitor"
        elf.write_bytes(image_elf())
        monitor.unlink(missing_ok=True)
        storage.write_bytes(b"")
        with storage.open("r+b") as file:
            file.truncate(layout.MEMORY)
            self._storage = mmap.mmap(file.fileno(), 0)
        ram = f"memory-backend-file,id=ram,size={_SIZE},mem-path={storage},share=on"
        command = (
            self._program,
            *_OPTIONS,
            "-object",
            ram,
            "-kernel",
            str(elf),
            "-qmp",
            f"unix:{monitor},server=on,wait=off",
        )
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                # Ctrl-C and SIGTERM concern this process, which ends the others.
                start_new_session=True,
            )
        except OSError as reason:
            raise PeerError(f"{self._program}: {reason.strerror}") from None
        self._socket = socket.socket(socket.AF_UNIX)
        self._answers: IO[str] = self._socket.makefile("r", encoding="utf-8")
        # The image begins by itself, and finds no stream.
        end = time.monotonic() + _START
        while not self._number(layout.FINISHED) or not monitor.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                text = self._last_words()
                self._end()
                raise PeerError(f"{self._program}: it did not begin{text}")
            time.sleep(_LOOK)
        self._socket.connect(str(monitor))
        self._answers.readline()
        self._command("qmp_capabilities")

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._answers.close()
        self._socket.close()
        self._storage.close()

    def _wait(self) -> str:
        """Wait for the end of the batch; why it did not come, if it did not."""
        begun, end = -1, 0.0
        while not self._number(layout.FINISHED):
            if self._process.poll() is not None:
                return f"the emulator ended{self._last_words()}"
            now, at = time.monotonic(), self._number(layout.BEGUN)
            if at != begun:
                begun, end = at, now + _PATIENCE
            elif now > end:
                return f"it did not end in {_PATIENCE:g} s"
            time.sleep(_LOOK)
        return ""

    def _last_words(self) -> str:
        """The last line of what the process has said, behind a colon."""
        if self._process.poll() is None or self._process.stderr is None:
            return ""
        lines = self._process.stderr.read().strip().splitlines()
        return f": {lines[-1]}" if lines else f" with status {self._process.returncode}"

    def _command(self, name: str) -> None:
        # A process that has ended is noticed by who waits for the batch.
        with suppress(ConnectionError):
            self._socket.sendall(json.dumps({"execute": name}).encode() + b"\n")
            while (line := self._answers.readline()) and "return" not in json.loads(line):
                pass

    def _read(self, address: int, length: int) -> bytes:
        return self._storage[address : address + length]

    def _number(self, address: int) -> int:
        return int.from_bytes(self._read(address, 8), "big")
