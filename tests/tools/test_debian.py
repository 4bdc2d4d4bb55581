# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel: fetching it, and booting it with checks by the guest itself, where the archive can be reached."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import debian
from tools.cli import main
from tools.debian import debian_files, release_of
from tools.errors import UsageError
from tools.initramfs import CHECK_WORD, PASSED

CHECK = f"console=ttyS0 cmma=on loglevel=4 {CHECK_WORD}"


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (["fedora"], "fetch: expected debian, not 'fedora'"),
        (["debian", "--release", "sid"], "--release: expected bookworm or trixie, not 'sid'"),
        (["debian", "--add", "x"], "--add: expected HOST:GUEST, two paths, not 'x'"),
        (["debian", "--add", "/nothing/x:/x"], "--add: /nothing/x: cannot be read: No such file or directory"),
    ),
)
def test_wrong_use(cache: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["fetch", *arguments]) == 2
    assert capsys.readouterr().err == f"essa: {message}\n"


def test_without_the_package_tool(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nothing")
    assert main(["fetch", "debian"]) == 2
    assert "expected the program apt-get" in capsys.readouterr().err


def test_signatures_are_checked_or_nothing_is_fetched(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian.shutil, "which", lambda _: "/usr/bin/true")
    monkeypatch.setattr(debian, "_KEYRING", Path("/nothing/keyring.gpg"))
    assert main(["fetch", "debian"]) == 2
    assert "expected /nothing/keyring.gpg" in capsys.readouterr().err


@pytest.fixture
def fetched(cache: Path) -> Path:
    """The cache directory with Debian 12 in it."""
    try:
        debian.fetch_debian("bookworm")
    except UsageError as reason:
        pytest.skip(f"Debian's archive cannot be had here: {reason}")
    return cache


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "options",
    (
        ["--memory", "128M"],
        ["--memory", "256M", "--cpus", "2", "--host-memory", "32M"],
    ),
)
def test_debian_boots_and_finds_its_files_unchanged(fetched: Path, tmp_path: Path, options: list[str]) -> None:
    record = json.loads(debian_files("bookworm").record.read_text())
    assert set(record["sha256"]) == {"vmlinuz", "initrd"}
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "tools.cli", "run", "debian", "--cmdline", CHECK, "--json", str(report), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert PASSED in done.stdout
    cpus = options[options.index("--cpus") + 1] if "--cpus" in options else "1"
    assert f"CPUs: {cpus}" in done.stdout
    summary = json.loads(report.read_text())
    if "--host-memory" in options:
        assert summary["host"]["total"]["page_outs"] > 100
        assert summary["host"]["total"]["page_ins"] > 10
    counts = {each["name"]: each["count"] for each in summary["essa"]}
    # The kernel declares its free pages unused, and what it allocates stable.
    assert counts["set unused"] > 1000
    assert sum(counts.values()) > 30_000


SHELL = "console=ttyS0 cmma=on loglevel=3"
SECTOR = 512
SESSION = """\
[[step]]
expect = "# "
send = "sha256sum /dev/vda; dd if=/init of=/dev/vda bs=512 seek=3 count=1 conv=notrunc,fsync\\n"
[[step]]
expect = "# "
send = "echo $((6*7)) CPUs: $(nproc); cat > /tmp/x\\n"
[[step]]
expect = "42 CPUs: 2"
send = "typed\\n\\u0004"
[[step]]
expect = "# "
send = "wc -c /tmp/x; exit\\n"
[[step]]
expect = "6 /tmp/x"
"""


@pytest.mark.timeout(900)
def test_a_session_in_the_shell_with_a_disk(fetched: Path, tmp_path: Path) -> None:
    image, script = tmp_path / "image", tmp_path / "session.toml"
    content = hashlib.sha512(b"seed").digest() * (64 * SECTOR // 64)
    image.write_bytes(content)
    script.write_text(SESSION)
    assert "virtio_blk" in json.loads(debian_files("bookworm").record.read_text())["modules"]
    command = [sys.executable, "-m", "tools.cli", "run", "debian", "--cmdline", SHELL, "--cpus", "2"]
    command += ["--disk", f"{image}:rw", "--input", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert hashlib.sha256(content).hexdigest() in done.stdout
    after = image.read_bytes()
    assert after[3 * SECTOR :].startswith(b"#!/bin/busybox sh\n")
    assert (after[: 3 * SECTOR], after[4 * SECTOR :]) == (content[: 3 * SECTOR], content[4 * SECTOR :])


def test_an_archive_that_does_not_answer(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("there is no apt-get here")
    assert main(["fetch", "debian", "--mirror", "http://127.0.0.1:9/debian"]) == 2
    assert "essa: fetch: apt-get update: " in capsys.readouterr().err
    assert not any(cache.rglob("vmlinuz"))
