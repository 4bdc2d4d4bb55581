# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of images, and what is said of what has not been fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.command.cli import main
from tools.debian.releases import debian_files, release_of
from tools.usage.errors import UsageError


@pytest.mark.parametrize(
    ("image", "release"),
    (("debian", "bookworm"), ("debian-bookworm", "bookworm"), ("debian-trixie", "trixie"), ("debian-sid", None)),
)
def test_names_of_images(image: str, release: str | None) -> None:
    assert release_of(image) == release
    assert release_of("./" + image) is None


def test_what_is_not_there_is_asked_for(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="expected 'essa fetch debian --release trixie' first"):
        debian_files("trixie")
    assert main(["run", "debian"]) == 2
    expected = "debian: not there yet; expected 'essa fetch debian --release bookworm' first"
    assert capsys.readouterr().err == f"essa: {expected}\n"
