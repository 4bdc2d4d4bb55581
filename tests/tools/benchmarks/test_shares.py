# SPDX-License-Identifier: GPL-2.0-or-later
"""Where samples of a process lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.benchmarks.figure import Effort, NotMeasured
from tools.benchmarks.shares import COMPILED, FIGURES, TRANSLATED, code_areas, main, shares

_MAPS = """\
7f00a0000000-7f00e0000000 rwxp 00000000 00:00 0
7f0010000000-7f0010001000 r-xp 00000000 00:00 0
7f0020000000-7f0020001000 rw-p 00000000 00:00 0
7f0030000000-7f0030001000 r-xp 00000000 fe:00 12 /usr/lib/libunicorn.so.2
7ffd0000000-7ffd0001000 r-xp 00000000 00:00 0 [vdso]
"""
_AREAS = [(0x7F0010000000, 0x7F0010001000, COMPILED), (0x7F00A0000000, 0x7F00E0000000, TRANSLATED)]
_SAMPLES = """\
    7f00a0000000 ([anon])
    7f00dfffffff (//anon)
    7f0010000fff ([unknown])
    7f0010001000 (/usr/lib/libpython3.11.so.1.0)
    563400000000 (/usr/bin/python3.11)
    7f0030000000 (/usr/lib/libunicorn.so.2)
    7f0040000000 (/usr/lib/libc.so.6)
ffffffff81000000 ([kernel.kallsyms])
"""


def test_code_of_no_file_is_told_by_whether_it_is_written() -> None:
    assert code_areas(_MAPS) == _AREAS


def test_each_sample_has_its_place() -> None:
    assert shares(_SAMPLES.splitlines(), _AREAS) == {
        TRANSLATED: 2 / 8,
        COMPILED: 1 / 8,
        "the Python interpreter": 2 / 8,
        "libunicorn": 1 / 8,
        "other libraries": 1 / 8,
        "the system": 1 / 8,
    }


def test_without_samples_there_are_no_shares() -> None:
    with pytest.raises(NotMeasured, match="no samples"):
        shares([""], _AREAS)


def test_without_perf_there_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(NotMeasured, match="perf is not installed"):
        FIGURES[0].measure(Effort())


def test_without_a_kernel_nothing_boots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main([str(tmp_path / "areas")]) == 2
    assert "essa fetch debian" in capsys.readouterr().err
