# SPDX-License-Identifier: GPL-2.0-or-later
"""The command at a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from typing import Any

from tests.support.command import ESSA, ROOT

PATIENCE = 60


class AtTerminal:
    """The command, given *arguments*, with a pseudo-terminal, and whoever sits at it."""

    def __init__(self, *arguments: str) -> None:
        self._ours, self._theirs = pty.openpty()
        self.before = self.attributes()
        self.seen = b""
        self.process = subprocess.Popen(
            [*ESSA, *arguments],
            cwd=ROOT,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
        )

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self._theirs)

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def expect(self, text: bytes) -> None:
        """Read until *text* has come."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert select.select([self._ours], [], [], max(0.0, end - time.monotonic()))[0], self.seen
            self.seen += os.read(self._ours, 4096)
        self.seen = self.seen[self.seen.index(text) + len(text) :]

    def end(self) -> int:
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)
