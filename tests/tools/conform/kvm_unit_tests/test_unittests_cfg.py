# SPDX-License-Identifier: GPL-2.0-or-later
"""``unittests.cfg`` when it is malformed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.suite import build_directory, conform


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("", "unittests.cfg: expected at least one program"),
        ("file = x.elf\n", "unittests.cfg:1: expected '[name]' before the first parameter"),
        ("[a]\nfile = a.elf\n[a]\nfile = a.elf\n", "unittests.cfg:3: expected a name of its own in [a]"),
        ("[a]\nwhat is this\n", "unittests.cfg:2: expected '[name]' or 'parameter = value', not 'what is this'"),
        ("[a]\nsmp = 2\n", "unittests.cfg:1: expected 'file = ...' for [a]"),
        ('[a]\nfile = a.elf\nqemu_params = """-m 1\n', 'unittests.cfg:3: expected """ at the end of qemu_params'),
    ),
)
def test_a_malformed_configuration_is_wrong_use(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    assert conform(build_directory(tmp_path, text)) == 2
    assert message in capfd.readouterr().err
