# SPDX-License-Identifier: GPL-2.0-or-later
"""Replacing functions of the translator: a library that is not as it is known is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("change", "text"),
    (
        ("translation._PATTERN = bytes.fromhex('e3023450f004')", "no value called env"),
        ("translation._NAME = 40", "no value called env"),
        ("translation._STATE_BYTES = 16", "keeps its state differently"),
        ("translation._PATTERN = bytes.fromhex('a7190005') + bytes(2)", "did not translate LG"),
    ),
)
def test_another_library_is_refused(change: str, text: str) -> None:
    program = (
        "from emu.engine.quirks import translation\n"
        f"{change}\n"
        "try:\n    translation.places()\n"
        f"except translation.EngineError as refusal:\n    assert {text!r} in str(refusal), refusal\n"
        "else:\n    raise SystemExit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
