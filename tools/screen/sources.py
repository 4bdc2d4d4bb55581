# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of source lines, from the files where the compiler, or whoever starts the screen, has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from emu.symbols.symbol import SourceLine

_MOST_BYTES: Final = 16 << 20
"""Of a source file; a larger one is none."""


class SourceTexts:
    """Reads source files, each once."""

    def __init__(self, *directories: Path) -> None:
        """Look for a relative path in each of *directories*, and for every file there by its name alone."""
        self._directories = directories
        self._files: dict[str, list[str]] = {}

    def text(self, line: SourceLine) -> str:
        """What stands in *line*, without its indentation; empty if that is not known."""
        if line.file not in self._files:
            self._files[line.file] = self._read(Path(line.file))
        texts = self._files[line.file]
        return texts[line.line - 1] if 0 < line.line <= len(texts) else ""

    def _read(self, path: Path) -> list[str]:
        places = [directory / path for directory in self._directories]
        for place in (*places, *(directory / path.name for directory in self._directories)):
            try:
                # The file may name anything: what is no regular file is not waited for.
                if place.is_file() and place.stat().st_size <= _MOST_BYTES:
                    return [_shown(text) for text in place.read_text("utf-8", "replace").splitlines()]
            except (OSError, ValueError):
                continue
        return []


def _shown(text: str) -> str:
    """*text* without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else " " for letter in text.expandtabs()).strip()
