# SPDX-License-Identifier: GPL-2.0-or-later
"""What would be told of how far something is, whenever that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TextIO

import pytest

Told = tuple[Callable[[], str], TextIO | None]


def told_progress(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> list[Told]:
    """What *module* has described from now on, and where that is to be shown."""
    found: list[Told] = []

    @contextmanager
    def progress(describe: Callable[[], str], stream: TextIO | None) -> Iterator[None]:
        found.append((describe, stream))
        yield

    monkeypatch.setattr(module, "progress", progress)
    return found
