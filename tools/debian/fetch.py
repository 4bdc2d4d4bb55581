# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa fetch``: what it shows while it works, and at the end."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from tools.debian.download import fetch_debian, keep_symbols
from tools.debian.releases import NAME
from tools.processes.progress import progress
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.debian.options import FetchOptions


def fetch_and_tell(wanted: FetchOptions) -> None:
    """Fetch what is *wanted*, and print what has come.

    :raises UsageError: if it cannot be had.
    """
    if wanted.what != NAME:
        raise UsageError(f"fetch: expected {NAME}, not {wanted.what!r}")
    doing = [f"fetching {wanted.release} for s390x"]
    with progress(lambda: doing[-1], sys.stderr):
        files = fetch_debian(wanted.release, wanted.add, wanted.mirror)
        doing.append("booting it once, for its symbols; about half a minute")
        keep_symbols(files)
    record = json.loads(files.record.read_text())
    for package, version in record["packages"].items():
        print(f"{package} {version}")
    for name, path in (("vmlinuz", files.kernel), ("initrd", files.ramdisk)):
        print(f"{record['sha256'][name]}  {path}")
    symbols = files.symbols.read_bytes().count(b"\n")
    print(f"{symbols:,} symbols  {files.symbols}")
