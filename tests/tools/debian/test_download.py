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

from emu.save_file import read_saved
from emu.snapshot import differences
from tools.command.cli import main
from tools.debian import download
from tools.debian.initramfs import CHECK_WORD, PASSED
from tools.debian.releases import debian_files

CHECK = f"console=ttyS0 cmma=on loglevel=4 {CHECK_WORD}"
UNDER_PRESSURE = """\
[[step]]
expect = "# "
send = "cd /tmp; dd if=/dev/urandom of=f bs=64k count=64 2>/dev/null; sha256sum f > s\\n"
[[step]]
expect = "# "
send = "sha256sum -c -s s /etc/sha256sums && echo before $((6*7))\\n"
[[step]]
expect = "before 42"
send = "(sha256sum -c -s s /etc/sha256sums && echo during $((6*7))) & cat f f f > big; rm big; wait\\n"
[[step]]
expect = "during 42"
send = "cat f f f > big; sha256sum -c -s s /etc/sha256sums && echo after $((6*7)); exit\\n"
[[step]]
expect = "after 42"
"""
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
TREE = """\
[[step]]
expect = "# "
send = "cd /mnt; grep -r 'a needle' . | wc -l; wc -c < /dev/vdb; sha256sum -c -s sums && echo files $((6*7)); exit\\n"
[[step]]
expect = "files 42"
"""


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
    monkeypatch.setattr(download.shutil, "which", lambda _: "/usr/bin/true")
    monkeypatch.setattr(download, "_KEYRING", Path("/nothing/keyring.gpg"))
    assert main(["fetch", "debian"]) == 2
    assert "expected /nothing/keyring.gpg" in capsys.readouterr().err


def start(report: Path, *options: str) -> subprocess.Popen[str]:
    """`essa run debian` with these options."""
    command = [sys.executable, "-m", "tools.command.start", "run", "debian", "--json", str(report), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output_of(guest: subprocess.Popen[str]) -> str:
    """What *guest*, which must pass, writes until its end."""
    output, error = guest.communicate()
    assert guest.returncode == 0, output + error
    return output


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "options",
    (
        pytest.param(["--memory", "128M"], marks=pytest.mark.long, id="128M"),
        pytest.param(["--memory", "8G"], id="8G"),
        pytest.param(["--memory", "256M", "--cpus", "8"], marks=pytest.mark.long, id="8 CPUs"),
        pytest.param(["--memory", "256M", "--cpus", "2", "--host-memory", "32M"], id="2 CPUs on 32M"),
    ),
)
def test_debian_boots_and_finds_its_files_unchanged(fetched: Path, tmp_path: Path, options: list[str]) -> None:
    record = json.loads(debian_files("bookworm").record.read_text())
    assert set(record["sha256"]) == {"vmlinuz", "initrd"}
    report = tmp_path / "report.json"
    output = output_of(start(report, "--cmdline", CHECK, *options))
    assert PASSED in output
    cpus = options[options.index("--cpus") + 1] if "--cpus" in options else "1"
    assert f"CPUs: {cpus}" in output
    summary = json.loads(report.read_text())
    if "--host-memory" in options:
        assert summary["host"]["total"]["page_outs"] > 100
        assert summary["host"]["total"]["page_ins"] > 10
    counts = {each["name"]: each["count"] for each in summary["essa"]}
    # The kernel declares its free pages unused, and what it allocates stable.
    assert counts["set unused"] > 1000
    assert sum(counts.values()) > 30_000


@pytest.mark.timeout(900)
def test_a_panic_is_a_stop_that_nobody_asked_for(fetched: Path, tmp_path: Path) -> None:
    guest = start(tmp_path / "report.json", "--memory", "64M", "--cmdline", "console=ttyS0 loglevel=1 rdinit=/none")
    output, error = guest.communicate()
    assert guest.returncode == 3
    assert "Kernel panic - not syncing" in output
    assert error.startswith("essa: disabled wait at ")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "host_memory", (pytest.param("32M", id="half"), pytest.param("16M", marks=pytest.mark.long, id="quarter"))
)
def test_a_host_that_takes_memory_loses_nothing(fetched: Path, tmp_path: Path, host_memory: str) -> None:
    """Sums before, while and after memory is used, freed and used again; without the hints that costs more paging."""
    script = tmp_path / "session.toml"
    script.write_text(UNDER_PRESSURE)
    reports = {profile: tmp_path / f"{profile}.json" for profile in ("zvm", "off")}
    options = ["--cmdline", SHELL, "--memory", "64M", "--host-memory", host_memory, "--input", str(script)]
    guests = [start(report, *options, "--profile", profile) for profile, report in reports.items()]
    for guest in guests:
        output_of(guest)
    hinted, plain = (json.loads(report.read_text())["host"]["total"] for report in reports.values())
    assert hinted["discards_unused"] > 500
    assert plain["discards_unused"] == 0
    assert hinted["page_outs"] < plain["page_outs"] - 500
    assert hinted["page_ins"] < plain["page_ins"] - 500


