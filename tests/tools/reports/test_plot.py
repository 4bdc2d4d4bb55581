# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of the page states over time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.command.cli import main

PRESSURE = str(Path(__file__).parents[3] / "guest_kernel" / "native" / "images" / "pressure.elf")
SAMPLED = (
    "run",
    PRESSURE,
    "--memory",
    "4M",
    "--host-memory",
    "2M",
    "--cmdline",
    "rounds=1",
    "--sample-every",
    "1000000",
)


def test_a_picture_shows_each_guest_and_repeats_to_the_bit(tmp_path: Path) -> None:
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    plan = tmp_path / "plan.toml"
    plan.write_text('[[step]]\nat_work = 2000000\ndo = "sample"\nlabel = "half-way"\n')
    for path in (first, second):
        assert main([*SAMPLED, "--guests", "2", "--plan", str(plan), "--plot", str(path)]) == 0
    picture = first.read_text()
    assert picture == second.read_text()
    for text in ("guest 0", "guest 1", "Vr", "Sp", "Vz", "half-way"):
        assert f"<!-- {text} -->" in picture
    # No page was ever in a state that z/VM does not have.
    assert "<!-- Vp -->" not in picture


@pytest.mark.parametrize("suffix", (".png", ".pdf"))
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    assert main([*SAMPLED, "--plot", str(path)]) == 0
    assert path.read_bytes().startswith({".png": b"\x89PNG", ".pdf": b"%PDF"}[suffix])


@pytest.mark.parametrize(
    ("arguments", "name", "message"),
    (
        (SAMPLED, "picture.doc", "--plot: expected a file name that ends in .svg, .png, .pdf, not "),
        (SAMPLED[:-2], "picture.svg", "--plot: expected --sample-every"),
        (SAMPLED, "nowhere/picture.svg", "cannot be written: No such file or directory"),
    ),
)
def test_wrong_use(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], name: str, message: str
) -> None:
    assert main([*arguments, "--plot", str(tmp_path / name)]) == 2
    captured = capfd.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
