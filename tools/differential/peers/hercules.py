# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams on Hercules: one process, whose commands come through a pipe that it reads as its file of commands.

It loads records from a file, and saves outcomes to one; the disabled wait that ends a batch is a line that it says.
"""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from emu.program import Segment
from tools.differential.peers import layout
from tools.differential.peers.image import DISABLED_WAIT, image_segments, outcomes, records
from tools.differential.peers.outcome import StreamOutcome
from tools.differential.peers.peer import PeerError
from tools.differential.peers.stream import Stream

_CONFIGURATION: Final = f"""ARCHMODE z/Arch
MAINSIZE {layout.MEMORY >> 20}
NUMCPU 1
OSTAILOR QUIET
0009 3215-C / noprompt
"""
_TIMER: Final = 50_000 * 4096
"""50 ms that a stream may take."""
_PATIENCE: Final = 2.0
_PATIENCE_FOR_EACH: Final = 0.005
"""Seconds, and those for each stream, after which a batch that has not ended counts as lost."""
_ENDED: Final = (b"Disabled wait state",)
_SAVED: Final = (b"savecore command complete", b"savecore rejected")
_ANSWER: Final = 2.0
"""Seconds until it must have answered a command."""
_MOST_TRIES: Final = 100
_TRY_EVERY: Final = 0.002
_START: Final = 20.0
"""Seconds until Hercules must have begun."""


class Hercules:
    """``hercules``."""

    has_vectors: Final = False
    has_signals: Final = False
    left_out: Final[tuple[str, ...]] = ("exception access identification", "translation-exception bits")
    # Outside the access-register mode it stores the number of an access register, and it has no facility 75.

    def __init__(self, program: str) -> None:
        """Start it.

        :raises PeerError: if it does not start.
        """
        self._program = program
        self._directory = tempfile.TemporaryDirectory(prefix="essa-differ-")
        self._path = Path(self._directory.name)
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
        content = records(streams, timer=_TIMER, has_vectors=False, wait=DISABLED_WAIT)
        for number, (address, data) in enumerate(content.items()):
            self._load(f"part{number}", Segment(address, data, len(data)))
        self._say("restart")

    def outcomes(self) -> list[StreamOutcome]:
        """See :meth:`tools.differential.peers.peer.Peer.outcomes`."""
        streams = self._streams
        has_ended = self._hear(_ENDED, _PATIENCE + _PATIENCE_FOR_EACH * len(streams))
        if not has_ended:
            self._say("stop")
        begun = int.from_bytes(self._saved(layout.BEGUN, 8), "big")
        if has_ended and begun == len(streams):
            return self._first_outcomes(begun)
        found = self._first_outcomes(max(begun - 1, 0))
        self._end()
        self._start()
        rest = streams[len(found) :]
        if begun or len(rest) == 1:
            found.append(StreamOutcome(b"", "it did not end"))
            parts = [rest[1:]]
        else:
            # Inside an instruction that does not end it cannot be asked.
            parts = [rest[: len(rest) // 2], rest[len(rest) // 2 :]]
        for part in parts:
            if part:
                self.begin(part)
                found += self.outcomes()
        return found

    def _first_outcomes(self, count: int) -> list[StreamOutcome]:
        """What came of the first *count* streams of the batch."""
        if not count:
            return []
        content = self._saved(layout.OUTCOMES, count * layout.OUTCOME_BYTES)
        return outcomes(count, lambda _, length: content[:length])

    def close(self) -> None:
        """See :meth:`tools.differential.peers.peer.Peer.close`."""
        self._end()
        self._directory.cleanup()

    def _start(self) -> None:
        configuration, commands = self._path / "configuration", self._path / "commands"
        configuration.write_text(_CONFIGURATION, encoding="ascii")
        commands.unlink(missing_ok=True)
        os.mkfifo(commands)
        try:
            self._process = subprocess.Popen(
                (self._program, "-d", "-f", str(configuration)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=os.environ | {"HERCULES_RC": str(commands)},
                cwd=self._path,
                bufsize=0,
                # Ctrl-C and SIGTERM concern this process, which ends the others.
                start_new_session=True,
            )
        except OSError as reason:
            raise PeerError(f"{self._program}: {reason.strerror}") from None
        self._heard = b""
        self._commands = self._opened(commands)
        for line in ("archmode z/arch", "sysreset"):
            self._say(line)
        for number, (address, data) in enumerate(image_segments(DISABLED_WAIT)):
            self._load(f"image{number}", Segment(address, data, len(data)))

    def _opened(self, commands: Path) -> IO[bytes]:
        """The pipe, once Hercules reads it.

        :raises PeerError: if it does not.
        """
        end = time.monotonic() + _START
        while self._process.poll() is None and time.monotonic() < end:
            try:
                pipe = os.open(commands, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                # Nobody has opened it for reading yet.
                time.sleep(0.01)
                continue
            os.set_blocking(pipe, True)
            return os.fdopen(pipe, "wb", buffering=0)
        self._process.kill()
        self._process.communicate()
        raise PeerError(f"{self._program}: it did not begin")

    def _end(self) -> None:
        self._commands.close()
        self._process.kill()
        self._process.communicate()

    def _load(self, name: str, segment: Segment) -> None:
        (self._path / name).write_bytes(segment.data)
        self._say(f"loadcore {name} {segment.address:x}")

    def _saved(self, address: int, length: int) -> bytes:
        path = self._path / "saved"
        path.unlink(missing_ok=True)
        for _ in range(_MOST_TRIES):
            self._say(f"savecore saved {address:x} {address + length - 1:x}")
            if not self._hear(_SAVED, _ANSWER):
                break
            if path.is_file():
                return path.read_bytes()
            # The CPU stops a moment after it has said so.
            time.sleep(_TRY_EVERY)
        return b""

    def _say(self, line: str) -> None:
        try:
            self._commands.write(line.encode() + b"\n")
        except OSError:
            # It has ended: who listens finds that.
            return

    def _hear(self, texts: tuple[bytes, ...], patience: float) -> bool:
        """Wait until it has said one of *texts*; whether it has."""
        assert self._process.stdout is not None
        end = time.monotonic() + patience
        while not any(text in self._heard for text in texts):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                return False
            part = self._process.stdout.read(4096)
            if not part:
                return False
            self._heard += part
        first = min(self._heard.find(text) for text in texts if text in self._heard)
        self._heard = self._heard[first + min(map(len, texts)) :]
        return True