@pytest.mark.timeout(900)
def test_a_session_in_the_shell_with_a_disk(fetched: Path, tmp_path: Path) -> None:
    image, script = tmp_path / "image", tmp_path / "session.toml"
    content = hashlib.sha512(b"seed").digest() * (64 * SECTOR // 64)
    image.write_bytes(content)
    script.write_text(SESSION)
    assert "virtio_blk" in json.loads(debian_files("bookworm").record.read_text())["modules"]
    options = ["--cmdline", SHELL, "--cpus", "2", "--disk", f"{image}:rw", "--input", str(script)]
    output = output_of(start(tmp_path / "report.json", *options))
    assert hashlib.sha256(content).hexdigest() in output
    after = image.read_bytes()
    assert after[3 * SECTOR :].startswith(b"#!/bin/busybox sh\n")
    assert (after[: 3 * SECTOR], after[4 * SECTOR :]) == (content[: 3 * SECTOR], content[4 * SECTOR :])


@pytest.mark.timeout(900)
def test_a_tree_on_a_disk_is_searched(fetched: Path, tmp_path: Path) -> None:
    """ext4 on the first of two disks; every third file has a line that is looked for."""
    if shutil.which("mke2fs") is None:
        pytest.skip("there is no mke2fs here")
    tree, image, second = tmp_path / "tree", tmp_path / "image", tmp_path / "second"
    sums = []
    for number in range(300):
        file = tree / f"d{number % 7}" / f"e{number % 3}" / f"file{number}"
        file.parent.mkdir(parents=True, exist_ok=True)
        content = f"{number}\n" * (number * 7) + ("a needle\n" if number % 3 == 0 else "")
        file.write_text(content)
        sums.append(f"{hashlib.sha256(content.encode()).hexdigest()}  {file.relative_to(tree)}\n")
    (tree / "sums").write_text("".join(sums))
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(image), "16M"], check=True)
    second.write_bytes(bytes(3 * SECTOR))
    script = tmp_path / "session.toml"
    script.write_text(TREE)
    options = ["--cmdline", SHELL, "--disk", str(image), "--disk", str(second), "--input", str(script)]
    output = output_of(start(tmp_path / "report.json", *options))
    assert "\n100\n" in output.replace("\r", "")
    assert f"\n{3 * SECTOR}\n" in output.replace("\r", "")


def test_an_archive_that_does_not_answer(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("there is no apt-get here")
    assert main(["fetch", "debian", "--mirror", "http://127.0.0.1:9/debian"]) == 2
    assert "essa: fetch: apt-get update: " in capsys.readouterr().err
    assert not any(cache.rglob("vmlinuz"))


SAVED_SESSION = """\
[[step]]
expect = "# "
send = "sha256sum /dev/vda; dd if=/dev/urandom of=/tmp/x bs=64k count=20; sha256sum /tmp/x; wc -c /tmp/x\\n"
[[step]]
expect = "1310720 /tmp/x"
send = "sha256sum /tmp/x; echo done $((6*7)); exit\\n"
[[step]]
expect = "done 42"
"""
SAVED_AT = ("100000000", "2100000000", "3000000000")
"""Instructions: in the kernel's decompressor, early in the kernel, and in user space, at the shell."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "saved_at", (pytest.param(SAVED_AT[2:], id="shell"), pytest.param(SAVED_AT, marks=pytest.mark.long, id="anywhere"))
)
def test_a_boot_goes_on_in_a_new_process_from_where_it_was_saved(
    fetched: Path, tmp_path: Path, saved_at: tuple[str, ...]
) -> None:
    """With a disk, somebody who types, and a host of half the memory: the same to the last instruction and byte."""
    (tmp_path / "disk").write_bytes(hashlib.sha512(b"seed").digest() * (64 * SECTOR // 64))
    (tmp_path / "session.toml").write_text(SAVED_SESSION)
    boot = [sys.executable, "-m", "tests.support.saved_boot", str(tmp_path)]
    subprocess.run([*boot, "save", *saved_at], check=True)
    end = json.loads((tmp_path / "end.json").read_text())
    assert end["stop"][0] == "ALL_STOPPED"
    assert "done 42" in end["console"]
    assert end["page-outs"] > 100
    for point in saved_at:
        subprocess.run([*boot, "go-on", point], check=True)
        assert json.loads((tmp_path / f"end-{point}.json").read_text()) == end
        state, expected = (read_saved(tmp_path / f"{name}.state") for name in (f"end-{point}", "end"))
        assert differences(state, expected) == []
