# SPDX-License-Identifier: GPL-2.0-or-later
"""The file of the paging device: what is made, what is used again, and what is left as it is."""

from __future__ import annotations

import os
import random
import socket
import stat
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.paging_device import (
    DeviceFull,
    PagingDevice,
)
from host.paging_file import PagingDeviceError

PAGE = 4096


def page(number: int) -> bytes:
    """A page that differs from every other in most bytes."""
    return random.Random(number).randbytes(PAGE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paging"


@pytest.fixture
def device() -> Iterator[PagingDevice]:
    with PagingDevice(None, 8) as device:
        yield device


def test_the_file_is_a_header_and_then_slots(path: Path) -> None:
    with PagingDevice(path, 8) as device:
        assert path.stat().st_size == PAGE
        for n in range(3):
            device.write(page(n))
        assert path.read_bytes()[PAGE:] == page(0) + page(1) + page(2)


def test_the_file_is_for_its_owner_only(path: Path) -> None:
    with PagingDevice(path, 8):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_an_unnamed_file_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with PagingDevice(None, 8) as device:
        device.write(page(1))
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_an_unnamed_file_needs_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(PagingDeviceError, match=r"no temporary paging file .* No such file"):
        PagingDevice(None, 8)


def test_closing_leaves_the_header_of_a_named_file(path: Path) -> None:
    device = PagingDevice(path, 8)
    header = path.read_bytes()
    device.write(page(1))
    device.close()
    assert path.read_bytes() == header


@pytest.mark.parametrize("named", (True, False))
def test_a_closed_device_can_be_closed_but_not_used(path: Path, tmp_path: Path, named: bool) -> None:
    device = PagingDevice(path if named else None, 8)
    slot = device.write(page(1))
    descriptor = device._file
    device.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    # The number of the descriptor may belong to another file by now, which is nothing to this device.
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    os.dup2(other, descriptor)
    os.write(descriptor, page(2) + page(3))
    device.close()
    assert device.used == 0
    with pytest.raises(ValueError, match="closed"):
        device.write(page(1))
    with pytest.raises(ValueError, match="free"):
        device.read(slot)
    assert os.fstat(descriptor).st_size == 2 * PAGE
    for each in {other, descriptor}:
        os.close(each)


def test_a_device_nobody_holds_gives_its_file_back(path: Path) -> None:
    descriptor = PagingDevice(path, 8)._file
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    PagingDevice(path, 8).close()


def test_a_closed_file_is_used_again_with_all_slots_free(path: Path) -> None:
    with PagingDevice(path, 8) as device:
        device.write(page(1))
    with PagingDevice(path, 2) as device:
        assert device.used == 0
        with pytest.raises(ValueError, match="free"):
            device.read(0)
        assert [device.read(device.write(page(n))) for n in range(2)] == [page(0), page(1)]
        with pytest.raises(DeviceFull):
            device.write(page(3))
    with PagingDevice(path, 20) as device:
        assert len({device.write(page(n)) for n in range(20)}) == 20


@pytest.mark.parametrize("tail", (0, 100))
def test_a_file_whose_run_broke_off_is_used_again(path: Path, tmp_path: Path, tail: int) -> None:
    """The last page may be there in part only."""
    with PagingDevice(path, 8) as device:
        for n in range(4):
            device.write(page(n))
        left = path.read_bytes() + bytes(tail)
    stale = tmp_path / "stale"
    stale.write_bytes(left)
    with PagingDevice(stale, 8) as device:
        assert device.used == 0
        assert stale.stat().st_size == PAGE


def header(path: Path, slots: int = 8) -> bytes:
    """The header that the device makes."""
    PagingDevice(path, slots).close()
    made = path.read_bytes()
    path.unlink()
    return made


def foreign_files(path: Path) -> dict[str, bytes]:
    """Contents that are no paging file, some of them almost."""
    ours = header(path)
    version = ours.index((1).to_bytes(4, "big"))
    return {
        "empty": b"",
        "text": b"my thesis\n" * 2000,
        "a page of zeros": bytes(PAGE),
        "a magic alone": ours.rstrip(b"\0"),
        "a header cut short": ours[:-1],
        "another magic": bytes([ours[0] ^ 0x20]) + ours[1:],
        "another version": ours[: version + 3] + b"\2" + ours[version + 4 :],
        "another number of slots": ours[: version + 11] + b"\x09" + ours[version + 12 :],
        "something behind the fields": ours[:-1] + b"x",
        "more than its slots": ours + bytes(8 * PAGE) + b"x",
    }


@pytest.mark.parametrize(
    ("kind", "message"),
    (
        ("empty", "no header"),
        ("text", "no header"),
        ("a page of zeros", "no header"),
        ("a magic alone", "no header"),
        ("a header cut short", "no header"),
        ("another magic", "no header"),
        ("another version", "version 2, not 1"),
        ("another number of slots", "damaged header"),
        ("something behind the fields", "damaged header"),
        ("more than its slots", "longer than the 8 slots"),
    ),
)
def test_a_file_of_somebody_else_is_left_as_it_is(path: Path, kind: str, message: str) -> None:
    content = foreign_files(path)[kind]
    path.write_bytes(content)
    before = path.stat()
    with pytest.raises(PagingDeviceError, match=message) as refused:
        PagingDevice(path, 8)
    assert str(refused.value).startswith(f"{path}: ")
    assert "expected" in str(refused.value)
    after = path.stat()
    assert path.read_bytes() == content
    assert (after.st_mtime_ns, after.st_mode, after.st_ino) == (before.st_mtime_ns, before.st_mode, before.st_ino)


def test_a_header_that_allows_too_many_slots_is_damaged(path: Path) -> None:
    ours = header(path)
    fields = ours[:44] + (2**31).to_bytes(8, "big")
    path.write_bytes((fields + zlib.crc32(fields).to_bytes(4, "big")).ljust(PAGE, b"\0"))
    with pytest.raises(PagingDeviceError, match="damaged header"):
        PagingDevice(path, 8)


def test_a_full_file_is_not_longer_than_its_slots(path: Path) -> None:
    path.write_bytes(header(path) + bytes(8 * PAGE))
    PagingDevice(path, 8).close()


def test_an_open_file_is_not_opened_again(path: Path) -> None:
    with PagingDevice(path, 8) as device:
        slot = device.write(page(1))
        with pytest.raises(PagingDeviceError, match="paging: in use"):
            PagingDevice(path, 8)
        assert device.read(slot) == page(1)
    PagingDevice(path, 8).close()


def test_a_file_another_process_has_open_is_not_opened(path: Path) -> None:
    path.write_bytes(header(path) + page(1))
    program = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(PagingDeviceError, match="paging: in use"):
            PagingDevice(path, 8)
        assert path.read_bytes()[PAGE:] == page(1)
        other.communicate(b"\n")
    PagingDevice(path, 8).close()


def test_a_directory_is_no_paging_file(tmp_path: Path) -> None:
    with pytest.raises(PagingDeviceError, match=f"{tmp_path}: is a directory, a regular file expected"):
        PagingDevice(tmp_path, 8)


def test_a_symbolic_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    PagingDevice(path, 8).close()
    link = tmp_path / "link"
    for target in (path, tmp_path / "none"):
        link.symlink_to(target)
        with pytest.raises(PagingDeviceError, match="link: is a symbolic link, a regular file expected"):
            PagingDevice(link, 8)
        assert not (tmp_path / "none").exists()
        link.unlink()


def test_a_fifo_is_no_paging_file(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(PagingDeviceError, match="paging: is a FIFO, a regular file expected"):
        PagingDevice(path, 8)


def test_a_device_node_is_no_paging_file() -> None:
    with pytest.raises(PagingDeviceError, match="/dev/null: is a character device, a regular file expected"):
        PagingDevice(Path("/dev/null"), 8)


def test_a_socket_is_no_paging_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # addresses of sockets are short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("paging")
        with pytest.raises(PagingDeviceError, match="paging: is a socket, a regular file expected"):
            PagingDevice(Path("paging"), 8)


def test_a_file_that_becomes_another_while_it_is_opened_is_not_followed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    PagingDevice(target, 8).close()
    path.symlink_to(target)
    monkeypatch.setattr(Path, "lstat", Path.stat)
    with pytest.raises(PagingDeviceError, match="cannot be opened"):
        PagingDevice(path, 8)


def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none" / "paging"
    with pytest.raises(PagingDeviceError, match=f"{path}: .* cannot be made: No such file or directory"):
        PagingDevice(path, 8)
    assert not path.parent.exists()


def test_a_file_is_no_directory(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(PagingDeviceError, match=f"{path}/below: .*: Not a directory"):
        PagingDevice(path / "below", 8)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A directory that everybody can read, and nobody write who is not root; and the test is not root."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ours = directory / "ours"
        PagingDevice(ours, 8).close()
        ours.chmod(0o444)
        directory.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield directory
        os.seteuid(user)
        directory.chmod(0o755)


def test_a_file_that_may_not_be_written_is_no_paging_file(unprivileged: Path) -> None:
    with pytest.raises(
        PagingDeviceError, match=r"ours: .* cannot be opened for reading and writing: Permission denied"
    ):
        PagingDevice(unprivileged / "ours", 8)


def test_a_directory_that_may_not_be_written_gets_no_paging_file(unprivileged: Path) -> None:
    with pytest.raises(PagingDeviceError, match=r"new: .* cannot be made: Permission denied"):
        PagingDevice(unprivileged / "new", 8)
