# SPDX-License-Identifier: GPL-2.0-or-later
"""What was written on a disk is taken back, and made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.devices.disk_image import DiskImage
from emu.devices.disk_journal import DiskJournal
from emu.hypervisor import HostFailure
from emu.state import restore_state, state_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of three sectors of dots."""
    path = tmp_path / "disk"
    path.write_bytes(b"." * 1536)
    return path


def written(path: Path, *letters: str) -> DiskJournal:
    """The journal after each of *letters* was written, in the sectors 0, 1, 0, 1 and so on."""
    journal = DiskJournal(DiskImage(path, is_writable=True))
    for number, letter in enumerate(letters):
        journal.image.write(512 * (number % 2), letter.encode() * 512)
    return journal


def letters(path: Path) -> str:
    return path.read_text(encoding="ascii")[::512]


def test_every_position_can_be_gone_to(path: Path) -> None:
    journal = written(path, *"abcd")
    for position, content in ((4, "cd."), (1, "a.."), (3, "cb."), (0, "..."), (4, "cd."), (2, "ab.")):
        journal.go_to(position)
        assert letters(path) == content
        assert journal.position == position


def test_what_is_written_again_as_it_was_leads_on(path: Path) -> None:
    journal = written(path, *"abc")
    journal.go_to(0)
    journal.image.write(0, b"a" * 512)
    journal.go_to(3)
    assert letters(path) == "cb."
    journal.go_to(0)
    assert letters(path) == "..."


@pytest.mark.parametrize(("offset", "letter"), ((0, "x"), (512, "a")))
def test_what_is_written_otherwise_is_another_future(path: Path, offset: int, letter: str) -> None:
    journal = written(path, *"abc")
    journal.go_to(0)
    journal.image.write(offset, letter.encode() * 512)
    assert journal.size == 512
    journal.go_to(0)
    assert letters(path) == "..."


def test_what_nobody_goes_to_is_not_kept(path: Path) -> None:
    journal = written(path, *"abcd")
    assert journal.size == 2048
    journal.go_to(2)
    journal.forget_before(1)
    journal.forget_before(1)
    journal.forget_later()
    assert journal.size == 512
    journal.go_to(1)
    assert letters(path) == "a.."
    journal.go_to(2)
    assert letters(path) == "ab."
    journal.image.write(1024, b"e" * 512)
    journal.go_to(1)
    assert letters(path) == "a.."


def test_the_position_is_its_state(path: Path) -> None:
    journal = written(path, *"abcd")
    journal.go_to(1)
    saved = state_of(journal)
    journal.go_to(4)
    restore_state(journal, saved)
    assert letters(path) == "a.."


def test_a_file_that_has_become_shorter_is_a_failure_of_the_host(path: Path) -> None:
    journal = written(path, *"ab")
    with path.open("r+b") as file:
        file.truncate(512)
    with pytest.raises(HostFailure, match=f"disk {path}: cannot go back: the image has become shorter"):
        journal.go_to(0)
