# SPDX-License-Identifier: GPL-2.0-or-later
"""What people, scripts and file managers type where something else was expected."""

from __future__ import annotations

from pathlib import Path

from tests.support.elf import ESSA_PROGRAM, ending_program

_LONG = 5000
"""Characters; more than 4,300 digits are no number for Python."""

NUMBERS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "-0",
        "00",
        "1e3",
        "0x10",
        "0b1",
        "1.5",
        "1,5",
        "1 000",
        "½",
        "٣.",
        "nan",
        "inf",
        "-inf",
        "true",
    ),
    *("None", "+", "--1", "1-", "99999999999999999999", str(1 << 62 | 1), str((1 << 63) - 1), str(1 << 63)),
    *(str((1 << 64) - 1), str(1 << 64), str(-(1 << 63)), "9" * 310, "9" * _LONG),
)
SIZES = (
    "1K",
    "4095",
    "0M",
    "0T",
    "1000K",
    "2T",
    "1025G",
    "99999999T",
    "-1M",
    "1 M",
    "M",
    "1Q",
    "1MM",
    "9" * _LONG + "M",
)
TEXTS = (
    *(
        "é",
        "中文",
        "💥",
        "\udcff",
        "\udc80x",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "\x1b[31m",
        "\x01",
        "\x7f",
        "\ufeff1",
        "\u2028",
    ),
    *(
        "%s%n",
        "{0}",
        "{}",
        "$(id)",
        "`id`",
        "'",
        '"',
        "\\",
        "~",
        "*",
        "?",
        ":",
        ":rw",
        "::",
        "a:b",
        "a:b:c",
        ";",
        "#",
        "=",
    ),
    *(
        "x" * 300,
        "x" * _LONG,
        "[",
        "[[step]]",
        "<a>",
        "--help",
        "-x",
        "LRU",
        "zVM",
        "KVM",
        "on",
        "debian-",
        "kvm unit tests",
    ),
    *("00000000-0000-0000-0000-00000000000", "g" * 32, "0" * 33, "{guest}"),
)
FILES = (
    *(".", "..", "/", "folder", "folder/", "empty", "binary", "deep-lists", "deep-tables", "deep-names", "deep-json"),
    *("step-names", "truncated", "damaged", "missing", "missing/x", "binary/x", "folder:rw", "binary:rw", "missing:rw"),
    *(
        "unreadable",
        "dangling",
        "loop",
        "/dev/full",
        "/dev/zero",
        "/proc/self/mem",
        "missing/x.svg",
        "folder.svg",
        "x.jpg",
    ),
)
RUBBISH = tuple(dict.fromkeys((*NUMBERS, *SIZES, *TEXTS, *FILES)))


def make_rubbish_files(directory: Path) -> None:
    """Put the files of :data:`FILES` into *directory*, from which the command is to be given."""
    for name in ("folder", "folder.svg"):
        (directory / name).mkdir()
    program = ending_program(ESSA_PROGRAM).to_bytes()
    contents = {
        "empty": b"",
        "binary": bytes(range(256)) * 40 + b"x",
        "deep-lists": b"a = " + b"[" * _LONG + b"]" * _LONG,
        "deep-tables": b"step = " + b"{a=" * 200 + b"1" + b"}" * 200,
        "deep-names": b"[a" + b".a" * _LONG + b"]\n",
        "step-names": b"[[step]]\nexpect" + b".a" * _LONG + b" = 1\n",
        "deep-json": b"[" * 100_000,
        "truncated": program[:70],
        "damaged": program[:4] + bytes(range(200)),
    }
    for name, content in contents.items():
        (directory / name).write_bytes(content)
    (directory / "unreadable").symlink_to("/proc/self/mem")
    (directory / "dangling").symlink_to("missing")
    (directory / "loop").symlink_to("loop")
