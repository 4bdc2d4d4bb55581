# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams on QEMU's user mode: a process that reads records and writes outcomes, one by one.

A process has the 64-bit addressing mode, the problem state and all registers; what a stream asks for otherwise is made
so (:meth:`QemuUser.adapted`).  It gets signals, and not interruptions: what is compared is in :mod:`.signals`.
"""

from __future__ import annotations

import select
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from emu.psw import ADDRESSING_MODE, PROBLEM_STATE
from tools.differential.peers import layout
from tools.differential.peers.comparing import NOT_OF_A_PROCESS
from tools.differential.peers.generator import CONTROL_0
from tools.differential.peers.outcome import StreamOutcome
from tools.differential.peers.peer import PeerError
from tools.differential.peers.stream import Stream
from tools.differential.peers.user_driver import UNUSED, user_elf

_BASE: Final = 0x10_0000_0000
"""Where address zero of the process is in that of QEMU, so that it can have a page there."""
_CPU: Final = "max,vxeh=off,vxeh2=off,minste2=off,minste3=off"
_PATIENCE: Final = 2.0
"""Seconds after which a stream that has not ended counts as lost."""


class QemuUser:
    """``qemu-s390x``."""

    has_vectors: Final = True
    has_signals: Final = True
    left_out: Final[tuple[str, ...]] = NOT_OF_A_PROCESS

    def __init__(self, program: str) -> None:
        """Start it.

        :raises PeerError: if it does not start.
        """
        self._program = program
        self._directory = tempfile.TemporaryDirectory(prefix="essa-differ-")
        self._elf = Path(self._directory.name) / "streams"
        self._elf.write_bytes(user_elf())
        self._elf.chmod(0o755)
        self._streams: Sequence[Stream] = ()
        try:
            self._start()
        except PeerError:
            self._directory.cleanup()
            raise

    def adapted(self, stream: Stream) -> Stream:
        """See :meth:`tools.differential.peers.peer.Peer.adapted`."""
        data = {address: value for address, value in stream.data.items() if address & ~0xFFF != layout.PROTECTED}
        mask = stream.mask | ADDRESSING_MODE | PROBLEM_STATE
        return replace(stream, mask=mask, cr0=CONTROL_0, data=data)

    def begin(self, streams: Sequence[Stream]) -> None:
        """See :meth:`tools.differential.peers.peer.Peer.begin`."""
        self._streams = streams
        content = b"".join(each.record(UNUSED) for each in streams)
        # The process writes while it reads: who sent all before reading anything would wait for ever.
        self._sender = threading.Thread(target=self._send, args=(content,), daemon=True)
        self._sender.start()

    def outcomes(self) -> list[StreamOutcome]:
        """See :meth:`tools.differential.peers.peer.Peer.outcomes`."""
        streams, found = self._streams, list[StreamOutcome]()
        while len(found) < len(streams):
            content, lost = self._receive()
            found.append(StreamOutcome(content, lost))
            if lost:
                self._end()
                self._start()
                rest = streams[len(found) :]
                if rest:
                    self.begin(rest)
        self._sender.join()
        return found

    def close(self) -> None:
        """See :meth:`tools.differential.peers.peer.Peer.close`."""
        self._end()
        self._directory.cleanup()

    def _start(self) -> None:
        command = (self._program, "-B", f"{_BASE:#x}", "-cpu", _CPU, str(self._elf))
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                # Ctrl-C and SIGTERM concern this process, which ends the others.
                start_new_session=True,
            )
        except OSError as reason:
            raise PeerError(f"{self._program}: {reason.strerror}") from None

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _send(self, content: bytes) -> None:
        process = self._process
        assert process.stdin is not None
        view = memoryview(content)
        try:
            while view:
                view = view[process.stdin.write(view) :]
        except (OSError, ValueError):
            # It has ended: who waits for outcomes finds that.
            return

    def _receive(self) -> tuple[bytes, str]:
        """The next outcome, or why there is none."""
        assert self._process.stdout is not None
        content = b""
        while len(content) < layout.OUTCOME_BYTES:
            if not select.select([self._process.stdout], [], [], _PATIENCE)[0]:
                return b"", f"it did not end in {_PATIENCE:g} s"
            part = self._process.stdout.read(layout.OUTCOME_BYTES - len(content))
            if not part:
                return b"", f"the emulator ended with status {self._process.wait()}"
            content += part
        return content, ""
